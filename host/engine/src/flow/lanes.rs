//! Processes in memory: one lane each, with its row, its warm definitions and its commits that are not durable yet.
//! A lane is only a cache; whatever is here can be read and folded again.

use std::collections::VecDeque;
use std::num::NonZeroUsize;

use lru::LruCache;

use super::apart::{Called, MadeTurn, Routed};
use super::history::History;
use super::inbox::Work;
use super::worker::InFlight;
use crate::model::event::{RecordedEvent, StreamEvent};
use crate::model::id::{Digest, ProcessId, StreamName, Suffix};
use crate::model::process::{ProcessRow, Undelivered};
use crate::model::time::Timestamp;
use crate::ports::clock::Clock;
use crate::ports::definition::Decider;
use crate::ports::store::{EventStore, StoreError};

/// One process in memory.
pub(super) struct Lane {
    /// The row as the last submitted commit left it.
    pub(super) row: ProcessRow,
    /// Folded states, by stream.
    pub(super) warm: Vec<Warm>,
    /// Submitted and not durable, oldest first.
    pub(super) in_flight: VecDeque<InFlight>,
    /// Grows when a commit fails: commits of an older generation build on something that did not happen.
    pub(super) generation: u64,
    /// Set when the row does not say what the store says; it is read again before it is used.
    pub(super) stale: bool,
    /// Set from a retry, or the end of a rest, on until what was kept is on its way: whatever comes anew waits behind it.
    pub(super) reviving: Option<Reviving>,
    /// What is being made apart for it, by its number: nothing else of it goes on until that is back.
    pub(super) apart: Option<u64>,
    /// The turn that was made apart, for the chain that wants it.
    pub(super) made: Option<Box<MadeTurn>>,
    /// What a router said apart of the request that is looked at.
    pub(super) routed: Option<Box<Routed>>,
    /// What an adapter answered apart to the command that is delivered.
    pub(super) called: Option<Box<Called>>,
    /// What the folded states weighed when the lane was put back.
    weight: Weight,
    /// What came while this lane was not in order, in the order in which it came. It waits here and not in the worker's backlog, so that nobody else waits.
    pub(super) waiting: VecDeque<Work>,
    /// About how much the recorded messages among it hold, in bytes.
    pub(super) waiting_bytes: usize,
    /// How many of those, from the first on, are done once more because their commits failed: they came before the others, whenever that was heard.
    pub(super) redone: usize,
}

/// A process that is taken up again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reviving {
    /// The first number that was not kept by then.
    first_new: u64,
    /// Whether what it has kept is still to come, in order. What comes on other ways until then comes once more, in its place.
    is_to_come: bool,
}

/// The folded state of one stream.
pub(super) struct Warm {
    pub(super) suffix: Suffix,
    pub(super) module: Digest,
    pub(super) decider: Box<dyn Decider>,
}

impl Lane {
    fn cold(row: ProcessRow) -> Self {
        Self {
            row,
            warm: Vec::new(),
            in_flight: VecDeque::new(),
            generation: 0,
            stale: false,
            reviving: None,
            apart: None,
            made: None,
            routed: None,
            called: None,
            weight: Weight::default(),
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            redone: 0,
        }
    }

    /// Takes the folded state of a stream out; whoever took it puts it back only if it is still right.
    pub(super) fn take_warm(&mut self, suffix: &Suffix, module: &Digest) -> Option<Box<dyn Decider>> {
        let at = self.warm.iter().position(|warm| warm.suffix == *suffix)?;
        let warm = self.warm.swap_remove(at);
        (warm.module == *module).then_some(warm.decider)
    }

    /// Whether the state of a stream is folded.
    pub(super) fn is_warm(&self, suffix: &Suffix) -> bool {
        self.warm.iter().any(|warm| warm.suffix == *suffix)
    }

    /// What the state of a stream is folded from, with what is staged on top of it.
    pub(super) fn history(&self, stream: &StreamName, staged: Vec<StreamEvent>, snapshot_every: u64) -> History {
        let head = self.row.stream(&stream.suffix);
        let is_long = snapshot_every > 0 && head.is_some_and(|head| head.version >= snapshot_every);
        let of_now = self.in_flight.iter().filter(|commit| commit.generation == self.generation);
        let entries = of_now.filter_map(|commit| commit.entry.as_ref());
        let submitted = entries.flat_map(|entry| entry.events(0)).filter(|event| event.stream == *stream);
        let submitted = submitted.map(RecordedEvent::into_stream_event).collect();
        History { stream: stream.clone(), has_begun: head.is_some(), is_long, submitted, staged }
    }

    /// When what is done now came: what is done once more, since something was made apart for it, is the same as the first time.
    pub(super) fn time(&self, clock: &dyn Clock) -> Timestamp {
        let made = self.made.as_ref().map(|made| made.input.time);
        made.or_else(|| self.routed.as_ref().map(|routed| routed.time)).unwrap_or_else(|| clock.now())
    }

    /// Work has come to its end, and with it what was made apart for it.
    pub(super) fn forget_made(&mut self) {
        (self.made, self.routed, self.called) = (None, None, None);
    }

    /// Whether commits are out that are sure to fail, because they build on one that did: what comes now must not overtake their redo.
    pub(super) fn awaits_failures(&self) -> bool {
        self.in_flight.iter().any(|commit| commit.generation != self.generation)
    }

    /// Whether a message was kept when the process was taken up: it goes before everything that has come since, also from the process itself.
    pub(super) fn is_revived_by(&self, kept: &Undelivered) -> bool {
        kept.owner == self.row.id && self.reviving.is_some_and(|reviving| kept.seq < reviving.first_new)
    }

    /// Whether a kept message is on a way that is not its own: it comes once more with all that is taken up, in its place.
    pub(super) fn will_be_revived_by(&self, kept: &Undelivered) -> bool {
        self.is_revived_by(kept) && self.reviving.is_some_and(|reviving| reviving.is_to_come)
    }

    /// Takes it up again: what it has kept goes before all that comes from now on.
    pub(super) fn revive(&mut self) {
        self.reviving = Some(Reviving { first_new: self.row.next_seq, is_to_come: true });
    }

    /// What it has kept comes now.
    pub(super) fn comes(&mut self) {
        if let Some(reviving) = &mut self.reviving {
            reviving.is_to_come = false;
        }
    }

    /// Whether nothing of it is under way: all that it has kept is in the store.
    pub(super) fn is_quiet(&self) -> bool {
        self.in_flight.is_empty() && !self.is_held()
    }

    /// Whether what comes now has to wait its turn.
    pub(super) fn is_held(&self) -> bool {
        self.reviving.is_some() || self.apart.is_some() || self.awaits_failures() || !self.waiting.is_empty()
    }

    /// Whether nothing of it may go on at present, not even what it has kept.
    pub(super) fn is_closed(&self) -> bool {
        self.apart.is_some() || self.awaits_failures()
    }

    /// Forgets what builds on a commit that did not happen.
    pub(super) fn reset(&mut self) {
        self.warm.clear();
        (self.apart, self.made) = (None, None);
        self.generation += 1;
        self.stale = true;
    }
}

/// How much folded states take: each holds an instance, and each instance its memory.
#[derive(Clone, Copy, Default)]
pub(super) struct Weight {
    pub(super) states: usize,
    pub(super) bytes: usize,
}

impl Weight {
    fn of(lane: &Lane) -> Self {
        Self { states: lane.warm.len(), bytes: lane.warm.iter().map(|warm| warm.decider.memory_bytes()).sum() }
    }

    fn add(&mut self, other: Self) {
        (self.states, self.bytes) = (self.states + other.states, self.bytes + other.bytes);
    }

    fn take(&mut self, other: Self) {
        (self.states, self.bytes) = (self.states.saturating_sub(other.states), self.bytes.saturating_sub(other.bytes));
    }

    fn exceeds(self, most: Self) -> bool {
        self.states > most.states || self.bytes > most.bytes
    }
}

/// The processes of one worker that are in memory.
pub(super) struct Lanes {
    max: NonZeroUsize,
    /// The most that all folded states may weigh, and what they weigh.
    weight_max: Weight,
    weight: Weight,
    lanes: LruCache<ProcessId, Lane>,
}

impl Lanes {
    pub(super) fn new(max: usize, weight_max: Weight) -> Self {
        let max = NonZeroUsize::new(max).unwrap_or(NonZeroUsize::MIN);
        Self { max, weight_max, weight: Weight::default(), lanes: LruCache::unbounded() }
    }

    /// Takes a lane out, loaded if it is not in memory; it must be put back.
    pub(super) fn take(&mut self, process: &ProcessId, store: &dyn EventStore) -> Result<Lane, StoreError> {
        let row = || store.process(process).map(|row| row.unwrap_or_else(|| ProcessRow::unknown(process.clone())));
        let lane = self.lanes.pop(process);
        self.weight.take(lane.as_ref().map(|lane| lane.weight).unwrap_or_default());
        match lane {
            None => Ok(Lane::cold(row()?)),
            Some(mut lane) if lane.stale => {
                match row() {
                    Ok(row) => (lane.row, lane.stale) = (row, false),
                    Err(error) => {
                        self.weight.add(lane.weight);
                        self.lanes.push(process.clone(), lane);
                        return Err(error);
                    }
                }
                Ok(lane)
            }
            Some(lane) => Ok(lane),
        }
    }

    /// A lane that is in memory, without using it.
    pub(super) fn peek(&self, process: &ProcessId) -> Option<&Lane> {
        self.lanes.peek(process)
    }

    /// A lane that is in memory.
    pub(super) fn get(&mut self, process: &ProcessId) -> Option<&mut Lane> {
        self.lanes.get_mut(process)
    }

    /// Puts a lane back and lets go of those that were used longest ago: of their folded states where these weigh too much,
    /// of the lanes where there are too many.
    ///
    /// Invariant: a lane with a commit in flight stays, since the store may not show that commit yet.
    pub(super) fn put(&mut self, mut lane: Lane) {
        lane.weight = Weight::of(&lane);
        self.weight.add(lane.weight);
        self.lanes.push(lane.row.id.clone(), lane);
        self.cool();
        let mut spared = Vec::new();
        while self.lanes.len() + spared.len() > self.max.get() {
            match self.lanes.pop_lru() {
                Some((process, lane)) if !lane.in_flight.is_empty() || lane.is_held() => spared.push((process, lane)),
                Some((_, lane)) => self.weight.take(lane.weight),
                None => break,
            }
        }
        for (process, lane) in spared {
            self.lanes.push(process, lane);
        }
    }

    /// Drops folded states until the rest may stay. They can be dropped at any time, also under a commit in flight: it holds its own events.
    fn cool(&mut self) {
        if !self.weight.exceeds(self.weight_max) {
            return;
        }
        for (_, lane) in self.lanes.iter_mut().rev() {
            lane.warm.clear();
            self.weight.take(std::mem::take(&mut lane.weight));
            if !self.weight.exceeds(self.weight_max) {
                return;
            }
        }
    }
}
