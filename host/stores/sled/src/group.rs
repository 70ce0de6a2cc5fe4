//! A group: commits that become durable together. Here is decided which of them are in order, and what they change.
//! When a group ends and who hears of it is the `writer`'s matter.

use std::collections::HashSet;

use procession_engine::model::commit::{Commit, Entry};
use procession_engine::model::id::Suffix;
use procession_engine::model::process::ProcessRow;
use procession_engine::ports::shelf::ModuleRecord;
use procession_engine::ports::store::{CommitError, StoreError};
use serde::{Deserialize, Serialize};

use crate::batch::Batch;
use crate::codec::Pieces;
use crate::disk::Disk;
use crate::keys::{self, WAYMARK_EVERY};
use crate::ledger::Ledger;
use crate::overlay::{Changes, Overlay};
use crate::shelf::KeptModule;

/// Which versions of a stream an entry holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Run {
    pub(crate) suffix: Suffix,
    pub(crate) first_version: u64,
    pub(crate) count: u64,
}

/// Commits that become durable together.
pub(crate) struct Group<'a> {
    overlay: Overlay<'a>,
    ledger: &'a mut Ledger,
}

impl<'a> Group<'a> {
    pub(crate) fn begin(disk: &'a Disk, ledger: &'a mut Ledger) -> Self {
        Self { overlay: Overlay::over(disk), ledger }
    }

    pub(crate) fn changed_bytes(&self) -> usize {
        self.overlay.changed_bytes()
    }

    /// Takes a commit, or refuses it and changes nothing.
    pub(crate) fn take(&mut self, commit: &Commit) -> Result<(), CommitError> {
        let before = self.check(commit)?;
        let mut changes = Changes::default();
        self.waiting(commit, &mut changes)?;
        self.row(commit, &before, &mut changes)?;
        let mut events = 0;
        if let Some(entry) = &commit.entry {
            events = entry.event_count();
            record(entry, self.ledger.last.position + 1, &mut changes)?;
        }
        if let Some(receipt) = &commit.receipt {
            changes.put_first(&keys::receipt(&commit.row.id, &receipt.key), receipt)?;
        }
        for note in &commit.notes {
            self.overlay.put(&mut changes, &keys::note(&commit.row.id, note.slot()), note)?;
        }
        for snapshot in &commit.snapshots {
            self.overlay.put(&mut changes, &keys::snapshot(&commit.row.id, &snapshot.suffix), snapshot)?;
        }
        // Nothing below can fail.
        self.overlay.make(changes);
        self.ledger.last.position += events;
        self.ledger.count(&before, &commit.row);
        Ok(())
    }

    /// The row that the commit builds on.
    fn check(&mut self, commit: &Commit) -> Result<ProcessRow, CommitError> {
        let process = &commit.row.id;
        let before = self.overlay.load(&keys::row(process))?.unwrap_or_else(|| ProcessRow::unknown(process.clone()));
        let expected = commit.row.revision.saturating_sub(1);
        if before.revision != expected || commit.row.revision == 0 {
            return Err(CommitError::Stale { process: process.clone(), expected, found: before.revision });
        }
        if let Some(receipt) = &commit.receipt
            && self.overlay.contains(&keys::receipt(process, &receipt.key))?
        {
            return Err(CommitError::Taken { process: process.clone(), key: receipt.key.clone() });
        }
        let mut seen = HashSet::new();
        for (owner, seq) in &commit.delivered {
            let key = keys::undelivered(owner, *seq);
            if !self.overlay.contains(&key)? || !seen.insert(key) {
                return Err(CommitError::Gone { process: owner.clone(), seq: *seq });
            }
        }
        for timer in &commit.timers_cleared {
            let key = keys::timer(timer);
            if !self.overlay.contains(&key)? || !seen.insert(key) {
                return Err(CommitError::Gone { process: timer.process.clone(), seq: timer.seq });
            }
        }
        if let Some(module) = commit.row.newly_on(&before).find(|module| self.ledger.is_removed(module)) {
            return Err(CommitError::Removed { module: *module });
        }
        commit.continues(&before).map_err(StoreError::Damaged)?;
        Ok(before)
    }

    fn waiting(&mut self, commit: &Commit, changes: &mut Changes) -> Result<(), StoreError> {
        for (owner, seq) in &commit.delivered {
            self.overlay.remove(changes, &keys::undelivered(owner, *seq))?;
        }
        for message in &commit.undelivered {
            self.overlay.put(changes, &keys::undelivered(&message.owner, message.seq), message)?;
        }
        for timer in &commit.timers_cleared {
            self.overlay.remove(changes, &keys::timer(timer))?;
        }
        for timer in &commit.timers_set {
            self.overlay.put(changes, &keys::timer(&timer.key), timer)?;
        }
        Ok(())
    }

    fn row(&mut self, commit: &Commit, before: &ProcessRow, changes: &mut Changes) -> Result<(), StoreError> {
        let row = &commit.row;
        self.overlay.put(changes, &keys::row(&row.id), row)?;
        let phase = |row: &ProcessRow| row.root().map(|root| root.view.phase);
        let (was, is) = (phase(before), phase(row));
        if was == is {
            return Ok(());
        }
        if let Some(was) = was {
            self.overlay.remove(changes, &keys::phase(was, &row.id))?;
        }
        if let Some(is) = is {
            self.overlay.put(changes, &keys::phase(is, &row.id), &())?;
        }
        Ok(())
    }

    /// Takes a module, or the change of one.
    pub(crate) fn put_module(&mut self, record: &ModuleRecord, bytes: Option<&[u8]>) -> Result<(), StoreError> {
        let digest = record.digest;
        let key = keys::module(&digest);
        let before = self.overlay.load::<KeptModule>(&key)?;
        let pieces_before = before.as_ref().and_then(|module| module.bytes);
        let ordinal = before.map_or(self.ledger.next_module, |module| module.ordinal);
        let pieces_now = match bytes {
            Some(bytes) => Some(Pieces::of(bytes)?),
            None => pieces_before,
        };
        let mut changes = Changes::default();
        if let (Some(bytes), Some(now)) = (bytes, pieces_now) {
            changes.put_pieces(bytes, |number| keys::module_piece(&digest, number), pieces_before.is_none());
            let before = pieces_before.map_or(0, |pieces| pieces.count);
            changes.remove_all((now.count..before).map(|number| keys::module_piece(&digest, number)));
        }
        self.overlay.put(&mut changes, &key, &KeptModule { ordinal, record: record.clone(), bytes: pieces_now })?;
        self.overlay.make(changes);
        self.ledger.next_module = self.ledger.next_module.max(ordinal + 1);
        self.ledger.shelved(record);
        Ok(())
    }

    /// Lets go of a module's bytes; false where a stream is on it.
    pub(crate) fn remove_module(&mut self, record: &ModuleRecord) -> Result<bool, StoreError> {
        let digest = record.digest;
        if self.ledger.is_in_use(&digest) {
            return Ok(false);
        }
        let key = keys::module(&digest);
        let Some(before) = self.overlay.load::<KeptModule>(&key)? else { return Ok(true) };
        let mut changes = Changes::default();
        let pieces = before.bytes.map_or(0, |pieces| pieces.count);
        changes.remove_all((0..pieces).map(|number| keys::module_piece(&digest, number)));
        self.overlay.put(&mut changes, &key, &KeptModule { record: record.clone(), bytes: None, ..before })?;
        self.overlay.make(changes);
        self.ledger.shelved(record);
        Ok(true)
    }

    /// The one batch of this group; none where nothing has changed.
    pub(crate) fn into_batch(self) -> Result<Option<Batch>, StoreError> {
        let disk = self.overlay.disk();
        let Some(mut batch) = self.overlay.into_batch(&mut self.ledger.sum)? else { return Ok(None) };
        self.ledger.write_into(&mut batch, disk)?;
        Ok(Some(batch))
    }
}

/// Puts an entry into the log, and what finds it again.
fn record(entry: &Entry, position: u64, changes: &mut Changes) -> Result<(), StoreError> {
    let process = &entry.input.process;
    let runs = runs(entry);
    changes.put_first(&keys::log(position), entry)?;
    changes.put_first(&keys::part(process, position), &runs)?;
    for run in &runs {
        let last_version = run.first_version + run.count - 1;
        let marked = last_version - last_version % WAYMARK_EVERY;
        if marked >= run.first_version {
            changes.put_first(&keys::waymark(process, &run.suffix, marked), &position)?;
        }
    }
    Ok(())
}

/// The versions of each stream. They are dense, as `Commit::continues` has checked, also where the decisions of two streams take turns.
pub(crate) fn runs(entry: &Entry) -> Vec<Run> {
    let mut runs = Vec::<Run>::new();
    for decision in entry.decisions.iter().filter(|decision| !decision.events.is_empty()) {
        let suffix = &entry.pins[decision.pin].suffix;
        let count = decision.events.len() as u64;
        match runs.iter_mut().find(|run| run.suffix == *suffix) {
            Some(run) => run.count += count,
            None => runs.push(Run { suffix: suffix.clone(), first_version: decision.first_version, count }),
        }
    }
    runs
}
