//! Opening: the folder, its lock, the database, and whether all that was durable is there.
//! Commits are taken only after all of that has been found right.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use procession_engine::ports::store::StoreError;

use crate::codec;
use crate::disk::Disk;
use crate::keys;
use crate::ledger::{LastGroup, Ledger};
use crate::lock::{self, Lock};
use crate::making;
use crate::mark::Mark;
use crate::room;
use crate::settings::Settings;
use crate::sync::{self, DataFile, DurableSync};

/// A store that cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another program has it open.
    #[error("another procession server uses the folder {folder}; stop it or choose another folder")]
    InUse {
        /// The folder.
        folder: PathBuf,
    },
    /// Something else stands at the path.
    #[error("{folder} is not a folder; choose another folder")]
    NotAFolder {
        /// The path.
        folder: PathBuf,
    },
    /// The operating system does not let us write there.
    #[error("the folder {folder} cannot be written to; give this user the right, or choose another folder")]
    ReadOnly {
        /// The folder.
        folder: PathBuf,
        /// What the operating system says.
        #[source]
        cause: io::Error,
    },
    /// The file system of the folder has no room.
    #[error("the file system of {folder} is full: {free_bytes} bytes are free; make some room there, or choose another folder")]
    NoRoom {
        /// The folder.
        folder: PathBuf,
        /// What is free.
        free_bytes: u64,
    },
    /// Something in the folder cannot be read or made.
    #[error("the store in {folder} cannot be read")]
    Unreadable {
        /// The folder.
        folder: PathBuf,
        /// What the operating system or the database says.
        #[source]
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
    /// What stands in the folder is not what was written.
    #[error("the store in {folder} is damaged; restore a backup")]
    Damaged {
        /// The folder.
        folder: PathBuf,
        /// What does not fit.
        #[source]
        cause: StoreError,
    },
    /// The end of the log is gone, although it was durable.
    #[error(
        "the store in {folder} has lost its end: it was durable up to position {marked_position} (group {marked_group}), \
         and ends at position {found_position} (group {found_group}); restore a backup, or remove the file \"high-water\" \
         in that folder to go on with what is left"
    )]
    CutShort {
        /// The folder.
        folder: PathBuf,
        /// Up to where the log was durable.
        marked_position: u64,
        /// The group that ended there.
        marked_group: u64,
        /// Where it ends now.
        found_position: u64,
        /// The last group that is there.
        found_group: u64,
    },
    /// A newer release has written it.
    #[error("the store in {folder} has format {found}, this release reads up to {known}; use the release that wrote it, or a newer one")]
    Format {
        /// The folder.
        folder: PathBuf,
        /// Its format.
        found: u32,
        /// The newest format that is known here.
        known: u32,
    },
}

/// What opening brings about.
pub(crate) struct Opened {
    pub(crate) database: Database,
    pub(crate) mark: Mark,
    pub(crate) lock: Lock,
}

/// A database that has been found right.
pub(crate) struct Database {
    pub(crate) disk: Disk,
    pub(crate) ledger: Ledger,
    pub(crate) sync: Box<dyn DurableSync>,
}

/// How long sled may take to let go of its files after a store in this very program was shut: its threads end a little later.
const LET_GO: Duration = Duration::from_secs(5);
/// With less than this free, whatever could not be written could not be written for want of room.
const ROOM_BYTES_MIN: u64 = 1024 * 1024;

pub(crate) fn open(folder: &Path, settings: &Settings) -> Result<Opened, OpenError> {
    let failed = |cause: io::Error| io_error(folder, cause);
    make_folder(folder)?;
    let lock = lock::take(folder).map_err(failed)?.ok_or_else(|| OpenError::InUse { folder: folder.to_owned() })?;
    let (mark, claimed) = Mark::open(folder).map_err(failed)?;
    let database = database(folder, settings, claimed)?;
    let LastGroup { number, position } = database.ledger.last;
    tracing::info!(folder = %folder.display(), position, group = number, "store opened");
    Ok(Opened { database, mark, lock })
}

/// Opens the database in a folder that is locked, and makes durable whatever is there.
/// `claimed` is the last group that is known to have been durable; a database without it is refused.
pub(crate) fn database(folder: &Path, settings: &Settings, claimed: LastGroup) -> Result<Database, OpenError> {
    let failed = |cause: io::Error| io_error(folder, cause);
    let sled_folder = sled_folder(folder);
    if !sled_folder.exists() {
        check_mark(folder, claimed, LastGroup::default())?;
        making::make(folder, settings)?;
    }
    making::tidy(&sled_folder).map_err(failed)?;
    sync::doubt(folder).map_err(failed)?;
    let disk = open_sled(&sled_folder, settings.cache_bytes).map_err(|cause| store_error(folder, cause))?;
    let is_new = check_format(&disk, folder)?;
    let mut ledger = Ledger::load(&disk).map_err(|cause| store_error(folder, cause))?;
    check_mark(folder, claimed, ledger.last)?;
    ledger.add_up(&disk, settings.check).map_err(|cause| store_error(folder, cause))?;
    if is_new {
        write_format(&disk).map_err(|cause| store_error(folder, cause))?;
    }
    sync::sync_tree(folder).map_err(failed)?;
    sync::trust(folder).map_err(failed)?;
    let data = DataFile::open(&sled_folder).map_err(failed)?;
    Ok(Database { disk, ledger, sync: Box::new(data) })
}

/// Where sled keeps its files.
pub(crate) fn sled_folder(folder: &Path) -> PathBuf {
    folder.join("sled")
}

fn make_folder(folder: &Path) -> Result<(), OpenError> {
    if folder.exists() && !folder.is_dir() {
        return Err(OpenError::NotAFolder { folder: folder.to_owned() });
    }
    let made = std::fs::create_dir_all(folder).and_then(|()| match folder.parent() {
        // The folder's own name must survive as well.
        Some(parent) if !parent.as_os_str().is_empty() => sync::sync_folder(parent),
        _ => Ok(()),
    });
    made.map_err(|cause| io_error(folder, cause))
}

pub(crate) fn open_sled(folder: &Path, cache_bytes: u64) -> Result<Disk, StoreError> {
    let begun = Instant::now();
    loop {
        match Disk::open(folder, cache_bytes) {
            // Our own lock is held, so this can only be an earlier store of this program.
            Err(StoreError::Io(why)) if why.contains("could not acquire lock") && begun.elapsed() < LET_GO => {
                std::thread::sleep(Duration::from_millis(2));
            }
            opened => return opened,
        }
    }
}

/// Whether the store is new.
fn check_format(disk: &Disk, folder: &Path) -> Result<bool, OpenError> {
    let failed = |cause| store_error(folder, cause);
    match disk.load::<u32>(keys::FORMAT_KEY).map_err(failed)? {
        Some(found) if found > keys::FORMAT => Err(OpenError::Format { folder: folder.to_owned(), found, known: keys::FORMAT }),
        Some(_) => Ok(false),
        None if disk.is_empty().map_err(failed)? => Ok(true),
        None => Err(failed(codec::damaged(keys::FORMAT_KEY, "it is missing"))),
    }
}

pub(crate) fn write_format(disk: &Disk) -> Result<(), StoreError> {
    let mut batch = sled::Batch::default();
    batch.insert(keys::FORMAT_KEY, codec::seal(keys::FORMAT_KEY, &codec::encode(&keys::FORMAT)?));
    disk.write(batch)
}

fn check_mark(folder: &Path, claimed: LastGroup, found: LastGroup) -> Result<(), OpenError> {
    if found.number >= claimed.number && found.position >= claimed.position {
        return Ok(());
    }
    Err(OpenError::CutShort {
        folder: folder.to_owned(),
        marked_position: claimed.position,
        marked_group: claimed.number,
        found_position: found.position,
        found_group: found.number,
    })
}

pub(crate) fn io_error(folder: &Path, cause: io::Error) -> OpenError {
    let folder = folder.to_owned();
    match cause.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            let free_bytes = room::free_bytes(&folder).unwrap_or(0);
            OpenError::NoRoom { folder, free_bytes }
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => OpenError::ReadOnly { folder, cause },
        io::ErrorKind::NotADirectory => OpenError::NotAFolder { folder },
        _ => OpenError::Unreadable { folder, cause: Box::new(cause) },
    }
}

pub(crate) fn store_error(folder: &Path, cause: StoreError) -> OpenError {
    // sled says what the system says, but not as something that a program can tell apart.
    let no_room = room::free_bytes(folder).filter(|free| matches!(cause, StoreError::Io(_)) && *free < ROOM_BYTES_MIN);
    let folder = folder.to_owned();
    if let Some(free_bytes) = no_room {
        return OpenError::NoRoom { folder, free_bytes };
    }
    match cause {
        StoreError::Damaged(_) => OpenError::Damaged { folder, cause },
        StoreError::Io(_) | StoreError::Closed(_) => OpenError::Unreadable { folder, cause: Box::new(cause) },
    }
}
