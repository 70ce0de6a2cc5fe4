//! The order in which sled's changes reach the disk, where it takes something for durable that is not.
//! What is acknowledged never rests on this alone: the `writer` syncs by itself as well.
//!
//! **Writes.** sled uses a part of its file again when the newer copies of what stood there are *stable*, and for Linux it takes
//! `sync_file_range` for that. After a power failure the new use may be on the disk and the newer copies not; then what was acknowledged
//! long ago is gone. It happens where a large group, or sled's own tidying up, fills more than a segment between two of our syncs.
//!
//! **Names.** When sled opens, it writes a snapshot, renames it, and clears the parts of its file that only the snapshot before needed.
//! The name is not synced; after a power failure the parts may be cleared and the new snapshot have no name.
//!
//! Both were found by simulated power failures, and sled has no hook for either. So the two functions that it calls are given here, under
//! their C names, and do what they are taken for: the linker takes them before those of the C library, for the whole program.
//! Whoever else calls them gets no less than was asked for. The road not taken is a copy of sled with these two lines changed.

#[cfg(target_os = "linux")]
mod linux {
    #![allow(unsafe_code, reason = "it stands in the place of a function of the C library for whoever calls it by that name")]

    use std::ffi::{CStr, OsStr, c_char, c_int, c_uint};
    use std::fs::File;
    use std::mem::ManuallyDrop;
    use std::os::fd::FromRawFd as _;
    use std::os::unix::ffi::OsStrExt as _;
    use std::path::Path;

    /// The folder that the program works in, for calls that take a folder.
    const WORKING_FOLDER: c_int = -100;

    unsafe extern "C" {
        fn renameat(from_folder: c_int, from: *const c_char, to_folder: c_int, to: *const c_char) -> c_int;
    }

    /// Syncs a file's data and length: more than `sync_file_range` asks for, so that nobody who calls it is given less.
    ///
    /// # Safety
    /// As for the function of the C library: `fd` is open, or the call fails.
    #[unsafe(no_mangle)]
    pub(super) unsafe extern "C" fn sync_file_range(fd: c_int, _offset: i64, _bytes: i64, _flags: c_uint) -> c_int {
        // SAFETY: the caller's descriptor is borrowed for the call and not closed.
        let file = ManuallyDrop::new(unsafe { File::from_raw_fd(fd) });
        // std leaves the number of the error where the caller looks for it.
        if file.sync_data().is_ok() { 0 } else { -1 }
    }

    /// Renames; the new name of a snapshot is durable when this returns.
    ///
    /// # Safety
    /// As for the function of the C library: both names are texts with a zero byte at their ends.
    #[unsafe(no_mangle)]
    pub(super) unsafe extern "C" fn rename(from: *const c_char, to: *const c_char) -> c_int {
        // SAFETY: as the caller promises.
        let renamed = unsafe { renameat(WORKING_FOLDER, from, WORKING_FOLDER, to) };
        // SAFETY: as the caller promises, and the system has just read it.
        let to = Path::new(OsStr::from_bytes(unsafe { CStr::from_ptr(to) }.to_bytes()));
        let is_snapshot = to.file_name().is_some_and(|name| name.as_bytes().starts_with(b"snap."));
        match to.parent().filter(|_| renamed == 0 && is_snapshot) {
            Some(folder) if crate::sync::sync_folder(folder).is_err() => -1,
            _ => renamed,
        }
    }
}

/// Makes the linker take the functions above.
pub(crate) fn hold() {
    #[cfg(target_os = "linux")]
    std::hint::black_box((linux::sync_file_range as *const (), linux::rename as *const ()));
}
