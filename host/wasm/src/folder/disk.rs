//! The disk under a watched folder: listing, stamps and reading.
//! Decides nothing but which names are module files at all.

use std::ffi::OsString;
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use procession_engine::model::time::Timestamp;

use super::scan::{Content, Sighting, Stamp};

/// Files in a listing; a folder of more is not a definitions folder, and reading on would only take memory.
const FILES_MAX: usize = 10_000;

/// What a folder holds.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// The module files.
    pub(super) files: Vec<Sighting>,
    /// What looks like a module file and is none, and why.
    pub(super) skipped: Vec<(OsString, &'static str)>,
}

/// Module files are `*.wasm`. Dot files and names that end otherwise, as temporary ones do, are nobody's business.
pub(super) fn list(folder: &Path) -> io::Result<Listing> {
    let mut listing = Listing::default();
    for entry in fs::read_dir(folder)?.take(FILES_MAX) {
        let entry = entry?;
        let name = entry.file_name();
        if name.as_encoded_bytes().starts_with(b".") || !name.as_encoded_bytes().ends_with(b".wasm") {
            continue;
        }
        let name = match name.into_string() {
            Ok(name) => name,
            Err(name) => {
                listing.skipped.push((name, "its name is not UTF-8"));
                continue;
            }
        };
        // Through the path and not the entry, so that a link stands for the file that it points to.
        match fs::metadata(entry.path()) {
            Ok(metadata) if metadata.is_file() => listing.files.push(Sighting { name, stamp: Some(stamp(&metadata)) }),
            Ok(_) => listing.skipped.push((name.into(), "it is not a file")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(_) => listing.files.push(Sighting { name, stamp: None }),
        }
    }
    Ok(listing)
}

/// Reads a file whole, and its stamp before and after: bytes that changed meanwhile are not one file.
pub(super) fn read(folder: &Path, name: &str, bytes_max: usize) -> Content {
    match read_stamped(&folder.join(name), bytes_max) {
        Ok(content) => content,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Content::Changed,
        Err(error) => Content::Unreadable(format!("the file cannot be read: {error}")),
    }
}

fn read_stamped(path: &Path, bytes_max: usize) -> io::Result<Content> {
    let mut file = File::open(path)?;
    let before = stamp(&file.metadata()?);
    if before.bytes > bytes_max as u64 {
        return Ok(Content::Unreadable(format!("the file has {} bytes, the most is {bytes_max}", before.bytes)));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(before.bytes).unwrap_or_default());
    (&mut file).take(bytes_max as u64 + 1).read_to_end(&mut bytes)?;
    // By name again: a file that was replaced meanwhile is another one.
    let after = stamp(&fs::metadata(path)?);
    let is_one_file = before == after && bytes.len() as u64 == before.bytes;
    Ok(if is_one_file { Content::Bytes(before, bytes) } else { Content::Changed })
}

fn stamp(metadata: &Metadata) -> Stamp {
    Stamp { bytes: metadata.len(), modified: metadata.modified().ok(), inode: inode(metadata) }
}

#[cfg(unix)]
fn inode(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

#[cfg(not(unix))]
fn inode(_: &Metadata) -> u64 {
    0
}

pub(super) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
