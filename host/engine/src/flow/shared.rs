//! What all workers share: ports, registry, limits and settings.
//! None of it changes while the engine runs, except through its own locks.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use super::apart::Apart;
use super::flood::Flood;
use super::mailbox::Mailbox;
use super::repeats::Repeats;
use super::rest::Rest;
use super::watchers::Watchers;
use crate::limits::Limits;
use crate::model::id::{Category, Digest, MessageId, ProcessId, StreamName};
use crate::model::json::Json;
use crate::model::process::Undelivered;
use crate::ports::clock::Clock;
use crate::ports::store::{EventStore, StoreError};
use crate::registry::Registry;

/// What all workers share.
pub(crate) struct Shared {
    pub(crate) store: Arc<dyn EventStore>,
    pub(crate) registry: Arc<Registry>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) limits: Limits,
    /// Settings of routers and adapters, by the name of their category.
    pub(crate) settings: HashMap<String, Json>,
    /// Makes seeds of this host different from those of every other one.
    pub(crate) entropy: u64,
    pub(crate) mailboxes: Vec<Mailbox>,
    pub(crate) watchers: Watchers,
    pub(crate) counters: Counters,
    pub(crate) repeats: Repeats,
    pub(crate) flood: Flood,
    pub(crate) rest: Rest,
    pub(crate) apart: Apart,
    /// Commits of all workers that are not durable yet.
    pub(crate) in_flight: AtomicUsize,
}

/// How much the engine has to do at this moment; each number has its bound in the limits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Pieces of work that wait for the workers.
    pub waiting: usize,
    /// Bytes of the requests among them.
    pub waiting_bytes: usize,
    /// Commits that are not durable yet.
    pub commits_in_flight: usize,
    /// Callers that wait for the end of a process.
    pub watchers: usize,
}

/// What happened since the start.
#[derive(Debug, Default)]
pub struct Counters {
    /// Decisions that were accepted.
    pub accepted: AtomicU64,
    /// Triggers that a definition ignored.
    pub ignored: AtomicU64,
    /// Triggers that a definition turned down.
    pub rejected: AtomicU64,
    /// Triggers that a definition put off.
    pub deferred: AtomicU64,
    /// Turns that a guest broke.
    pub guest_errors: AtomicU64,
    /// Decisions that came out differently in a fresh instance.
    pub audit_differences: AtomicU64,
    /// Commits that became durable.
    pub commits: AtomicU64,
    /// Commands that were handed to an adapter, attempts that failed included.
    pub adapter_calls: AtomicU64,
    /// Attempts of adapters that failed.
    pub adapter_failures: AtomicU64,
    /// Messages that became dead letters.
    pub dead_letters: AtomicU64,
    /// Timers, deadlines and delayed messages that came due.
    pub timers_fired: AtomicU64,
    /// Deadlines that passed without an answer.
    pub deadlines_passed: AtomicU64,
    /// Requests that came to the workers, those included that were turned away.
    pub requests: AtomicU64,
    /// Requests that were turned away because too much was waiting.
    pub turned_away: AtomicU64,
    /// Recorded work that was put off because the store failed.
    pub store_outages: AtomicU64,
    /// Times that a definition began to rest because it wasted too much time.
    pub rests: AtomicU64,
    /// Calls that were cut off after a slice, so that their turn was made apart.
    pub cut_off: AtomicU64,
    /// Turns that were made apart.
    pub made_apart: AtomicU64,
}

impl Counters {
    pub(crate) fn count(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

impl Shared {
    /// Index of the worker that owns a process.
    pub(crate) fn owner(&self, process: &ProcessId) -> usize {
        let hash = xxhash_rust::xxh3::xxh3_64(process.as_str().as_bytes());
        usize::try_from(hash % self.mailboxes.len() as u64).unwrap_or(0)
    }

    /// Milliseconds of a clock that nobody sets.
    pub(crate) fn ticks_ms(&self) -> u64 {
        self.clock.ticks_us() / 1_000
    }

    /// For how many milliseconds a module still rests; none where it does not.
    pub(crate) fn rests(&self, module: &Digest) -> Option<u64> {
        self.rest.of(module, self.clock.ticks_us())
    }

    /// For how many milliseconds what is for this module waits before it is looked at again: it rests, is not compiled yet, or its turns are made apart
    /// and too many wait for that.
    pub(crate) fn waits_for(&self, module: &Digest) -> Option<u64> {
        let waits = || !self.registry.is_at_hand(module) || self.has_no_room_apart(module);
        self.rests(module).or_else(|| waits().then_some(self.limits.cold_retry_ms))
    }

    /// Whether all turns of a module are made apart, and too many wait for that.
    pub(crate) fn has_no_room_apart(&self, module: &Digest) -> bool {
        self.is_slow(module) && self.apart.is_full()
    }

    /// Whether all turns of a module are made apart at present.
    pub(crate) fn is_slow(&self, module: &Digest) -> bool {
        self.apart.slow.holds(module, self.clock.ticks_us())
    }

    /// A call of this module took longer than a slice.
    pub(crate) fn cut_off(&self, module: &Digest, definition: &dyn std::fmt::Display) {
        Counters::count(&self.counters.cut_off);
        if self.apart.slow.cut_off(module, self.clock.ticks_us()) {
            self.tell_slow(module, definition, "its calls are cut off too often");
        }
    }

    /// A turn of this module came to nothing although it had all the time that it may use, or has to be made apart as a whole.
    pub(crate) fn is_too_slow(&self, module: &Digest, definition: &dyn std::fmt::Display) {
        if self.apart.slow.is_too_slow(module, self.clock.ticks_us()) {
            self.tell_slow(module, definition, "a call of it takes too long");
        }
    }

    fn tell_slow(&self, module: &Digest, definition: &dyn std::fmt::Display, why: &str) {
        let apart_ms = self.limits.apart_ms;
        tracing::warn!(%definition, module = module.short(), apart_ms, "{why}: for a while its turns are made apart, where nobody else waits for them");
    }

    /// A call of this module that began then came to nothing.
    pub(crate) fn wasted(&self, module: &Digest, definition: &dyn std::fmt::Display, started_us: u64) {
        let now_us = self.clock.ticks_us();
        if self.rest.wasted(module, now_us.saturating_sub(started_us), now_us) {
            Counters::count(&self.counters.rests);
            let wasted_ms_max = self.limits.wasted_ms_max;
            tracing::error!(%definition, module = module.short(), wasted_ms_max, "a definition wastes too much time in calls that come to nothing; it rests for a while");
        }
    }

    /// How much there is to do at this moment.
    pub(crate) fn load(&self) -> Load {
        let start = Load { commits_in_flight: self.in_flight.load(Ordering::Relaxed), watchers: self.watchers.count(), ..Load::default() };
        self.mailboxes.iter().map(Mailbox::depth).fold(start, |load, (waiting, bytes)| Load {
            waiting: load.waiting + waiting,
            waiting_bytes: load.waiting_bytes + bytes,
            ..load
        })
    }

    /// The settings of a router or adapter; an empty object where there are none.
    pub(crate) fn settings(&self, category: &Category) -> Json {
        let empty = || Json::parse("{}").unwrap_or_else(|_| Json::null());
        self.settings.get(category.name()).cloned().unwrap_or_else(empty)
    }

    /// A seed for what a router or an adapter does with a message.
    pub(crate) fn seed_of(&self, message: &MessageId) -> u64 {
        xxhash_rust::xxh3::xxh3_64_with_seed(message.as_str().as_bytes(), self.entropy)
    }

    /// One undelivered message of a process.
    pub(crate) fn undelivered(&self, process: &ProcessId, seq: u64) -> Result<Option<Undelivered>, StoreError> {
        let before = (process.clone(), seq.saturating_sub(1));
        let found = self.store.undelivered(Some(process), Some(before), 1)?;
        Ok(found.into_iter().find(|one| one.seq == seq))
    }

    /// Everything that a process keeps undelivered, in order.
    pub(crate) fn all_undelivered(&self, process: &ProcessId) -> Result<Vec<Undelivered>, StoreError> {
        let mut all: Vec<Undelivered> = Vec::new();
        loop {
            let after = all.last().map(|one| (one.owner.clone(), one.seq));
            let page = self.store.undelivered(Some(process), after, self.limits.page)?;
            let last = page.len() < self.limits.page;
            all.extend(page);
            if last {
                return Ok(all);
            }
        }
    }

    /// How long to wait after so many failed attempts at a message: twice as long each time, up to a bound, and spread over the upper half
    /// of that span, so that what failed together does not come back together.
    pub(crate) fn retry_after_ms(&self, message: &MessageId, attempts: u32) -> u64 {
        let doubled = 1_u64.checked_shl(attempts.saturating_sub(1)).unwrap_or(u64::MAX);
        let span = self.limits.retry_first_ms.saturating_mul(doubled).min(self.limits.retry_longest_ms);
        let spread = xxhash_rust::xxh3::xxh3_64_with_seed(message.as_str().as_bytes(), self.entropy ^ u64::from(attempts));
        span - spread % (span / 2 + 1)
    }

    /// A seed for the decision on `cause` at this place of a stream; recorded, and the same if the decision is made again.
    pub(crate) fn seed(&self, stream: &StreamName, version: u64, cause: &MessageId) -> u64 {
        xxhash_rust::xxh3::xxh3_64_with_seed(format!("{stream}\u{0}{version}\u{0}{cause}").as_bytes(), self.entropy)
    }
}
