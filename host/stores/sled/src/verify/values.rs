//! Every key by itself: its checksum, its shape, and for a piece the value that it belongs to.
//! What values say of each other is looked at in the other rooms.

use std::ops::Bound;

use procession_engine::model::commit::{Entry, Receipt, Snapshot};
use procession_engine::model::note::Note;
use procession_engine::model::process::{ProcessRow, Timer, Undelivered};
use procession_engine::ports::shelf::{ModuleState, Tally};
use procession_engine::ports::store::StoreError;
use sled::IVec;

use super::Walk;
use crate::codec::{self, Body, damaged};
use crate::group::Run;
use crate::kept::Kept;
use crate::keys;
use crate::ledger::LastGroup;
use crate::shelf::KeptModule;
use crate::sum::Recorded;

impl Walk<'_> {
    pub(super) fn values(&mut self) -> Result<(), StoreError> {
        let disk = self.disk;
        for found in disk.range((Bound::Included(Vec::new()), Bound::Unbounded)) {
            let (key, value) = found?;
            self.found.keys += 1;
            if let Err(error) = self.value(&key, value) {
                self.damage(&key, error.to_string());
            }
        }
        Ok(())
    }

    fn value(&mut self, key: &[u8], value: IVec) -> Result<(), StoreError> {
        let letter = key.first().copied().unwrap_or_default();
        let name = match letter {
            b'F' => self.read::<u32>("format", key, value)?,
            _ if [keys::GROUP_KEY, keys::EARLIER_GROUP_KEY].contains(&key) => self.read::<LastGroup>("last group", key, value)?,
            _ if [keys::SUM_KEY, keys::EARLIER_SUM_KEY].contains(&key) => self.read::<Recorded>("sum", key, value)?,
            _ if keys::tallied(key).is_some() => self.read::<Tally>("tallies", key, value)?,
            b'L' => self.read::<Entry>("log entries", key, value)?,
            b'P' => self.read::<Vec<Run>>("parts", key, value)?,
            b'W' => self.read::<u64>("waymarks", key, value)?,
            b'H' => self.read::<ProcessRow>("processes", key, value)?,
            b'I' => self.read::<()>("phases", key, value)?,
            b'O' => self.read::<Undelivered>("undelivered", key, value)?,
            b'T' => self.read::<Timer>("timers", key, value)?,
            b'R' => self.read::<Receipt>("receipts", key, value)?,
            b'N' => self.read::<Note>("notes", key, value)?,
            b'K' => self.read::<Snapshot>("snapshots", key, value)?,
            b'M' => self.read::<KeptModule>("modules", key, value)?,
            b'X' => self.piece(key, &value)?,
            b'B' => self.module_piece(key, &value)?,
            _ => return Err(damaged(key, "nothing of this kind is kept")),
        };
        self.count(name);
        Ok(())
    }

    fn read<T: Kept>(&self, name: &'static str, key: &[u8], value: IVec) -> Result<&'static str, StoreError> {
        self.disk.open_value::<T>(key, value).map(|_| name)
    }

    /// A piece belongs to a value that has at least so many.
    fn piece(&self, key: &[u8], value: &[u8]) -> Result<&'static str, StoreError> {
        let (owner, number) = split(key)?;
        codec::unseal(key, value)?;
        let owner_value = self.disk.get(owner)?.ok_or_else(|| damaged(key, "the value that it is a piece of is missing"))?;
        match codec::unseal(owner, &owner_value) {
            Ok(Body::InPieces(_, pieces)) if number < pieces.count => Ok("pieces"),
            // The owner's own damage is told at the owner.
            Err(_) => Ok("pieces"),
            Ok(_) => Err(damaged(key, "the value that it is a piece of has no such piece")),
        }
    }

    fn module_piece(&self, key: &[u8], value: &[u8]) -> Result<&'static str, StoreError> {
        let (owner, number) = split(key)?;
        codec::unseal(key, value)?;
        let module_key = [b"M", &owner[1..]].concat();
        let module = self.disk.load::<KeptModule>(&module_key)?.ok_or_else(|| damaged(key, "its module is missing"))?;
        let count = module.bytes.map_or(0, |pieces| pieces.count);
        if number < count { Ok("module pieces") } else { Err(damaged(key, &format!("its module has {count} pieces"))) }
    }
}

/// The key without the number of the piece, and the number.
fn split(key: &[u8]) -> Result<(&[u8], u32), StoreError> {
    let (rest, number) =
        key.split_last_chunk::<4>().filter(|(rest, _)| rest.len() > 1).ok_or_else(|| damaged(key, "its name is cut off"))?;
    // The letter of a piece stands before the whole key of its owner; that of a module's piece, before the digest.
    Ok((if key[0] == b'X' { &rest[1..] } else { rest }, u32::from_be_bytes(*number)))
}

impl Walk<'_> {
    /// Modules have all their bytes, and those that were removed have none. That these are of their digest is looked at where they are loaded.
    pub(super) fn bytes_of(&mut self, key: &[u8], module: &KeptModule) {
        let Some(pieces) = module.bytes else {
            let was_removed = module.record.state == ModuleState::Removed;
            return self.expect(was_removed, key, || "its bytes were never put".to_owned());
        };
        let disk = self.disk;
        if let Err(error) = pieces.join(|number| keys::module_piece(&module.record.digest, number), |piece| disk.get(piece)) {
            self.damage(key, error.to_string());
        }
    }
}
