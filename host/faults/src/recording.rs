//! How a record looks, and the file that it is added to.
//! Who reads it has its own copy of these numbers: this crate is never linked.
//!
//! A record is a kind (one byte), two numbers (eight bytes each), a text and data (each with its length in four bytes before it);
//! numbers are little-endian.

use libc::c_int;

/// What happened. The two numbers, the text and the data that belong to it stand behind each.
#[derive(Clone, Copy)]
#[repr(u8)]
pub(crate) enum Kind {
    /// fd, 1 if the file was made by this; path.
    Opened = 1,
    /// fd.
    Closed = 2,
    /// fd, the new fd.
    Doubled = 3,
    /// fd, offset; the bytes.
    Wrote = 4,
    /// fd, the new length.
    Cut = 5,
    /// fd, the number of the sync.
    SyncBegun = 6,
    /// fd, the number of the sync. Not written where it failed.
    Synced = 7,
    /// From, to (as data).
    Renamed = 8,
    /// Path.
    Removed = 9,
    /// Path.
    FolderMade = 10,
    /// What the program said on its standard output, as data.
    Said = 11,
    /// fd, of a file that can be written through memory from now on.
    Mapped = 12,
    /// fd, of a file that was changed by a call that is not modelled.
    Unknown = 13,
}

/// Adds a record to the end of the file.
pub(crate) fn add(file: c_int, kind: Kind, numbers: [u64; 2], text: &[u8], data: &[u8]) {
    let mut record = Vec::with_capacity(25 + text.len() + data.len());
    record.push(kind as u8);
    numbers.iter().for_each(|number| record.extend_from_slice(&number.to_le_bytes()));
    for part in [text, data] {
        // No single write is as large as that.
        record.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_le_bytes());
        record.extend_from_slice(part);
    }
    let mut rest = &record[..];
    while !rest.is_empty() {
        // SAFETY: the pointer and the length are those of a slice.
        let written = unsafe { libc::syscall(libc::SYS_write, file, rest.as_ptr(), rest.len()) };
        let Ok(written @ 1..) = usize::try_from(written) else {
            // A recording with a hole would prove what did not happen.
            std::process::abort();
        };
        rest = &rest[written..];
    }
}
