//! The lock on the store's folder: one program at a time.
//! sled has a lock of its own, but says nothing that helps whoever meets it.

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;

/// Held for the life of the store; the system frees it when the program ends, however it ends.
pub(crate) struct Lock(#[expect(dead_code, reason = "the handle holds the lock until it is dropped")] File);

/// Takes the lock; none where another program, or another store in this one, has it.
pub(crate) fn take(folder: &Path) -> io::Result<Option<Lock>> {
    let file = File::options().read(true).write(true).create(true).truncate(false).open(folder.join("LOCK"))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(Lock(file))),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}
