//! A batch: all that one group changes, as keys and what they hold from now on.
//! sled's own batch cannot be read, and a backup that is being taken must see what was written.

use sled::IVec;

use crate::keys::Key;

/// All that one group changes. Every change is absolute: what was there before does not matter.
#[derive(Default)]
pub(crate) struct Batch(Vec<(Key, Option<IVec>)>);

impl Batch {
    pub(crate) fn insert(&mut self, key: impl Into<Key>, value: impl Into<IVec>) {
        self.0.push((key.into(), Some(value.into())));
    }

    pub(crate) fn remove(&mut self, key: impl Into<Key>) {
        self.0.push((key.into(), None));
    }

    /// The changes, in order.
    pub(crate) fn changes(&self) -> &[(Key, Option<IVec>)] {
        &self.0
    }

    /// As sled takes it.
    pub(crate) fn to_sled(&self) -> sled::Batch {
        let mut batch = sled::Batch::default();
        for (key, value) in &self.0 {
            match value {
                Some(value) => batch.insert(key.as_slice(), value),
                None => batch.remove(key.as_slice()),
            }
        }
        batch
    }
}
