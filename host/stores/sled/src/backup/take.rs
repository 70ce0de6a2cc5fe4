//! Taking a backup: every key is copied while the writer works on, and what it writes meanwhile is recorded beside the copy.
//! Nothing is held up: the writer hands over what it has written anyway.
//!
//! A copy that takes its time is a patchwork of moments. But a tap is opened before it begins, every change is absolute,
//! and every change since then stands in the file behind the values that were read before it: whoever applies the records in order
//! has, at the end, exactly the state after the last group. The end is taken after a barrier, so all of it is durable.

use std::io::Write;
use std::ops::Bound;
use std::sync::mpsc;

use procession_engine::ports::store::{CommitError, EventStore, StoreError};

use super::BackupError;
use super::file::{Header, Kind, Trailer, Writer, push};
use crate::codec::{self, Body};
use crate::disk::Disk;
use crate::keys::{self, Key};
use crate::ledger::LastGroup;
use crate::store::SledStore;
use crate::tap::Tap;

/// Keys that are copied before the tap is emptied: a few milliseconds' work.
const KEYS_PER_RECORD: usize = 256;

/// A backup that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Keys that were copied.
    pub keys: u64,
    /// Groups of commits that became durable meanwhile, and are part of it.
    pub groups: u64,
    /// The last position of the log that it holds.
    pub position: u64,
    /// Its size.
    pub bytes: u64,
}

impl SledStore {
    /// Writes a backup, and lets commits go on meanwhile. `time_ms` and `release` only say in the file when it was taken, and by whom.
    ///
    /// # Errors
    /// [`BackupError`] where the file could not be written or the store not read; what was written then has no trailer and is refused by `restore`.
    pub fn backup(&self, out: &mut dyn Write, time_ms: u64, release: &str) -> Result<Taken, BackupError> {
        let tap = self.taps().open();
        let disk = self.disk()?;
        let last = LastGroup::load(&disk)?;
        let header = Header { layout: keys::FORMAT, time_ms, position: last.position, release: release.to_owned() };
        let mut backup =
            Backup { file: Writer::begin(out, &header)?, tap: &tap, trailer: Trailer { position: last.position, ..Trailer::default() } };
        backup.copy(&disk)?;
        self.wait_until_durable()?;
        backup.groups()?;
        let Trailer { keys, groups, position } = backup.trailer;
        let bytes = backup.file.end(backup.trailer)?;
        Ok(Taken { keys, groups, position, bytes })
    }

    fn wait_until_durable(&self) -> Result<(), BackupError> {
        let (sender, receiver) = mpsc::sync_channel(1);
        self.barrier(Box::new(move |outcome| drop(sender.send(outcome))));
        match receiver.recv() {
            Ok(Ok(())) => Ok(()),
            Ok(Err(CommitError::Store(error))) => Err(error.into()),
            Ok(Err(other)) => Err(StoreError::Damaged(other.to_string()).into()),
            Err(_) => Err(StoreError::Closed("the writer is gone".to_owned()).into()),
        }
    }
}

struct Backup<'a> {
    file: Writer<'a>,
    tap: &'a Tap,
    trailer: Trailer,
}

impl Backup<'_> {
    /// Every key, a few hundred at a time, and between them what has been written meanwhile.
    fn copy(&mut self, disk: &Disk) -> Result<(), BackupError> {
        let mut after: Bound<Key> = Bound::Included(Vec::new());
        loop {
            let mut body = Vec::new();
            let mut count = 0;
            for found in disk.range((after.clone(), Bound::Unbounded)).take(KEYS_PER_RECORD) {
                let (key, value) = found?;
                push(&mut body, &key, Some(&value));
                after = Bound::Excluded(key.to_vec());
                count += 1;
            }
            if count == 0 {
                return Ok(());
            }
            self.trailer.keys += count;
            self.file.record(Kind::Copy, &body)?;
            self.groups()?;
        }
    }

    /// What has become durable since the last time.
    fn groups(&mut self) -> Result<(), BackupError> {
        for batch in self.tap.empty().map_err(BackupError::GivenUp)? {
            let mut body = Vec::new();
            for (key, value) in batch.changes() {
                push(&mut body, key, value.as_deref());
                if key == keys::GROUP_KEY
                    && let Some(value) = value
                {
                    self.trailer.position = position(value)?;
                }
            }
            self.trailer.groups += 1;
            self.file.record(Kind::Group, &body)?;
        }
        Ok(())
    }
}

fn position(value: &[u8]) -> Result<u64, StoreError> {
    match codec::unseal(keys::GROUP_KEY, value)? {
        Body::Whole(form, body) => codec::decode::<LastGroup>(keys::GROUP_KEY, form, body).map(|last| last.position),
        Body::InPieces(..) => Err(codec::damaged(keys::GROUP_KEY, "it is in pieces")),
    }
}
