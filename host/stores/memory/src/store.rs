//! The store in memory: contents behind one lock, and callbacks in the order of the commits.
//! What a commit must find is said in `group`.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use procession_engine::model::commit::{Commit, Receipt, Snapshot};
use procession_engine::model::event::RecordedEvent;
use procession_engine::model::id::{ProcessId, StreamName};
use procession_engine::model::note::Note;
use procession_engine::model::process::{ProcessRow, Timer, TimerKey, Undelivered};
use procession_engine::model::time::Timestamp;
use procession_engine::model::view::Phase;
use procession_engine::ports::log::{Bounds, Log, Placed};
use procession_engine::ports::store::{CommitError, Direction, Done, EventStore, Scope, StoreError};

use crate::group::Contents;

/// An event store in memory. A clone is the same store.
#[derive(Clone, Default)]
pub struct MemoryStore {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    contents: Mutex<Contents>,
    calls: Mutex<Calls>,
}

/// Callbacks that are to be made. Bounded by the callers: each has at most its own in here.
#[derive(Default)]
struct Calls {
    waiting: VecDeque<(Done, Result<(), CommitError>)>,
    /// Whether somebody is making calls; the others leave theirs to him, so that calls keep their order.
    caller_at_work: bool,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The contents stay whole when a holder of the lock panics: nothing between check and apply can.
    pub(crate) fn contents(&self) -> MutexGuard<'_, Contents> {
        self.shared.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn calls(&self) -> MutexGuard<'_, Calls> {
        self.shared.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls back until nothing waits, without a lock: a callback may submit.
    fn call_back(&self) {
        if std::mem::replace(&mut self.calls().caller_at_work, true) {
            return;
        }
        let _off_duty = OffDuty(self);
        while let Some((done, outcome)) = self.next_call() {
            done(outcome);
        }
    }

    /// Stepping down and seeing that nothing waits are one step: a call that comes in between would be nobody's.
    fn next_call(&self) -> Option<(Done, Result<(), CommitError>)> {
        let mut calls = self.calls();
        let next = calls.waiting.pop_front();
        calls.caller_at_work = next.is_some();
        next
    }
}

/// Steps down when a callback panics; otherwise nobody would ever be called again.
struct OffDuty<'a>(&'a MemoryStore);

impl Drop for OffDuty<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.calls().caller_at_work = false;
        }
    }
}

impl EventStore for MemoryStore {
    fn submit(&self, commit: Commit, done: Done) {
        {
            // Both locks, so that calls are made in the order in which commits took effect.
            let mut contents = self.contents();
            let outcome = contents.take(commit);
            self.calls().waiting.push_back((done, outcome));
        }
        self.call_back();
    }

    fn barrier(&self, done: Done) {
        self.calls().waiting.push_back((done, Ok(())));
        self.call_back();
    }

    fn process(&self, id: &ProcessId) -> Result<Option<ProcessRow>, StoreError> {
        Ok(self.contents().rows.get(id).cloned())
    }

    fn receipt(&self, id: &ProcessId, key: &str) -> Result<Option<Receipt>, StoreError> {
        Ok(self.contents().receipts.get(&(id.clone(), key.to_owned())).cloned())
    }

    fn read(&self, scope: &Scope, from: u64, direction: Direction, limit: usize) -> Result<Vec<RecordedEvent>, StoreError> {
        Ok(self.contents().read(scope, from, direction, limit))
    }

    fn undelivered(
        &self,
        owner: Option<&ProcessId>,
        after: Option<(ProcessId, u64)>,
        limit: usize,
    ) -> Result<Vec<Undelivered>, StoreError> {
        Ok(self.contents().undelivered(owner, after, limit))
    }

    fn timers(&self, until: Timestamp, after: Option<&TimerKey>, limit: usize) -> Result<Vec<Timer>, StoreError> {
        Ok(self.contents().timers(until, after, limit))
    }

    fn processes(&self, phase: Option<Phase>, after: Option<&ProcessId>, limit: usize) -> Result<Vec<ProcessRow>, StoreError> {
        Ok(self.contents().processes(phase, after, limit))
    }

    fn notes(&self, id: &ProcessId) -> Result<Vec<Note>, StoreError> {
        Ok(self.contents().notes(id))
    }

    fn snapshot(&self, stream: &StreamName) -> Result<Option<Snapshot>, StoreError> {
        Ok(self.contents().snapshots.get(&(stream.process.clone(), stream.suffix.clone())).cloned())
    }
}

impl Log for MemoryStore {
    fn entries(&self, of: Option<&StreamName>, from: u64, direction: Direction, bounds: Bounds) -> Result<Vec<Placed>, StoreError> {
        self.contents().entries(of, from, direction, bounds)
    }
}
