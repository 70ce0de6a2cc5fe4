//! Paths as programs give them: absolute, below the working folder, or below an open folder.
//! Nothing here touches the disk but the question whether a name is there.

use std::ffi::CStr;
use std::os::unix::ffi::OsStrExt as _;

use libc::{c_char, c_int};

/// The absolute path that a call means; none where that cannot be told.
///
/// # Safety
/// The path must be a text with a zero byte at its end, as the C library asks for as well.
pub(crate) unsafe fn absolute(folder_of: impl Fn(c_int) -> Option<Vec<u8>>, at: c_int, path: *const c_char) -> Option<Vec<u8>> {
    // SAFETY: as the caller promises.
    let path = unsafe { CStr::from_ptr(path) }.to_bytes();
    if path.starts_with(b"/") {
        return Some(path.to_vec());
    }
    let folder = match at {
        libc::AT_FDCWD => std::env::current_dir().ok()?.as_os_str().as_bytes().to_vec(),
        at => folder_of(at)?,
    };
    Some([&folder, b"/".as_slice(), path].concat())
}

/// Whether something has this name.
///
/// # Safety
/// As for [`absolute`].
pub(crate) unsafe fn exists(at: c_int, path: *const c_char) -> bool {
    // SAFETY: as the caller promises.
    unsafe { libc::syscall(libc::SYS_faccessat, at, path, libc::F_OK) == 0 }
}
