//! How much room the file system of a folder has, and whether it can be written to at all.
//! What is done where there is none is the matter of `open` and of the `writer`.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

/// The bytes that this user may still write; none where the system does not tell.
pub(crate) fn free_bytes(folder: &Path) -> Option<u64> {
    #[cfg(unix)]
    {
        let found = rustix::fs::statvfs(folder).ok()?;
        Some(found.f_bavail.saturating_mul(found.f_frsize))
    }
    #[cfg(not(unix))]
    {
        let _ = folder;
        None
    }
}

/// What is to be said where less is free than should stay free.
pub(crate) fn shortage(folder: &Path, free_bytes_min: u64) -> Option<String> {
    let free = free_bytes(folder).filter(|free| *free < free_bytes_min)?;
    Some(format!(
        "{}: only {free} bytes are free on its file system, and {free_bytes_min} are to stay free; make room there, the store goes on by itself then",
        folder.display()
    ))
}

/// Bytes of a probe. More than what a file system keeps beside its last block, and written in a moment.
const PROBE_BYTES: usize = 256 * 1024;

/// Writes a small file, syncs it and removes it: whether that works cannot be told by asking.
pub(crate) fn probe(folder: &Path) -> io::Result<()> {
    let path = folder.join("probe");
    let written = File::create(&path).and_then(|mut file| {
        file.write_all(&vec![0; PROBE_BYTES])?;
        file.sync_all()
    });
    let removed = std::fs::remove_file(&path);
    written.and(removed)
}
