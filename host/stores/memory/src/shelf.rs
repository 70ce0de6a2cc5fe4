//! The shelf in memory.
//! The tallies are counted anew at every call: slow, and therefore a good measure for stores that carry them along.

use std::collections::BTreeMap;

use procession_engine::model::id::Digest;
use procession_engine::ports::shelf::{ModuleRecord, Shelf, Tally};
use procession_engine::ports::store::StoreError;

use crate::store::MemoryStore;

impl Shelf for MemoryStore {
    fn modules(&self) -> Result<Vec<ModuleRecord>, StoreError> {
        Ok(self.contents().modules.iter().map(|(record, _)| record.clone()).collect())
    }

    fn bytes(&self, module: &Digest) -> Result<Option<Vec<u8>>, StoreError> {
        let contents = self.contents();
        Ok(contents.modules.iter().find(|(record, _)| record.digest == *module).and_then(|(_, bytes)| bytes.clone()))
    }

    fn put(&self, record: &ModuleRecord, bytes: Option<&[u8]>) -> Result<(), StoreError> {
        let modules = &mut self.contents().modules;
        let bytes = bytes.map(<[u8]>::to_vec);
        match modules.iter_mut().find(|(kept, _)| kept.digest == record.digest) {
            Some((kept, kept_bytes)) => {
                kept.clone_from(record);
                *kept_bytes = bytes.or_else(|| kept_bytes.take());
            }
            None => modules.push((record.clone(), bytes)),
        }
        Ok(())
    }

    fn remove(&self, record: &ModuleRecord) -> Result<bool, StoreError> {
        let contents = &mut self.contents();
        if contents.heads().any(|head| head.module == record.digest) {
            return Ok(false);
        }
        if let Some(kept) = contents.modules.iter_mut().find(|(kept, _)| kept.digest == record.digest) {
            *kept = (record.clone(), None);
        }
        Ok(true)
    }

    fn tallies(&self) -> Result<Vec<(Digest, Tally)>, StoreError> {
        let mut tallies = BTreeMap::<Digest, Tally>::new();
        for head in self.contents().heads() {
            let tally = tallies.entry(head.module).or_default();
            if head.view.phase.has_ended() {
                tally.finished += 1;
            } else {
                tally.pending += 1;
            }
        }
        Ok(tallies.into_iter().collect())
    }
}
