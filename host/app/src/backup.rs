//! Backups of a host: taken while it serves, put back into an empty data folder.
//! How a backup holds one moment although commits go on is said in the store; the file's format, in `docs/backup-format.md`.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use procession_engine::ports::clock::Clock;
use procession_store_sled::{BackupError as StoreBackupError, SledStore};
pub use procession_store_sled::{Restored, Taken};

use crate::error::told;
use crate::start::STORE;

/// A backup that was not taken, not checked or not put back. The text says what and where.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The backup cannot be used, or its place is taken: nothing was changed.
    #[error("{0}")]
    Refused(String),
    /// Reading or writing failed, or the store went on without the backup.
    #[error("{0}")]
    Failed(String),
}

impl From<StoreBackupError> for BackupError {
    fn from(error: StoreBackupError) -> Self {
        let text = told(&error);
        match error {
            StoreBackupError::Damaged { .. } | StoreBackupError::Newer { .. } | StoreBackupError::NotEmpty { .. } => Self::Refused(text),
            StoreBackupError::Io { .. } | StoreBackupError::Store(_) | StoreBackupError::GivenUp(_) | StoreBackupError::Open(_) => {
                Self::Failed(text)
            }
        }
    }
}

/// Takes backups of the store that a host works on.
#[derive(Clone)]
pub(crate) struct Backups {
    /// None where everything is in memory only.
    store: Option<Arc<SledStore>>,
    clock: Arc<dyn Clock>,
}

impl Backups {
    pub(crate) fn of(store: Option<Arc<SledStore>>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// Whether there is anything to take a backup of.
    pub(crate) fn are_possible(&self) -> bool {
        self.store.is_some()
    }

    /// Writes a backup. Blocks while it does.
    pub(crate) fn write(&self, out: &mut dyn Write) -> Result<Taken, BackupError> {
        let nothing = || BackupError::Refused("this host keeps everything in memory; there is nothing to take a backup of".to_owned());
        let store = self.store.as_ref().ok_or_else(nothing)?;
        Ok(store.backup(out, self.clock.now().0, env!("CARGO_PKG_VERSION"))?)
    }
}

/// Puts a file in its place only once it is whole, so that a name never stands for half a backup.
pub struct Unfinished {
    file: BufWriter<File>,
    beside: PathBuf,
    place: PathBuf,
}

impl Unfinished {
    /// Begins a file beside its place.
    ///
    /// # Errors
    /// What the system says.
    pub fn begin(place: &Path) -> Result<Self, BackupError> {
        let mut name = place.as_os_str().to_owned();
        name.push(".unfinished");
        let beside = PathBuf::from(name);
        let file = File::create(&beside).map_err(|error| BackupError::Failed(format!("cannot write {}: {error}", beside.display())))?;
        Ok(Self { file: BufWriter::with_capacity(1024 * 1024, file), beside, place: place.to_owned() })
    }

    /// Checks the file from end to end, makes it durable and gives it its name.
    ///
    /// # Errors
    /// [`BackupError`]; nothing stands in the place then that did not stand there before.
    pub fn finish(mut self) -> Result<Restored, BackupError> {
        let failed = |what: &str, error: &io::Error| BackupError::Failed(format!("cannot {what} {}: {error}", self.beside.display()));
        self.file.flush().and_then(|()| self.file.get_ref().sync_all()).map_err(|error| failed("sync", &error))?;
        let found = procession_store_sled::check(&self.beside)?;
        std::fs::rename(&self.beside, &self.place).map_err(|error| failed("rename", &error))?;
        let parent = self.place.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if cfg!(unix) {
            File::open(parent).and_then(|folder| folder.sync_all()).map_err(|error| failed("sync the folder of", &error))?;
        }
        Ok(found)
    }
}

impl Write for Unfinished {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // It is gone where it was finished.
        let _ = std::fs::remove_file(&self.beside);
    }
}

/// Puts a backup into a data folder that is empty or not there. The host that is then started on it carries on everything that was pending.
///
/// # Errors
/// [`BackupError`] says what is wrong with the file, and where, or with the folder; the folder has no store then.
pub fn restore(file: &Path, data: &Path) -> Result<Restored, BackupError> {
    let failed = |error: io::Error| BackupError::Failed(format!("{}: {error}", data.display()));
    let found = procession_store_sled::check(file)?;
    // What an earlier try left behind does not count.
    let is_ours = |name: &std::ffi::OsStr| name == format!("{STORE}.restoring").as_str();
    if data.exists() {
        for entry in std::fs::read_dir(data).map_err(failed)? {
            if !is_ours(&entry.map_err(failed)?.file_name()) {
                return Err(BackupError::Refused(format!(
                    "{} is not empty; a backup is restored into an empty folder only",
                    data.display()
                )));
            }
        }
    }
    std::fs::create_dir_all(data).map_err(failed)?;
    procession_store_sled::restore(file, &data.join(STORE))?;
    Ok(found)
}
