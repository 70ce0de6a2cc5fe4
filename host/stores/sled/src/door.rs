//! The door to the database: where reads come in. It is shut while what they would see is not what was acknowledged.
//! Who shuts it and why is the `writer`'s matter.

use std::sync::{Arc, PoisonError, RwLock};

use procession_engine::ports::store::StoreError;

use crate::disk::Disk;

/// The door to the database.
pub(crate) struct Door(RwLock<Result<Arc<Disk>, String>>);

impl Door {
    pub(crate) fn new(disk: Arc<Disk>) -> Self {
        Self(RwLock::new(Ok(disk)))
    }

    /// The database; while the door is shut, the reason.
    pub(crate) fn disk(&self) -> Result<Arc<Disk>, StoreError> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone().map_err(StoreError::Io)
    }

    /// From now on nobody comes in; reads that are inside come to their end.
    pub(crate) fn shut(&self, why: String) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Err(why);
    }

    /// Lets everybody in again.
    pub(crate) fn open(&self, disk: Arc<Disk>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Ok(disk);
    }
}
