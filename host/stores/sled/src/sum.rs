//! The sum over everything that is kept: what is gone, what has come back and what is older than it should be does not add up.
//! A value that was changed is found by its own checksum already; this is for values that are whole and not the ones that were written.
//!
//! sled passes over a damaged part of its log in silence when it opens, and serves the pages as they were before. So each batch records the
//! sum of the hashes of all keys with their values, carried along from the batch before, and opening adds them up again.
//! The order does not matter, so a change costs two hashes and no walk.

use std::ops::Bound;

use procession_engine::ports::store::StoreError;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use crate::batch::Batch;
use crate::codec::{self, damaged};
use crate::disk::Disk;
use crate::kept::Kept;
use crate::keys;
use crate::ledger::LastGroup;
use crate::settings::Check;

/// The sum over all keys and values, but for those that describe the whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sum {
    /// How many there are.
    count: u64,
    total: u64,
}

/// The sum, as a batch records it.
#[derive(Serialize, Deserialize)]
pub(crate) struct Recorded {
    /// The group whose batch it is. Where it is another one than the last, a release that knows no sums has written since.
    group: u64,
    sum: Sum,
}

impl Kept for Recorded {}

impl Sum {
    /// Takes note that a value stands under a key.
    pub(crate) fn add(&mut self, key: &[u8], value: &[u8]) {
        self.count = self.count.wrapping_add(1);
        self.total = self.total.wrapping_add(hash(key, value));
    }

    /// Takes note that it no longer does.
    pub(crate) fn take(&mut self, key: &[u8], value: &[u8]) {
        self.count = self.count.wrapping_sub(1);
        self.total = self.total.wrapping_sub(hash(key, value));
    }

    /// Puts it into the batch of a group.
    pub(crate) fn write_into(self, batch: &mut Batch, group: u64) -> Result<(), StoreError> {
        let recorded = codec::encode(&Recorded { group, sum: self })?;
        batch.insert(keys::SUM_KEY, codec::seal(keys::SUM_KEY, &recorded));
        Ok(())
    }

    /// The sum of what is there, compared with what was recorded as the setting asks.
    pub(crate) fn load(disk: &Disk, last: LastGroup, check: Check) -> Result<Self, StoreError> {
        let recorded =
            disk.load_first_of::<Recorded>([keys::SUM_KEY, keys::EARLIER_SUM_KEY])?.filter(|recorded| recorded.group == last.number);
        match (recorded, check) {
            (Some(recorded), Check::End) => Ok(recorded.sum),
            (Some(recorded), Check::Everything) => {
                let found = Self::of(disk)?;
                if found == recorded.sum { Ok(found) } else { Err(loss(disk, found, recorded.sum)) }
            }
            // A new database, or one from before there were sums: it begins with what is there.
            (None, _) => Self::of(disk),
        }
    }

    fn of(disk: &Disk) -> Result<Self, StoreError> {
        let mut sum = Self::default();
        for found in disk.range((Bound::Included(vec![0]), Bound::Excluded(vec![u8::MAX]))) {
            let (key, value) = found?;
            // The damage of a single value is told by its name.
            codec::unseal(&key, &value)?;
            if counts(&key) {
                sum.add(&key, &value);
            }
        }
        Ok(sum)
    }
}

/// Whether a key is part of the sum: not where it describes the whole.
pub(crate) fn counts(key: &[u8]) -> bool {
    let of_the_whole = [keys::FORMAT_KEY, keys::GROUP_KEY, keys::SUM_KEY, keys::EARLIER_GROUP_KEY, keys::EARLIER_SUM_KEY];
    !of_the_whole.contains(&key)
}

fn hash(key: &[u8], value: &[u8]) -> u64 {
    xxh3_64_with_seed(value, xxh3_64(key))
}

/// What is wrong where the sum is. A gap in the log has a name; whatever else is gone is found by comparing values with each other,
/// which takes a walk of another kind.
fn loss(disk: &Disk, found: Sum, recorded: Sum) -> StoreError {
    if let Err(gap) = crate::read::whole_log(disk) {
        return gap;
    }
    let what = match found.count.cmp(&recorded.count) {
        std::cmp::Ordering::Less => format!("{} values are gone", recorded.count - found.count),
        std::cmp::Ordering::Greater => format!("{} values are there that were removed", found.count - recorded.count),
        std::cmp::Ordering::Equal => "some values are older than they should be".to_owned(),
    };
    damaged(keys::SUM_KEY, &format!("what is there does not add up to it: {what}"))
}
