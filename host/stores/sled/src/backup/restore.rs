//! Putting a backup back: the file is checked from end to end first, then written beside the folder, opened, and only then given its name.
//! Whatever goes wrong, the folder is either not there or whole.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use super::BackupError;
use super::file::{Change, Header, Kind, Reader, Trailer, changes, damaged};
use crate::disk::Disk;
use crate::settings::Settings;
use crate::store::SledStore;
use crate::{keys, sync};

/// Bytes that are written at once.
const BATCH_BYTES: usize = 4 * 1024 * 1024;

/// A backup that was found whole, or put back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// The release that took it.
    pub release: String,
    /// When it was begun, in milliseconds since 1970.
    pub time_ms: u64,
    /// The last position of the log that it holds.
    pub position: u64,
    /// Keys that were copied into it.
    pub keys: u64,
    /// Groups of commits that were recorded meanwhile.
    pub groups: u64,
}

/// Reads a backup from end to end.
///
/// # Errors
/// [`BackupError`] says what is wrong with it, and where.
pub fn check(file: &Path) -> Result<Restored, BackupError> {
    let (header, trailer) = read(file, |_| Ok(()))?;
    let Header { release, time_ms, .. } = header;
    let Trailer { keys, groups, position } = trailer;
    Ok(Restored { release, time_ms, position, keys, groups })
}

/// Puts a backup into a folder that is empty or not there.
///
/// # Errors
/// [`BackupError`]; the folder is as it was then.
pub fn restore(file: &Path, folder: &Path) -> Result<Restored, BackupError> {
    let restored = check(file)?;
    if folder.exists() && std::fs::read_dir(folder).map_err(BackupError::io(folder.display().to_string()))?.next().is_some() {
        return Err(BackupError::NotEmpty { folder: folder.to_owned() });
    }
    let beside = beside(folder);
    // What an earlier try left behind is nobody's.
    remove(&beside)?;
    let done = fill(file, &beside).and_then(|()| put_in_place(&beside, folder));
    if done.is_err() {
        remove(&beside)?;
    }
    done.map(|()| restored)
}

fn beside(folder: &Path) -> PathBuf {
    let mut name = folder.as_os_str().to_owned();
    name.push(".restoring");
    PathBuf::from(name)
}

fn remove(folder: &Path) -> Result<(), BackupError> {
    if !folder.exists() {
        return Ok(());
    }
    std::fs::remove_dir_all(folder).map_err(BackupError::io(format!("cannot remove {}", folder.display())))
}

fn fill(file: &Path, folder: &Path) -> Result<(), BackupError> {
    let sled_folder = folder.join("sled");
    std::fs::create_dir_all(&sled_folder).map_err(BackupError::io(format!("cannot make {}", sled_folder.display())))?;
    let settings = Settings::default();
    let disk = Disk::open(&sled_folder, settings.cache_bytes)?;
    let mut filling = Filling { disk: &disk, batch: sled::Batch::default(), bytes: 0 };
    read(file, |record| filling.take(record))?;
    filling.write()?;
    drop(disk);
    // Opening finds out whether the end of the log is where the last group left it, and syncs everything; closing sets the high-water mark.
    let store = SledStore::open(folder, settings)?;
    store.close();
    Ok(())
}

fn put_in_place(beside: &Path, folder: &Path) -> Result<(), BackupError> {
    let failed = |what: &str| BackupError::io(format!("{what} {}", folder.display()));
    sync::sync_tree(beside).map_err(failed("cannot sync"))?;
    if folder.exists() {
        std::fs::remove_dir(folder).map_err(failed("cannot replace"))?;
    }
    std::fs::rename(beside, folder).map_err(failed("cannot give its name to"))?;
    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty());
    sync::sync_folder(parent.unwrap_or(Path::new("."))).map_err(failed("cannot sync the folder of"))
}

/// What is written next.
struct Filling<'a> {
    disk: &'a Disk,
    batch: sled::Batch,
    bytes: usize,
}

impl Filling<'_> {
    fn take(&mut self, changes: &[Change<'_>]) -> Result<(), BackupError> {
        for (key, value) in changes {
            self.bytes += key.len() + value.map_or(0, <[u8]>::len);
            match value {
                Some(value) => self.batch.insert(*key, *value),
                None => self.batch.remove(*key),
            }
        }
        if self.bytes > BATCH_BYTES { self.write() } else { Ok(()) }
    }

    fn write(&mut self) -> Result<(), BackupError> {
        self.bytes = 0;
        Ok(self.disk.write(std::mem::take(&mut self.batch))?)
    }
}

/// Goes through a backup record by record.
fn read(path: &Path, mut each: impl FnMut(&[Change<'_>]) -> Result<(), BackupError>) -> Result<(Header, Trailer), BackupError> {
    let file = File::open(path).map_err(BackupError::io(format!("cannot open {}", path.display())))?;
    let (mut reader, header) = Reader::begin(BufReader::with_capacity(1024 * 1024, file))?;
    if header.layout > keys::FORMAT {
        return Err(BackupError::Newer { what: "a store of format", found: header.layout, known: keys::FORMAT });
    }
    let mut found = Trailer::default();
    loop {
        let at = reader.at();
        let (kind, body) = reader.next()?;
        if kind == Kind::Trailer {
            let trailer = reader.end(&body)?;
            if (trailer.keys, trailer.groups) != (found.keys, found.groups) {
                let Trailer { keys, groups, .. } = found;
                let what = format!("{} keys and {} groups were written, {keys} and {groups} are there", trailer.keys, trailer.groups);
                return Err(damaged(at, what));
            }
            return Ok((header, trailer));
        }
        let changes = changes(&body).ok_or_else(|| damaged(at, "a record cannot be read"))?;
        match kind {
            Kind::Copy => found.keys += changes.len() as u64,
            Kind::Group => found.groups += 1,
            Kind::Header | Kind::Trailer => return Err(damaged(at, "a second header")),
        }
        each(&changes)?;
    }
}
