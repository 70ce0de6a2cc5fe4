//! The high-water mark: a small file beside sled that says how far the log was durable.
//! It is for detection only; nothing is restored from it.
//!
//! sled may open a file whose end is gone as if that end had never been. The mark is written after the sync of a group and never before,
//! so it never claims more than what was durable. It is not synced by itself: after a power failure it may lag, after anything else it does not.
//! Two slots are written in turn: a torn write leaves the other one.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::xxh3_64;

use crate::ledger::LastGroup;

/// A sector: what a device writes as a whole.
const SLOT_BYTES: usize = 512;
const MAGIC: [u8; 8] = *b"PRCSMARK";

/// The file.
pub(crate) struct Mark {
    file: File,
    next_slot: u64,
    marked: LastGroup,
}

/// Where it stands in the store's folder.
pub(crate) fn path(folder: &Path) -> PathBuf {
    folder.join("high-water")
}

impl Mark {
    /// Opens or makes the file, and says what it claims; nothing where it was not there or has no slot that can be read.
    pub(crate) fn open(folder: &Path) -> io::Result<(Self, LastGroup)> {
        let mut file = File::options().read(true).write(true).create(true).truncate(false).open(path(folder))?;
        let mut bytes = Vec::new();
        // Whatever the file has become, its two slots are all that is read.
        Read::by_ref(&mut file).take(2 * SLOT_BYTES as u64).read_to_end(&mut bytes)?;
        let slots = (0..).zip(bytes.chunks(SLOT_BYTES)).filter_map(|(number, slot)| Some((number, read_slot(slot)?)));
        let (last_slot, marked) = slots.max_by_key(|(_, claim)| claim.number).unwrap_or((1, LastGroup::default()));
        Ok((Self { file, next_slot: 1 - last_slot, marked }, marked))
    }

    /// Writes down that a group is durable. It costs a few microseconds, and the end of a log that was cut off is missed by nobody.
    pub(crate) fn reached(&mut self, group: LastGroup) -> io::Result<()> {
        self.write(group)
    }

    /// Writes down that a group is durable, and syncs that.
    pub(crate) fn settle(&mut self, group: LastGroup) -> io::Result<()> {
        if group.number > self.marked.number {
            self.write(group)?;
        }
        self.file.sync_data()
    }

    fn write(&mut self, group: LastGroup) -> io::Result<()> {
        let mut slot = [0; SLOT_BYTES];
        slot[..8].copy_from_slice(&MAGIC);
        slot[8..16].copy_from_slice(&group.number.to_be_bytes());
        slot[16..24].copy_from_slice(&group.position.to_be_bytes());
        let checksum = xxh3_64(&slot[..24]);
        slot[24..32].copy_from_slice(&checksum.to_be_bytes());
        self.file.seek(SeekFrom::Start(self.next_slot * SLOT_BYTES as u64))?;
        self.file.write_all(&slot)?;
        self.next_slot = 1 - self.next_slot;
        self.marked = group;
        Ok(())
    }
}

fn read_slot(slot: &[u8]) -> Option<LastGroup> {
    let claim = slot.strip_prefix(&MAGIC)?;
    let (numbers, rest) = claim.split_first_chunk::<16>()?;
    let checksum = u64::from_be_bytes(*rest.first_chunk()?);
    let number = |at: usize| numbers[at..].first_chunk().map(|bytes| u64::from_be_bytes(*bytes));
    (checksum == xxh3_64(slot.get(..24)?)).then_some(LastGroup { number: number(0)?, position: number(8)? })
}

#[cfg(test)]
mod tests {
    use super::{Mark, path};
    use crate::ledger::LastGroup;

    #[test]
    fn a_torn_slot_leaves_the_mark_before_it() {
        let folder = tempfile::tempdir().unwrap();
        let group = |number| LastGroup { number, position: number * 10 };
        for number in 1..=5 {
            let (mut mark, claimed) = Mark::open(folder.path()).unwrap();
            assert_eq!(claimed, group(number - 1));
            mark.settle(group(number)).unwrap();
        }
        let file = path(folder.path());
        let whole = std::fs::read(&file).unwrap();
        let claimed_after = |damage: fn(&mut Vec<u8>)| {
            let mut bytes = whole.clone();
            damage(&mut bytes);
            std::fs::write(&file, bytes).unwrap();
            Mark::open(folder.path()).unwrap().1
        };
        // The fifth mark stands in the first slot.
        assert_eq!(claimed_after(|bytes| bytes[12] ^= 1), group(4));
        assert_eq!(claimed_after(|bytes| bytes[512..].fill(0)), group(5));
        assert_eq!(claimed_after(|bytes| bytes.truncate(3)), LastGroup::default());
        assert_eq!(claimed_after(|bytes| bytes.resize(4_000, 9)), group(5));
    }

    #[test]
    fn the_mark_is_that_of_the_last_group_also_where_nobody_could_settle_it() {
        let folder = tempfile::tempdir().unwrap();
        let (mut mark, _) = Mark::open(folder.path()).unwrap();
        for number in 1..=41 {
            mark.reached(LastGroup { number, position: number }).unwrap();
        }
        drop(mark);
        assert_eq!(Mark::open(folder.path()).unwrap().1.number, 41);
    }
}
