//! The two ports of the simulated store: what is read, and where a read fails.
//! Reads see what is applied, as the port allows.

use procession_engine::model::commit::{Commit, Receipt, Snapshot};
use procession_engine::model::event::RecordedEvent;
use procession_engine::model::id::{Digest, ProcessId, StreamName};
use procession_engine::model::note::Note;
use procession_engine::model::process::{ProcessRow, Timer, TimerKey, Undelivered};
use procession_engine::model::time::Timestamp;
use procession_engine::model::view::Phase;
use procession_engine::ports::log::{Bounds, Log, Placed};
use procession_engine::ports::shelf::{ModuleRecord, Shelf, Tally};
use procession_engine::ports::store::{Direction, Done, EventStore, Scope, StoreError};

use super::SimStore;
use crate::fault::Fault;
use crate::sabotage::Sabotage;

impl SimStore {
    fn look(&self, what: &str) -> Result<(), StoreError> {
        self.disk.fate.crash_in("within a read");
        if self.disk.fate.strikes(Fault::ReadFails) {
            self.disk.judge.excuse_view();
            return Err(StoreError::Io(format!("{what} could not be read")));
        }
        Ok(())
    }
}

impl EventStore for SimStore {
    fn submit(&self, commit: Commit, done: Done) {
        self.take(commit, done);
    }

    fn barrier(&self, done: Done) {
        self.disk.fate.crash_in("at a barrier");
        self.wait_until_durable(done);
    }

    fn process(&self, id: &ProcessId) -> Result<Option<ProcessRow>, StoreError> {
        self.look("a row")?;
        self.applied.process(id)
    }

    fn receipt(&self, id: &ProcessId, key: &str) -> Result<Option<Receipt>, StoreError> {
        self.look("a receipt")?;
        self.applied.receipt(id, key)
    }

    fn read(&self, scope: &Scope, from: u64, direction: Direction, limit: usize) -> Result<Vec<RecordedEvent>, StoreError> {
        self.look("events")?;
        self.applied.read(scope, from, direction, limit)
    }

    fn undelivered(
        &self,
        owner: Option<&ProcessId>,
        after: Option<(ProcessId, u64)>,
        limit: usize,
    ) -> Result<Vec<Undelivered>, StoreError> {
        self.look("undelivered messages")?;
        let mut found = self.applied.undelivered(owner, after, limit)?;
        if self.disk.sabotage == Some(Sabotage::ReadBackward) {
            // Where more pages follow, the last message decides where the next one begins, so it stays the last.
            let last = (found.len() == limit).then(|| found.pop()).flatten();
            found.reverse();
            found.extend(last);
        }
        Ok(found)
    }

    fn timers(&self, until: Timestamp, after: Option<&TimerKey>, limit: usize) -> Result<Vec<Timer>, StoreError> {
        self.look("timers")?;
        self.applied.timers(until, after, limit)
    }

    fn notes(&self, id: &ProcessId) -> Result<Vec<Note>, StoreError> {
        self.look("notes")?;
        self.applied.notes(id)
    }

    fn snapshot(&self, stream: &StreamName) -> Result<Option<Snapshot>, StoreError> {
        self.look("a snapshot")?;
        self.applied.snapshot(stream)
    }

    fn processes(&self, phase: Option<Phase>, after: Option<&ProcessId>, limit: usize) -> Result<Vec<ProcessRow>, StoreError> {
        self.look("rows")?;
        self.applied.processes(phase, after, limit)
    }
}

impl Log for SimStore {
    fn entries(&self, of: Option<&StreamName>, from: u64, direction: Direction, bounds: Bounds) -> Result<Vec<Placed>, StoreError> {
        self.look("entries")?;
        self.applied.entries(of, from, direction, bounds)
    }
}

impl Shelf for SimStore {
    fn modules(&self) -> Result<Vec<ModuleRecord>, StoreError> {
        self.look("modules")?;
        self.disk.shelf.modules()
    }

    fn bytes(&self, module: &Digest) -> Result<Option<Vec<u8>>, StoreError> {
        self.look("a module")?;
        self.disk.shelf.bytes(module)
    }

    /// A put goes through the writer, so everything before it is durable first.
    fn put(&self, record: &ModuleRecord, bytes: Option<&[u8]>) -> Result<(), StoreError> {
        self.disk.fate.crash_in("before a module is kept");
        self.apply(usize::MAX);
        self.sync();
        if let Some(why) = self.desk().closed.clone() {
            return Err(StoreError::Closed(why));
        }
        if self.disk.fate.strikes(Fault::ShelfFails) {
            return Err(StoreError::Io("a module could not be written".to_owned()));
        }
        self.disk.shelf.put(record, bytes)?;
        // The records also stand where commits are checked.
        self.applied.put(record, None)?;
        self.disk.fate.crash_in("after a module is kept");
        Ok(())
    }

    /// As far as this store can tell: a commit that is not applied yet is refused when it is.
    fn remove(&self, record: &ModuleRecord) -> Result<bool, StoreError> {
        self.disk.fate.crash_in("before a module is removed");
        self.apply(usize::MAX);
        self.sync();
        if let Some(why) = self.desk().closed.clone() {
            return Err(StoreError::Closed(why));
        }
        if self.disk.fate.strikes(Fault::ShelfFails) {
            return Err(StoreError::Io("a module could not be removed".to_owned()));
        }
        if self.applied.tallies()?.iter().any(|(module, tally)| *module == record.digest && *tally != Tally::default()) {
            return Ok(false);
        }
        let removed = self.disk.shelf.remove(record)? && self.applied.remove(record)?;
        self.disk.fate.crash_in("after a module is removed");
        Ok(removed)
    }

    fn tallies(&self) -> Result<Vec<(Digest, Tally)>, StoreError> {
        self.look("tallies")?;
        self.applied.tallies()
    }
}
