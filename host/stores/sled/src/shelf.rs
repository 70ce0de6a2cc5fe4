//! The shelf: modules' records, their bytes in pieces, and how many streams are on each.
//! The tallies are kept up by the `ledger`; here they are only read.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};

use procession_engine::model::id::Digest;
use procession_engine::ports::shelf::{ModuleRecord, Shelf, Tally};
use procession_engine::ports::store::{CommitError, Done, StoreError};
use serde::{Deserialize, Serialize};

use crate::codec::{Pieces, damaged};
use crate::disk::Disk;
use crate::keys;
use crate::queue::{Queue, Work};
use crate::read;
use crate::store::SledStore;

/// A module as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct KeptModule {
    /// Its number in the order of the first put.
    pub(crate) ordinal: u64,
    pub(crate) record: ModuleRecord,
    /// Where its bytes are; none where they were never put.
    pub(crate) bytes: Option<Pieces>,
}

/// All modules, in order of their digests.
pub(crate) fn kept_modules(disk: &Disk) -> Result<Vec<KeptModule>, StoreError> {
    read::values(disk, keys::all(b'M'), usize::MAX)
}

/// All tallies.
pub(crate) fn tallies(disk: &Disk) -> Result<Vec<(Digest, Tally)>, StoreError> {
    let mut tallies = Vec::new();
    for found in keys::all_tallies().into_iter().flat_map(|range| disk.range(range)) {
        let (key, value) = found?;
        let digest = keys::tallied(&key).ok_or_else(|| damaged(&key, "its name is no digest"))?;
        tallies.extend(disk.open_value(&key, value)?.map(|tally| (digest, tally)));
    }
    Ok(tallies)
}

impl Shelf for SledStore {
    fn modules(&self) -> Result<Vec<ModuleRecord>, StoreError> {
        let mut modules = kept_modules(&*self.disk()?)?;
        modules.sort_by_key(|module| module.ordinal);
        Ok(modules.into_iter().map(|module| module.record).collect())
    }

    fn bytes(&self, module: &Digest) -> Result<Option<Vec<u8>>, StoreError> {
        let disk = self.disk()?;
        let Some(pieces) = disk.load::<KeptModule>(&keys::module(module))?.and_then(|module| module.bytes) else { return Ok(None) };
        pieces.join(|number| keys::module_piece(module, number), |piece| disk.get(piece)).map(Some)
    }

    fn put(&self, record: &ModuleRecord, bytes: Option<&[u8]>) -> Result<(), StoreError> {
        let (record, bytes) = (Box::new(record.clone()), bytes.map(<[u8]>::to_vec));
        written(self.queue(), |done| Work::Module { record, bytes, done })
    }

    fn remove(&self, record: &ModuleRecord) -> Result<bool, StoreError> {
        let (record, in_use) = (Box::new(record.clone()), Arc::new(AtomicBool::new(false)));
        let told = Arc::clone(&in_use);
        written(self.queue(), |done| Work::Remove { record, in_use, done })?;
        Ok(!told.load(Ordering::Acquire))
    }

    fn tallies(&self) -> Result<Vec<(Digest, Tally)>, StoreError> {
        tallies(&*self.disk()?)
    }
}

/// Hands work to the writer and waits until it is durable.
fn written(queue: &Queue, work: impl FnOnce(Done) -> Work) -> Result<(), StoreError> {
    let (sender, receiver) = mpsc::sync_channel(1);
    queue.push(work(Box::new(move |outcome| drop(sender.send(outcome)))));
    match receiver.recv() {
        Ok(Ok(())) => Ok(()),
        Ok(Err(CommitError::Store(error))) => Err(error),
        Ok(Err(refusal)) => Err(StoreError::Damaged(refusal.to_string())),
        Err(_) => Err(StoreError::Closed("the writer is gone".to_owned())),
    }
}
