//! Backups: the whole store in one checksummed file, taken while the store works, and put back into an empty folder.
//! The file's format is told in `docs/backup-format.md`, and written and read in `file`.

pub(crate) mod file;

mod restore;
mod take;

pub use restore::{Restored, check, restore};
pub use take::Taken;

/// A backup that was not taken, or not put back.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The file could not be written or read.
    #[error("{what}: {cause}")]
    Io {
        /// What was tried, and where.
        what: String,
        /// What the system says.
        #[source]
        cause: std::io::Error,
    },
    /// The store could not be read.
    #[error(transparent)]
    Store(#[from] procession_engine::ports::store::StoreError),
    /// The store went on without the backup.
    #[error("the backup was given up: {0}")]
    GivenUp(&'static str),
    /// The file is not what was written.
    #[error("the backup cannot be used: at byte {at}, {what}; nothing was restored")]
    Damaged {
        /// Where in the file.
        at: u64,
        /// What does not fit.
        what: String,
    },
    /// A newer release has written it.
    #[error("the backup has {what} {found}, this release reads up to {known}; use the release that wrote it, or a newer one")]
    Newer {
        /// What is newer: the format of the file, or the layout of the store in it.
        what: &'static str,
        /// Its number.
        found: u32,
        /// The newest that is known here.
        known: u32,
    },
    /// Something stands where the store is to be.
    #[error("{folder} is not empty; a backup is restored into an empty folder only")]
    NotEmpty {
        /// The folder.
        folder: std::path::PathBuf,
    },
    /// What was restored does not open.
    #[error("what the backup holds does not open; nothing was restored")]
    Open(#[from] crate::OpenError),
}

impl BackupError {
    fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        |cause| Self::Io { what, cause }
    }
}
