//! The judge: its own model of what was promised, and what breaks a promise.
//! It sees every commit that becomes durable, every call of a guest and every answer to a caller; it never tells the engine anything.

mod acknowledged;
mod commit;
mod decisions;
mod deliveries;
mod known;
mod rest;
mod timers;
mod triggers;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use procession_engine::model::commit::Receipt;
use procession_engine::model::id::{Digest, MessageId, ProcessId};
use procession_engine::model::manifest::Manifest;
use procession_engine::model::note::Note;
use procession_engine::model::process::{DeliveryState, ProcessRow, Timer, TimerKey, Undelivered};

use crate::clock::SimClock;
use crate::definitions::{Module, Part, Rules};
use acknowledged::Acknowledged;
use known::Known;

/// What must always hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Invariant {
    /// What was acknowledged can be read for ever.
    AcknowledgedIsReadable,
    /// Nothing leaves the host before all that it rests on is durable.
    NothingLeavesEarly,
    /// Versions are dense and have no twins; positions are dense.
    VersionsAreDense,
    /// A message takes effect at most once per stream.
    EffectsHappenOnce,
    /// What was recorded as sent is delivered at least once.
    SentIsDelivered,
    /// First deliveries follow the order of their stream.
    DeliveriesKeepOrder,
    /// The fold equals the cache equals the view.
    FoldIsView,
    /// Deciding again gives the same bytes.
    DecidingAgainIsTheSame,
    /// Timers are never early, have one effect each, and none when cleared.
    TimersAreKept,
    /// After the faults stop, every process reaches an end or is visibly waiting for somebody.
    NothingIsSilent,
    /// Every caller hears something.
    CallersAreAnswered,
    /// The engine does not panic.
    TheEngineStands,
}

/// A promise that was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which one.
    pub invariant: Invariant,
    /// What was seen.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:?}: {}", self.invariant, self.what)
    }
}

/// The judge of one run.
pub struct Judge {
    clock: Arc<SimClock>,
    rules: BTreeMap<Digest, (Rules, Arc<Manifest>)>,
    seen: Mutex<Seen>,
    /// A blind judge watches a store that is tried with commits of nobody's.
    is_blind: bool,
}

/// What the judge has seen.
#[derive(Default)]
struct Seen {
    violation: Option<Violation>,
    /// By name.
    streams: BTreeMap<String, Known>,
    rows: BTreeMap<ProcessId, ProcessRow>,
    receipts: BTreeMap<(ProcessId, String), Receipt>,
    undelivered: BTreeMap<(ProcessId, u64), Undelivered>,
    timers: BTreeMap<TimerKey, Timer>,
    notes: BTreeMap<ProcessId, Vec<Note>>,
    /// Events that are durable.
    events: u64,
    /// Every message of which something is durable.
    messages: BTreeSet<MessageId>,
    /// Messages that a guest was asked about, and the last version of the stream that it knew then.
    asked: BTreeMap<MessageId, (String, u64)>,
    /// Messages that an adapter was called with.
    called: BTreeSet<MessageId>,
    /// The last command of each stream that was delivered for the first time, by stream and receiver.
    delivered_last: BTreeMap<(String, String), (u64, u64)>,
    /// Requests that were refused: nothing of them may ever be seen.
    refused: BTreeSet<MessageId>,
    acknowledged: Vec<Acknowledged>,
    /// Where a guest decided by chance: stream and version before.
    strange: BTreeSet<(String, u64)>,
    /// Whether a view could not be taken since the last commit.
    view_is_excused: bool,
    /// What a guest would have shown where it broke while it looked: what is made apart is recorded later.
    unseen: BTreeSet<u64>,
}

impl Judge {
    /// The judge of a run with these modules.
    #[must_use]
    pub fn new(clock: Arc<SimClock>, modules: &[Module]) -> Self {
        let rules = modules.iter().filter_map(|module| match module.part {
            Part::Rules(rules) => Some((module.digest(), (rules, Arc::clone(&module.manifest)))),
            Part::Outside | Part::Router(_) => None,
        });
        Self { clock, rules: rules.collect(), seen: Mutex::default(), is_blind: false }
    }

    /// A judge that sees nothing.
    #[must_use]
    pub fn blind(clock: Arc<SimClock>) -> Self {
        Self { clock, rules: BTreeMap::new(), seen: Mutex::default(), is_blind: true }
    }

    /// The first promise that was broken.
    #[must_use]
    pub fn violation(&self) -> Option<Violation> {
        self.seen().violation.clone()
    }

    /// Says that a promise is broken.
    pub fn finds(&self, invariant: Invariant, what: String) {
        self.seen().finds(invariant, what);
    }

    /// The store itself is not what it should be.
    pub fn store_is_odd(&self, what: &str) {
        if !self.is_blind {
            self.finds(Invariant::AcknowledgedIsReadable, what.to_owned());
        }
    }

    /// A guest or a read broke: the next commit may keep an old view.
    pub fn excuse_view(&self) {
        self.seen().view_is_excused = true;
    }

    /// A guest broke while it looked at the story with this digest.
    pub fn is_unseen(&self, story: u64) {
        self.seen().unseen.insert(story);
    }

    /// Whether something broke since the last commit.
    #[must_use]
    pub fn view_was_excused(&self) -> bool {
        std::mem::take(&mut self.seen().view_is_excused)
    }

    /// Processes that are parked, as far as is durable.
    #[must_use]
    pub fn parked(&self) -> Vec<ProcessId> {
        self.seen().rows.values().filter(|row| row.parked.is_some()).map(|row| row.id.clone()).collect()
    }

    /// Letters that an operator can replay, edit or drop: owner and number.
    #[must_use]
    pub fn dead_letters(&self) -> Vec<(ProcessId, u64)> {
        let seen = self.seen();
        let dead = seen.undelivered.values().filter(|one| one.state == DeliveryState::Dead);
        dead.map(|one| (one.owner.clone(), one.seq)).collect()
    }

    /// The host is gone: what it asked of guests and did not record never happened.
    pub fn host_is_gone(&self) {
        let seen = &mut *self.seen();
        let Seen { asked, streams, .. } = seen;
        asked.retain(|id, _| {
            let Some((stream, rest)) = id.as_str().split_once('/') else { return true };
            let version: u64 = rest.split('/').next().and_then(|version| version.parse().ok()).unwrap_or(0);
            streams.get(stream).map_or(0, |known| known.version) >= version
        });
    }

    /// Every process of which something is durable.
    #[must_use]
    pub fn processes(&self) -> Vec<ProcessId> {
        self.seen().rows.keys().cloned().collect()
    }

    /// A crash never unwinds while this lock is held, so a poisoned one is whole.
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seen {
    /// Only the first one counts: what comes later may follow from it.
    fn finds(&mut self, invariant: Invariant, what: String) {
        self.violation.get_or_insert(Violation { invariant, what });
    }
}
