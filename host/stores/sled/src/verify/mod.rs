//! Verifying: every key is read, and everything that is said in two places is compared.
//! Nothing is changed, and nothing but counters and one process at a time is held in memory. Folding the events again is the engine's matter.

mod log;
mod processes;
mod values;
mod waiting;

use std::collections::BTreeMap;

use procession_engine::model::id::{Digest, ProcessId, Suffix};
use procession_engine::model::process::ProcessRow;
use procession_engine::ports::store::StoreError;
use procession_engine::verify::{Damage, Found};

use crate::disk::Disk;
use crate::kept::Kept;
use crate::keys::{self, KeyRange};
use crate::store::SledStore;

impl SledStore {
    /// Walks over everything that is kept; `tell` hears of every damage. No commit may be made meanwhile.
    ///
    /// # Errors
    /// [`StoreError`] only where the database itself gives up; damage is told and does not end the walk.
    pub fn verify(&self, tell: &mut dyn FnMut(Damage)) -> Result<Found, StoreError> {
        let disk = self.disk()?;
        let mut walk = Walk { disk: &disk, tell, found: Found::default() };
        walk.values()?;
        walk.log()?;
        walk.parts()?;
        walk.waymarks()?;
        walk.rows()?;
        walk.phases()?;
        walk.undelivered()?;
        walk.timers()?;
        walk.of_processes()?;
        walk.snapshots()?;
        Ok(walk.found)
    }
}

struct Walk<'a> {
    disk: &'a Disk,
    tell: &'a mut dyn FnMut(Damage),
    found: Found,
}

impl Walk<'_> {
    fn damage(&mut self, key: &[u8], how: impl Into<String>) {
        self.found.damages += 1;
        (self.tell)(Damage { what: keys::describe(key), how: how.into() });
    }

    fn expect(&mut self, fits: bool, key: &[u8], how: impl FnOnce() -> String) {
        if !fits {
            self.damage(key, how());
        }
    }

    fn count(&mut self, what: &'static str) {
        *self.found.counts.entry(what).or_default() += 1;
    }

    /// Every value under a letter that can be read. What cannot is told by the walk over all values.
    fn each<T: Kept>(&mut self, letter: u8, step: impl FnMut(&mut Self, &[u8], T) -> Result<(), StoreError>) -> Result<(), StoreError> {
        self.each_in(keys::all(letter), step)
    }

    fn each_in<T: Kept>(
        &mut self,
        range: KeyRange,
        mut step: impl FnMut(&mut Self, &[u8], T) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let disk = self.disk;
        for found in disk.range(range) {
            let (key, value) = found?;
            if let Ok(Some(value)) = disk.open_value::<T>(&key, value) {
                step(self, &key, value)?;
            }
        }
        Ok(())
    }

    /// A value that stands elsewhere; none where it is missing or damaged, which is told in its own place.
    fn there<T: Kept>(&self, key: &[u8]) -> Option<T> {
        self.disk.load(key).ok().flatten()
    }

    fn row_of(&self, process: &ProcessId) -> Option<ProcessRow> {
        self.there(&keys::row(process))
    }

    fn is_on_the_shelf(&self, module: &Digest) -> bool {
        self.disk.get(&keys::module(module)).is_ok_and(|found| found.is_some())
    }
}

/// The name of a process in a key, up to the zero byte or the end.
fn process_in(key: &[u8]) -> Option<ProcessId> {
    let name = key.get(1..)?.split(|byte| *byte == 0).next()?;
    ProcessId::parse(std::str::from_utf8(name).ok()?).ok()
}

/// Versions by stream, as they have been seen so far.
type Heads = BTreeMap<Suffix, u64>;
