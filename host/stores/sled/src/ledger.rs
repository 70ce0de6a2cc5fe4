//! What the writer carries from group to group, so that it need not be read again: the last position, the tallies.
//! All of it is in the database as well, and compared with it when the store is opened.

use std::collections::{HashMap, HashSet};

use procession_engine::model::id::Digest;
use procession_engine::model::process::ProcessRow;
use procession_engine::ports::shelf::{ModuleRecord, ModuleState, Tally};
use procession_engine::ports::store::StoreError;
use serde::{Deserialize, Serialize};

use crate::batch::Batch;
use crate::codec;
use crate::disk::Disk;
use crate::keys;
use crate::settings::Check;
use crate::shelf::KeptModule;
use crate::sum::Sum;

/// The last group, as every batch records it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LastGroup {
    /// Its number; grows by one with every batch.
    pub(crate) number: u64,
    /// Position of the last event in the log.
    pub(crate) position: u64,
}

/// The writer's figures.
#[derive(Default)]
pub(crate) struct Ledger {
    pub(crate) last: LastGroup,
    /// The number that the next new module takes.
    pub(crate) next_module: u64,
    /// The sum over everything that is kept.
    pub(crate) sum: Sum,
    tallies: HashMap<Digest, Tally>,
    changed_tallies: HashSet<Digest>,
    /// Modules without bytes: nothing may be put on them.
    removed: HashSet<Digest>,
}

impl Ledger {
    /// Reads the figures, and finds out whether the end of the log is the one that the last group wrote.
    pub(crate) fn load(disk: &Disk) -> Result<Self, StoreError> {
        let last = disk.load::<LastGroup>(keys::GROUP_KEY)?.unwrap_or_default();
        let found = crate::read::last_position(disk)?;
        if found != last.position {
            let text = format!("the log ends at position {found}, but its last group ended at {}", last.position);
            return Err(StoreError::Damaged(text));
        }
        let modules = crate::shelf::kept_modules(disk)?;
        let next_module = modules.iter().map(|module: &KeptModule| module.ordinal + 1).max().unwrap_or(1);
        let tallies = crate::shelf::tallies(disk)?.into_iter().collect();
        let mut ledger = Self { last, next_module, tallies, ..Self::default() };
        modules.iter().for_each(|module| ledger.shelved(&module.record));
        Ok(ledger)
    }

    /// Finds out whether everything is there that was kept, as far as is asked for.
    pub(crate) fn add_up(&mut self, disk: &Disk, check: Check) -> Result<(), StoreError> {
        self.sum = Sum::load(disk, self.last, check)?;
        Ok(())
    }

    /// Notes whether a module may be used.
    pub(crate) fn shelved(&mut self, record: &ModuleRecord) {
        if record.state == ModuleState::Removed {
            self.removed.insert(record.digest);
        } else {
            self.removed.remove(&record.digest);
        }
    }

    pub(crate) fn is_removed(&self, module: &Digest) -> bool {
        self.removed.contains(module)
    }

    /// Whether a stream is on a module.
    pub(crate) fn is_in_use(&self, module: &Digest) -> bool {
        self.tallies.get(module).is_some_and(|tally| *tally != Tally::default())
    }

    /// Counts what a row's change does to the modules of its streams.
    pub(crate) fn count(&mut self, before: &ProcessRow, now: &ProcessRow) {
        let on = |row: &ProcessRow| row.streams.iter().map(|head| (head.module, head.view.phase.has_ended())).collect::<Vec<_>>();
        let (before, now) = (on(before), on(now));
        if before == now {
            return;
        }
        for (module, ended) in before {
            // A tally is only for people: a wrong one must not stop a commit.
            let figure = self.figure(module, ended);
            *figure = figure.saturating_sub(1);
        }
        for (module, ended) in now {
            *self.figure(module, ended) += 1;
        }
    }

    fn figure(&mut self, module: Digest, ended: bool) -> &mut u64 {
        self.changed_tallies.insert(module);
        let tally = self.tallies.entry(module).or_default();
        if ended { &mut tally.finished } else { &mut tally.pending }
    }

    /// What a batch records besides its commits. Small, so it never stands in pieces.
    pub(crate) fn write_into(&mut self, batch: &mut Batch, disk: &Disk) -> Result<(), StoreError> {
        self.last.number += 1;
        for module in self.changed_tallies.drain() {
            let tally = self.tallies.get(&module).copied().unwrap_or_default();
            let key = keys::tally(&module);
            let value = codec::seal(&key, &codec::encode(&tally)?);
            if let Some(before) = disk.get(&key)? {
                self.sum.take(&key, &before);
            }
            self.sum.add(&key, &value);
            batch.insert(key, value);
        }
        batch.insert(keys::GROUP_KEY, codec::seal(keys::GROUP_KEY, &codec::encode(&self.last)?));
        self.sum.write_into(batch, self.last.number)
    }
}
