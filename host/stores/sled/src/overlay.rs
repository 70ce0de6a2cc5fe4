//! What a group has changed so far, over what the database holds.
//! Whether a commit may change it is decided in `group`.
//!
//! Every key is written once a group, however often it changed, and what came and went within the group is not written at all:
//! a chain of messages between processes leaves only its end.

use std::collections::HashMap;

use procession_engine::ports::store::StoreError;
use sled::IVec;

use crate::batch::Batch;
use crate::codec::{self, BODY_BYTES_MAX, Body, Form, Pieces};
use crate::disk::Disk;
use crate::kept::{Kept, Shape};
use crate::keys::{self, Key};
use crate::sum::Sum;

/// The state that a group works on.
pub(crate) struct Overlay<'a> {
    disk: &'a Disk,
    slots: HashMap<Key, Slot>,
    changed_bytes: usize,
}

struct Slot {
    on_disk: OnDisk,
    changed: bool,
    now: Option<IVec>,
}

/// What the database has under a key.
enum OnDisk {
    Nothing,
    This(IVec),
    /// Nobody has looked.
    Unknown,
}

/// Changes that belong together and are not made yet.
#[derive(Default)]
pub(crate) struct Changes(Vec<Change>);

struct Change {
    key: Key,
    value: Option<IVec>,
    /// The key was never there before.
    fresh: bool,
}

impl<'a> Overlay<'a> {
    pub(crate) fn over(disk: &'a Disk) -> Self {
        Self { disk, slots: HashMap::new(), changed_bytes: 0 }
    }

    /// What it lies over.
    pub(crate) fn disk(&self) -> &'a Disk {
        self.disk
    }

    /// How much is to be written, roughly.
    pub(crate) fn changed_bytes(&self) -> usize {
        self.changed_bytes
    }

    fn get(&mut self, key: &[u8]) -> Result<Option<IVec>, StoreError> {
        if let Some(slot) = self.slots.get(key) {
            return Ok(slot.now.clone());
        }
        let now = self.disk.get(key)?;
        let on_disk = now.clone().map_or(OnDisk::Nothing, OnDisk::This);
        self.slots.insert(key.to_vec(), Slot { on_disk, changed: false, now: now.clone() });
        Ok(now)
    }

    /// Whether a key is there, and its value what was written.
    pub(crate) fn contains(&mut self, key: &[u8]) -> Result<bool, StoreError> {
        match self.get(key)? {
            Some(value) => codec::unseal(key, &value).map(|_| true),
            None => Ok(false),
        }
    }

    pub(crate) fn load<T: Kept>(&mut self, key: &[u8]) -> Result<Option<T>, StoreError> {
        let Some(value) = self.get(key)? else { return Ok(None) };
        match codec::unseal(key, &value)? {
            Body::Whole(form, body) => codec::decode(key, form, body).map(Some),
            Body::InPieces(form, pieces) => {
                let body = pieces.join(|number| keys::piece(key, number), |piece| self.get(piece))?;
                codec::decode(key, form, &body).map(Some)
            }
        }
    }

    fn pieces_of(&mut self, key: &[u8]) -> Result<u32, StoreError> {
        let Some(value) = self.get(key)? else { return Ok(0) };
        Ok(match codec::unseal(key, &value)? {
            Body::Whole(..) => 0,
            Body::InPieces(_, pieces) => pieces.count,
        })
    }

    /// Puts a value in the place of the one before, if there was one.
    pub(crate) fn put<T: Kept>(&mut self, changes: &mut Changes, key: &[u8], value: &T) -> Result<(), StoreError> {
        let pieces_before = self.pieces_of(key)?;
        let pieces_now = changes.put(key, T::SHAPE, codec::encode(value)?, false)?;
        changes.remove_all((pieces_now..pieces_before).map(|number| keys::piece(key, number)));
        Ok(())
    }

    /// Removes a value.
    pub(crate) fn remove(&mut self, changes: &mut Changes, key: &[u8]) -> Result<(), StoreError> {
        let pieces = self.pieces_of(key)?;
        changes.remove_all((0..pieces).map(|number| keys::piece(key, number)).chain([key.to_vec()]));
        Ok(())
    }

    /// Makes changes. Cannot fail: a commit is taken as a whole or not at all.
    pub(crate) fn make(&mut self, changes: Changes) {
        for Change { key, value, fresh } in changes.0 {
            self.changed_bytes += key.len() + value.as_ref().map_or(0, |value| value.len());
            let on_disk = if fresh { OnDisk::Nothing } else { OnDisk::Unknown };
            let slot = self.slots.entry(key).or_insert(Slot { on_disk, changed: true, now: None });
            slot.now = value;
            slot.changed = true;
        }
    }

    /// All that is to be written, and what that does to the sum over everything; none where nothing is.
    pub(crate) fn into_batch(self, sum: &mut Sum) -> Result<Option<Batch>, StoreError> {
        let mut batch = None;
        for (key, slot) in self.slots.into_iter().filter(|(_, slot)| slot.changed) {
            let before = match slot.on_disk {
                OnDisk::Nothing => None,
                OnDisk::This(value) => Some(value),
                OnDisk::Unknown => self.disk.get(&key)?,
            };
            if let Some(before) = &before {
                sum.take(&key, before);
            }
            match slot.now {
                Some(value) => {
                    sum.add(&key, &value);
                    batch.get_or_insert_with(Batch::default).insert(key, value);
                }
                None if before.is_some() => batch.get_or_insert_with(Batch::default).remove(key),
                None => {}
            }
        }
        Ok(batch)
    }
}

impl Changes {
    /// Puts a value under a key that was never there: nothing has to be looked up.
    pub(crate) fn put_first<T: Kept>(&mut self, key: &[u8], value: &T) -> Result<(), StoreError> {
        self.put(key, T::SHAPE, codec::encode(value)?, true).map(drop)
    }

    /// Says how many pieces the body was put in.
    fn put(&mut self, key: &[u8], shape: Shape, body: Vec<u8>, fresh: bool) -> Result<u32, StoreError> {
        let (form, body) = Form::smallest(shape, body);
        if body.len() <= BODY_BYTES_MAX {
            self.push(key.to_vec(), codec::seal_as(key, form, &body), fresh);
            return Ok(0);
        }
        let pieces = Pieces::of(&body)?;
        self.push(key.to_vec(), codec::seal_pieces(key, form, pieces)?, fresh);
        self.put_pieces(&body, |number| keys::piece(key, number), fresh);
        Ok(pieces.count)
    }

    /// Puts a body in pieces under keys of its own.
    pub(crate) fn put_pieces(&mut self, body: &[u8], key_of: impl Fn(u32) -> Key, fresh: bool) {
        for (number, part) in (0..).zip(body.chunks(BODY_BYTES_MAX)) {
            let key = key_of(number);
            let value = codec::seal(&key, part);
            self.push(key, value, fresh);
        }
    }

    pub(crate) fn remove_all(&mut self, keys: impl Iterator<Item = Key>) {
        self.0.extend(keys.map(|key| Change { key, value: None, fresh: false }));
    }

    fn push(&mut self, key: Key, value: Vec<u8>, fresh: bool) {
        self.0.push(Change { key, value: Some(IVec::from(value)), fresh });
    }
}
