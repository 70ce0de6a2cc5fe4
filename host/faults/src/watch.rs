//! The one watch of a program: which files it has open below the folder, the recording, the refusals.
//! Its lock is held during a call, so that records stand in the order in which things happened.

use std::collections::HashMap;
use std::ffi::CString;
use std::os::unix::ffi::OsStringExt;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use libc::c_int;

use crate::recording::{self, Kind};
use crate::refusals::Refusals;

/// What is known of the program's files.
pub(crate) struct Watch {
    folder: Vec<u8>,
    record: Option<c_int>,
    open: HashMap<c_int, Vec<u8>>,
    syncs: u64,
    pub(crate) refusals: Refusals,
}

static WATCH: OnceLock<Option<Mutex<Watch>>> = OnceLock::new();

/// The watch, locked; none where the environment asks for none.
pub(crate) fn watch() -> Option<MutexGuard<'static, Watch>> {
    let watch = WATCH.get_or_init(|| Watch::of_environment().map(Mutex::new)).as_ref()?;
    Some(watch.lock().unwrap_or_else(PoisonError::into_inner))
}

impl Watch {
    fn of_environment() -> Option<Self> {
        let said = |name: &str| std::env::var_os(name).map(OsStringExt::into_vec);
        let path = |name: &str| said(name).and_then(|bytes| CString::new(bytes).ok());
        let record = path("PROCESSION_FAULTS_RECORD").map(|path| {
            let flags = libc::O_WRONLY | libc::O_CREAT | libc::O_APPEND | libc::O_CLOEXEC;
            // SAFETY: the path ends with a zero byte. A raw call, so that nothing comes back here.
            let fd = unsafe { libc::syscall(libc::SYS_openat, libc::AT_FDCWD, path.as_ptr(), flags, 0o644) };
            c_int::try_from(fd).unwrap_or(-1)
        });
        let refusals = Refusals::new(path("PROCESSION_FAULTS_CONTROL"));
        Some(Self { folder: said("PROCESSION_FAULTS_FOLDER")?, record, open: HashMap::new(), syncs: 0, refusals })
    }

    /// Whether a path is one of those that are watched.
    pub(crate) fn covers(&self, path: &[u8]) -> bool {
        path.strip_prefix(self.folder.as_slice()).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
    }

    pub(crate) fn path_of(&self, fd: c_int) -> Option<Vec<u8>> {
        self.open.get(&fd).cloned()
    }

    pub(crate) fn has(&self, fd: c_int) -> bool {
        self.open.contains_key(&fd)
    }

    pub(crate) fn opened(&mut self, fd: c_int, path: Vec<u8>, made: Made) {
        self.add(Kind::Opened, fd, u64::from(made == Made::Now), &path, &[]);
        self.open.insert(fd, path);
    }

    pub(crate) fn doubled(&mut self, fd: c_int, new: c_int) {
        if let Some(path) = self.path_of(fd) {
            self.add(Kind::Doubled, fd, number(new), &[], &[]);
            self.open.insert(new, path);
        }
    }

    pub(crate) fn closed(&mut self, fd: c_int) {
        if self.open.remove(&fd).is_some() {
            self.add(Kind::Closed, fd, 0, &[], &[]);
        }
    }

    /// The number of a sync that begins.
    pub(crate) fn sync_begins(&mut self, fd: c_int) -> u64 {
        self.syncs += 1;
        self.add(Kind::SyncBegun, fd, self.syncs, &[], &[]);
        self.syncs
    }

    pub(crate) fn add(&self, kind: Kind, fd: c_int, second: u64, text: &[u8], data: &[u8]) {
        if let Some(file) = self.record {
            recording::add(file, kind, [number(fd), second], text, data);
        }
    }
}

/// Whether a file was there before it was opened.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Made {
    Now,
    Before,
}

fn number(fd: c_int) -> u64 {
    u64::try_from(fd).unwrap_or(u64::MAX)
}
