//! The order in which sled's writes reach the disk, between two syncs of ours.
//! What is acknowledged never rests on this alone: the `writer` syncs by itself as well.
//!
//! sled uses a part of its file again when the newer copies of what stood there are *stable*, and for Linux it takes `sync_file_range`
//! for that. After a power failure the new use may be on the disk and the newer copies not; then what was acknowledged long ago is gone.
//! It may happen where a large group, or sled's own tidying up, fills more than a segment between two of our syncs.
//! sled has no hook for this. So the function that it calls is given here, under its C name, and is a full `fdatasync`:
//! the linker takes it before the one of the C library. The road not taken is a copy of sled with this one line changed.

#[cfg(target_os = "linux")]
mod linux {
    #![allow(unsafe_code, reason = "it stands in the place of a function of the C library for whoever calls it by that name")]

    use std::ffi::{c_int, c_uint};
    use std::fs::File;
    use std::mem::ManuallyDrop;
    use std::os::fd::FromRawFd as _;

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
}

/// Makes the linker take the function above.
pub(crate) fn hold() {
    #[cfg(target_os = "linux")]
    std::hint::black_box(linux::sync_file_range as *const ());
}
