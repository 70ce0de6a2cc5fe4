//! What the writer carries from group to group, so that it need not be read again: the last position, the tallies.
//! All of it is in the database as well, and compared with it when the store is opened.

use std::collections::{HashMap, HashSet};

use procession_engine::model::id::Digest;
use procession_engine::model::process::ProcessRow;
use procession_engine::ports::shelf::{ModuleRecord, ModuleState, Tally};
use procession_engine::ports::store::StoreError;
use serde::{Deserialize, Serialize};
use sled::IVec;

use crate::batch::Batch;
use crate::codec;
use crate::disk::Disk;
use crate::keys::{self, Key};
use crate::settings::Check;
use crate::shelf::KeptModule;
use crate::sum::{self, Sum};

/// The last group, as every batch records it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LastGroup {
    /// Its number; grows by one with every batch.
    pub(crate) number: u64,
    /// Position of the last event in the log.
    pub(crate) position: u64,
}

impl LastGroup {
    pub(crate) fn load(disk: &Disk) -> Result<Self, StoreError> {
        Ok(disk.load_first_of([keys::GROUP_KEY, keys::EARLIER_GROUP_KEY])?.unwrap_or_default())
    }
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
    /// What stands where it stood before format 3. The first group takes it away and writes all of it where it stands today.
    earlier: Vec<(Key, IVec)>,
}

impl Ledger {
    /// Reads the figures, and finds out whether the end of the log is the one that the last group wrote.
    pub(crate) fn load(disk: &Disk) -> Result<Self, StoreError> {
        let last = LastGroup::load(disk)?;
        let found = crate::read::last_position(disk)?;
        if found != last.position {
            let text = format!("the log ends at position {found}, but its last group ended at {}", last.position);
            return Err(StoreError::Damaged(text));
        }
        let modules = crate::shelf::kept_modules(disk)?;
        let next_module = modules.iter().map(|module: &KeptModule| module.ordinal + 1).max().unwrap_or(1);
        let tallies: HashMap<_, _> = crate::shelf::tallies(disk)?.into_iter().collect();
        let earlier = earlier(disk)?;
        let changed_tallies = if earlier.is_empty() { HashSet::new() } else { tallies.keys().copied().collect() };
        let mut ledger = Self { last, next_module, tallies, changed_tallies, earlier, ..Self::default() };
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
        for (key, value) in self.earlier.drain(..) {
            if sum::counts(&key) {
                self.sum.take(&key, &value);
            }
            batch.remove(key);
        }
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

/// What every group writes, where it stood before format 3.
fn earlier(disk: &Disk) -> Result<Vec<(Key, IVec)>, StoreError> {
    let [_, tallies] = keys::all_tallies();
    let mut found = Vec::new();
    for key in [keys::EARLIER_GROUP_KEY, keys::EARLIER_SUM_KEY] {
        found.extend(disk.get(key)?.map(|value| (key.to_vec(), value)));
    }
    for tally in disk.range(tallies) {
        let (key, value) = tally?;
        found.push((key.to_vec(), value));
    }
    Ok(found)
}
