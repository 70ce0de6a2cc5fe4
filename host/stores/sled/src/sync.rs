//! The sync to disk: what makes a write survive a power failure.
//! When it is called is the `writer`'s matter: once a group, before anybody hears of it.
//!
//! sled's own `flush` is none on Linux: it calls `sync_file_range`, which leaves out the file's length and the device's cache,
//! and it never syncs its `conf` file. So its data file is synced here by a handle of our own, everything else once after opening,
//! and in `ordered` the call that sled makes is itself made a sync.

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
    let file = data_file(folder);
    StoreError::Io(format!("{}: sync to disk: {why}; see that the disk works, and start the host again", file.display()))
}

/// Says that what the system has in memory of the data file may not be on the disk.
/// After a failed sync the system takes its pages for written; a program that starts again would read them and believe them.
fn doubts(folder: &Path) -> PathBuf {
    folder.join("sync-failed")
}

/// Takes note that a sync has failed. Written to the disk that has just failed, so perhaps in vain: but it need last no longer
/// than the system's memory, and if that is gone, so are the pages in doubt.
pub(crate) fn note_failure(folder: &Path, why: &StoreError) {
    if let Err(error) = std::fs::write(doubts(folder), why.to_string()) {
        tracing::error!(%error, "it could not be noted that a sync failed: restart the machine, not only the host");
    }
}

/// After a failed sync, lets the system forget what it has in memory of the data file, so that what is read next comes from the disk.
pub(crate) fn doubt(folder: &Path) -> io::Result<()> {
    if !doubts(folder).exists() {
        return Ok(());
    }
    tracing::warn!(folder = %folder.display(), "the last sync had failed; everything is read from the disk again");
    #[cfg(unix)]
    {
        let file = File::open(data_file(&crate::open::sled_folder(folder)))?;
        rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed)?;
    }
    Ok(())
}

/// What was in doubt has been read and synced.
pub(crate) fn trust(folder: &Path) -> io::Result<()> {
    match std::fs::remove_file(doubts(folder)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
