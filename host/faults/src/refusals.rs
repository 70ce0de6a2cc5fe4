//! What is to fail, as the control file says: `write ERRNO BYTES` or `sync ERRNO`, or nothing.
//! Which calls ask here is the matter of `calls`.
//!
//! `write 28 4096` lets 4,096 more bytes through and then answers every write with 28 (`ENOSPC`), and everything that makes or
//! opens a file for writing as well; `sync 5` answers every sync with 5 (`EIO`) although it was made.

use std::ffi::CString;

use libc::c_int;

/// What the control file says, and how far that has gone.
pub(crate) struct Refusals {
    control: Option<CString>,
    order: Vec<u8>,
    /// Bytes that went through since the order was given.
    passed: u64,
}

/// What a call does to the disk.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Call {
    Write,
    Sync,
}

impl Refusals {
    pub(crate) fn new(control: Option<CString>) -> Self {
        Self { control, order: Vec::new(), passed: 0 }
    }

    /// How many of these bytes may go through, or the error of the call.
    pub(crate) fn allowed(&mut self, call: Call, bytes: usize) -> Result<usize, c_int> {
        let Some(control) = &self.control else { return Ok(bytes) };
        let order = read(control);
        if order != self.order {
            (self.order, self.passed) = (order, 0);
        }
        let text = std::str::from_utf8(&self.order).unwrap_or_default();
        let mut words = text.split_whitespace();
        let (what, number) = (words.next(), words.next().and_then(|word| word.parse().ok()));
        match (what, call, number) {
            (Some("sync"), Call::Sync, Some(error)) => Err(error),
            (Some("write"), Call::Write, Some(error)) => {
                let limit: u64 = words.next().and_then(|word| word.parse().ok()).unwrap_or(0);
                let room = usize::try_from(limit.saturating_sub(self.passed)).unwrap_or(usize::MAX);
                if room == 0 {
                    return Err(error);
                }
                let through = bytes.min(room);
                self.passed += through as u64;
                Ok(through)
            }
            _ => Ok(bytes),
        }
    }
}

fn read(path: &CString) -> Vec<u8> {
    let mut bytes = [0_u8; 64];
    // SAFETY: the path ends with a zero byte, and the length is that of the buffer. Raw calls, so that nothing comes back here.
    let length = unsafe {
        let fd = libc::syscall(libc::SYS_openat, libc::AT_FDCWD, path.as_ptr(), libc::O_RDONLY | libc::O_CLOEXEC);
        if fd < 0 {
            return Vec::new();
        }
        let length = libc::syscall(libc::SYS_read, fd, bytes.as_mut_ptr(), bytes.len());
        libc::syscall(libc::SYS_close, fd);
        length
    };
    bytes[..usize::try_from(length).unwrap_or(0)].to_vec()
}
