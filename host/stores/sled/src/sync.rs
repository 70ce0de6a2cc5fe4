//! The sync to disk: what makes a write survive a power failure.
//! When it is called is the `writer`'s matter: once a group, before anybody hears of it.
//!
//! sled's own `flush` is none on Linux: it calls `sync_file_range`, which leaves out the file's length and the device's cache,
//! and it never syncs its `conf` file. So its data file is synced here by a handle of our own, and everything else once after opening.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use procession_engine::ports::store::StoreError;

/// Makes what was written so far durable.
pub(crate) trait DurableSync: Send {
    /// Returns when it is.
    fn sync(&mut self) -> io::Result<()>;
}

/// sled's data file.
pub(crate) struct DataFile(File);

impl DurableSync for DataFile {
    fn sync(&mut self) -> io::Result<()> {
        self.0.sync_data()
    }
}

/// Where sled keeps its data.
pub(crate) fn data_file(sled_folder: &Path) -> PathBuf {
    sled_folder.join("db")
}

impl DataFile {
    pub(crate) fn open(sled_folder: &Path) -> io::Result<Self> {
        // Some systems sync only what was opened for writing.
        File::options().read(true).write(true).open(data_file(sled_folder)).map(Self)
    }
}

/// Syncs all files and folders below a folder, and the folder itself.
pub(crate) fn sync_tree(folder: &Path) -> io::Result<()> {
    for found in std::fs::read_dir(folder)? {
        let found = found?;
        if found.file_type()?.is_dir() {
            sync_tree(&found.path())?;
        } else {
            File::options().read(true).write(true).open(found.path())?.sync_all()?;
        }
    }
    sync_folder(folder)
}

/// Makes the names in a folder durable. Only Unix has such a call; elsewhere the file system keeps names itself.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// The error of a sync that failed. After one, the system may have thrown the unwritten pages away: trying again would prove nothing.
pub(crate) fn failed(folder: &Path, why: &io::Error) -> StoreError {
    StoreError::Io(format!("{}: sync to disk: {why}", data_file(folder).display()))
}
