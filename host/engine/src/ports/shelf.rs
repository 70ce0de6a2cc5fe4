//! The module shelf port: modules' bytes and their life, kept beside the streams that are pinned to them.
//! Checking and compiling a module is the runtime's matter.

use serde::{Deserialize, Serialize};

use super::store::StoreError;
use crate::model::id::Digest;
use crate::model::manifest::Manifest;
use crate::model::time::Timestamp;

/// Keeps modules by digest.
pub trait Shelf: Send + Sync {
    /// All modules that were ever accepted, oldest first.
    ///
    /// # Errors
    /// [`StoreError`] where the store cannot be read.
    fn modules(&self) -> Result<Vec<ModuleRecord>, StoreError>;

    /// The bytes of a module; none where the shelf does not have it.
    ///
    /// # Errors
    /// [`StoreError`] where the store cannot be read, or where the bytes are not those that were put there.
    fn bytes(&self, module: &Digest) -> Result<Option<Vec<u8>>, StoreError>;

    /// Puts a module, or the change of one (then without bytes); returns when it is durable.
    ///
    /// # Errors
    /// [`StoreError`] where nothing was kept.
    fn put(&self, record: &ModuleRecord, bytes: Option<&[u8]>) -> Result<(), StoreError>;

    /// Lets go of a module's bytes where no stream is on it, and keeps this record of it; returns when that is durable.
    /// False where a stream is on it: then nothing has changed. From then on a commit that puts a stream on it is refused,
    /// until its bytes are put again.
    ///
    /// # Errors
    /// [`StoreError`] where nothing was changed.
    fn remove(&self, record: &ModuleRecord) -> Result<bool, StoreError>;

    /// How many streams are on each module; a module without any may be left out.
    ///
    /// # Errors
    /// [`StoreError`] where the store cannot be read.
    fn tallies(&self) -> Result<Vec<(Digest, Tally)>, StoreError>;
}

/// What is known of a module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModuleRecord {
    /// Its name.
    pub digest: Digest,
    /// What it says of itself.
    pub manifest: Manifest,
    /// Where it is in its life.
    pub state: ModuleState,
    /// Since when it is in that state.
    pub since: Timestamp,
    /// When it was first accepted.
    pub deployed_at: Timestamp,
    /// The file in the definitions folder that holds these bytes now; none where it came by another way or the file is gone.
    pub file: Option<String>,
    /// Its size in bytes.
    pub size: u64,
}

/// Where a module is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ModuleState {
    /// Takes new processes.
    Active,
    /// Only carries on what is under way.
    Draining {
        /// Why.
        because: DrainReason,
    },
    /// Kept and ready, and has never taken a process: it waits for somebody to activate it.
    Checked,
    /// Its bytes are gone, because nothing was on it. The record stays, since histories may name it.
    Removed,
}

/// Why a module takes no new processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DrainReason {
    /// New bytes came for its category.
    Superseded,
    /// Its file was removed from the definitions folder.
    FileRemoved,
    /// An operator asked for it.
    Operator,
    /// An operator went back to the module before it.
    RolledBack,
}

/// How many streams are on a module.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Streams that have not ended.
    pub pending: u64,
    /// Streams that have ended.
    pub finished: u64,
}
