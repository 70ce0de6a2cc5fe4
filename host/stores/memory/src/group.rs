//! What a commit must find, and what it changes.
//! A commit is looked at as a whole before anything of it is taken, so a refused one leaves nothing.

use std::collections::{BTreeMap, HashMap, HashSet};

use procession_engine::model::commit::{Commit, Entry, Receipt, Snapshot};
use procession_engine::model::event::RecordedEvent;
use procession_engine::model::id::{Digest, ProcessId, Suffix};
use procession_engine::model::note::Note;
use procession_engine::model::process::{ProcessRow, StreamHead, Timer, TimerKey, Undelivered};
use procession_engine::ports::shelf::{ModuleRecord, ModuleState};
use procession_engine::ports::store::{CommitError, StoreError};

/// All that a store keeps.
#[derive(Default)]
pub(crate) struct Contents {
    /// The event at position `n` stands at `n - 1`.
    pub(crate) log: Vec<RecordedEvent>,
    /// Where the events of a process stand in the log.
    pub(crate) events_of: HashMap<ProcessId, Vec<usize>>,
    /// By the position of the first event.
    pub(crate) entries: BTreeMap<u64, Entry>,
    pub(crate) rows: BTreeMap<ProcessId, ProcessRow>,
    pub(crate) receipts: HashMap<(ProcessId, String), Receipt>,
    pub(crate) undelivered: BTreeMap<(ProcessId, u64), Undelivered>,
    pub(crate) timers: BTreeMap<TimerKey, Timer>,
    /// By the place that each is kept at.
    pub(crate) notes: BTreeMap<(ProcessId, u64), Note>,
    pub(crate) snapshots: HashMap<(ProcessId, Suffix), Snapshot>,
    /// In order of the first put.
    pub(crate) modules: Vec<(ModuleRecord, Option<Vec<u8>>)>,
}

impl Contents {
    /// Takes a commit, or refuses it and changes nothing.
    pub(crate) fn take(&mut self, commit: Commit) -> Result<(), CommitError> {
        self.check(&commit)?;
        self.apply(commit);
        Ok(())
    }

    /// All streams of all processes.
    pub(crate) fn heads(&self) -> impl Iterator<Item = &StreamHead> {
        self.rows.values().flat_map(|row| &row.streams)
    }

    fn check(&self, commit: &Commit) -> Result<(), CommitError> {
        let process = &commit.row.id;
        let unknown = ProcessRow::unknown(process.clone());
        let before = self.rows.get(process).unwrap_or(&unknown);
        let expected = commit.row.revision.saturating_sub(1);
        if before.revision != expected || commit.row.revision == 0 {
            return Err(CommitError::Stale { process: process.clone(), expected, found: before.revision });
        }
        if let Some(receipt) = &commit.receipt
            && self.receipts.contains_key(&(process.clone(), receipt.key.clone()))
        {
            return Err(CommitError::Taken { process: process.clone(), key: receipt.key.clone() });
        }
        let mut messages = HashSet::new();
        for key in &commit.delivered {
            if !self.undelivered.contains_key(key) || !messages.insert(key) {
                return Err(CommitError::Gone { process: key.0.clone(), seq: key.1 });
            }
        }
        let mut timers = HashSet::new();
        for key in &commit.timers_cleared {
            if !self.timers.contains_key(key) || !timers.insert(key) {
                return Err(CommitError::Gone { process: key.process.clone(), seq: key.seq });
            }
        }
        let is_removed =
            |module: &&Digest| self.modules.iter().any(|(kept, _)| kept.digest == **module && kept.state == ModuleState::Removed);
        if let Some(module) = commit.row.newly_on(before).find(is_removed) {
            return Err(CommitError::Removed { module: *module });
        }
        commit.continues(before).map_err(|why| StoreError::Damaged(why).into())
    }

    fn apply(&mut self, commit: Commit) {
        let process = commit.row.id.clone();
        if let Some(entry) = commit.entry {
            let first = self.log.len();
            self.log.extend(entry.events(first as u64 + 1));
            self.events_of.entry(process.clone()).or_default().extend(first..self.log.len());
            self.entries.insert(first as u64 + 1, entry);
        }
        if let Some(receipt) = commit.receipt {
            self.receipts.insert((process.clone(), receipt.key.clone()), receipt);
        }
        for key in &commit.delivered {
            self.undelivered.remove(key);
        }
        for message in commit.undelivered {
            self.undelivered.insert((message.owner.clone(), message.seq), message);
        }
        for key in &commit.timers_cleared {
            self.timers.remove(key);
        }
        for timer in commit.timers_set {
            self.timers.insert(timer.key.clone(), timer);
        }
        for note in commit.notes {
            self.notes.insert((process.clone(), note.slot()), note);
        }
        for snapshot in commit.snapshots {
            self.snapshots.insert((process.clone(), snapshot.suffix.clone()), snapshot);
        }
        self.rows.insert(process, commit.row);
    }
}
