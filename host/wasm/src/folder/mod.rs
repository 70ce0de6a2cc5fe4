//! The watched definitions folder: what is dropped into it is deployed, what is removed from it drains.
//! What to do with which file is decided in `scan`, without a disk; the thread lives in `watch`.
//!
//! The folder is polled. Notifications of the system would be quicker, but they are missing on network folders
//! and in many containers, and a poll of a folder with a dozen files costs microseconds.

mod disk;
mod scan;
mod under_way;
mod watch;

use std::collections::HashSet;
use std::ffi::OsString;
use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use procession_engine::model::id::{Category, Digest};
use procession_engine::model::time::Timestamp;

use disk::Listing;
use scan::{Came, Pace, Scan, Verdict};
use under_way::UnderWay;
pub use watch::Watch;

/// How often a folder is looked at where nobody says otherwise: a file is taken after two looks, so within half a second.
pub const INTERVAL: Duration = Duration::from_millis(200);

/// How long a look waits for one deploy; known bytes, and small modules of compiled languages, take less.
const PATIENCE: Duration = Duration::from_millis(500);

/// What becomes of the files; the program that embeds the host implements it by calling the engine.
pub trait Deploy: Send + Sync {
    /// Takes a whole file. May take long; other files are taken meanwhile, on other threads.
    /// Known bytes must be taken again without harm: a file that comes back, or a second name for the same bytes.
    ///
    /// # Errors
    /// [`Refusal`] says why, and when to try again.
    fn deploy(&self, file: &str, bytes: &[u8]) -> Result<Deployed, Refusal>;

    /// A file is gone. If it was renamed, its new name has been deployed before.
    fn removed(&self, file: &str);

    /// A file was refused; said once for every change of the file or of the reason.
    fn refused(&self, file: &str, reason: &str);
}

/// A file that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployed {
    /// What it says it is.
    pub category: Category,
    /// What it is.
    pub digest: Digest,
}

/// A file that was not taken; the text is the reason, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The bytes are at fault: tried again when they change.
    Broken(String),
    /// Another file or definition stands in the way, such as one that claims the same category; the text names both.
    /// Tried again when another file of the folder changes or goes.
    Clash(String),
    /// The host is at fault, such as a full disk: tried again after some seconds.
    Later(String),
}

/// A file of the folder that is refused at present.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedFile {
    /// Its name.
    pub file: String,
    /// Why.
    pub reason: String,
    /// Since when.
    pub since: Timestamp,
}

/// A folder that cannot be watched.
#[derive(Debug, thiserror::Error)]
#[error("{path} cannot be read or watched")]
pub struct FolderError {
    path: PathBuf,
    #[source]
    cause: io::Error,
}

/// A definitions folder. Clones look at the same one.
#[derive(Clone)]
pub struct Folder {
    inner: Arc<Inner>,
}

struct Inner {
    path: PathBuf,
    module_bytes_max: usize,
    deploy: Arc<dyn Deploy>,
    /// Deploys that take long. Used within a pass only.
    under_way: Mutex<UnderWay>,
    /// Held for a whole pass, so that two passes never deploy at the same time.
    scan: Mutex<Scan>,
    /// Kept apart from the scan, so that a list can be had while a module compiles.
    refused: Mutex<Vec<RefusedFile>>,
    vanished: AtomicBool,
    /// What was told to be skipped; a folder is looked at five times a second, its log lines are not.
    skipped: Mutex<HashSet<OsString>>,
}

impl Folder {
    /// Opens a folder that exists; nothing is taken from it yet. Files larger than `module_bytes_max` are refused unread.
    ///
    /// # Errors
    /// [`FolderError`] where the folder is missing or cannot be read.
    pub fn open(path: impl Into<PathBuf>, module_bytes_max: usize, deploy: Box<dyn Deploy>) -> Result<Self, FolderError> {
        let path = path.into();
        if let Err(cause) = disk::list(&path) {
            return Err(FolderError { path, cause });
        }
        let inner = Inner {
            path,
            module_bytes_max,
            deploy: Arc::from(deploy),
            under_way: Mutex::default(),
            scan: Mutex::default(),
            refused: Mutex::default(),
            vanished: AtomicBool::new(false),
            skipped: Mutex::default(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The names of the module files that are there now, taken or not. Before the first scan it tells which removals happened unseen.
    ///
    /// # Errors
    /// [`FolderError`] where the folder cannot be read.
    pub fn names(&self) -> Result<Vec<String>, FolderError> {
        let listing = disk::list(&self.inner.path).map_err(|cause| FolderError { path: self.inner.path.clone(), cause })?;
        Ok(listing.files.into_iter().map(|file| file.name).collect())
    }

    /// Takes everything that is whole now, and returns when that is done; for the start, before anything is served.
    pub fn scan_once(&self) {
        self.inner.pass(Pace::AtOnce);
    }

    /// Looks at the folder every `interval` on a thread of its own until the handle is dropped.
    ///
    /// # Errors
    /// [`FolderError`] where the system gives no thread.
    pub fn watch(&self, interval: Duration) -> Result<Watch, FolderError> {
        Watch::start(self.inner.clone(), interval).map_err(|cause| FolderError { path: self.inner.path.clone(), cause })
    }

    /// The files that are refused at present, by name.
    #[must_use]
    pub fn refused(&self) -> Vec<RefusedFile> {
        locked(&self.inner.refused).clone()
    }
}

impl Inner {
    /// One look at the folder. A panic in the deploy ends this pass and not the watching.
    fn pass(&self, pace: Pace) {
        if panic::catch_unwind(AssertUnwindSafe(|| self.look(pace))).is_err() {
            tracing::error!(folder = %self.path.display(), "deploying a file panicked; the folder is watched further");
        }
        *locked(&self.refused) = locked(&self.scan).refused();
    }

    fn look(&self, pace: Pace) {
        let listing = match disk::list(&self.path) {
            Ok(listing) => listing,
            Err(error) => {
                // Not the removal of all files: a network folder that is away must not drain every definition.
                if !self.vanished.swap(true, Ordering::Relaxed) {
                    tracing::error!(folder = %self.path.display(), %error, "definitions folder cannot be read; waiting for it");
                }
                return;
            }
        };
        if self.vanished.swap(false, Ordering::Relaxed) {
            tracing::info!(folder = %self.path.display(), "definitions folder is back");
        }
        self.log_skipped(&listing);
        let mut scan = locked(&self.scan);
        self.take_what_has_come(&mut scan);
        for file in scan.listed(disk::now(), &listing.files, pace) {
            self.take(&mut scan, &file, pace);
        }
        for gone in scan.gone(pace) {
            for twin in &gone.twins {
                self.take(&mut scan, twin, pace);
            }
            tracing::info!(file = gone.file, "file removed");
            self.deploy.removed(&gone.file);
        }
    }

    fn log_skipped(&self, listing: &Listing) {
        let mut told = locked(&self.skipped);
        for (name, why) in listing.skipped.iter().filter(|(name, _)| !told.contains(name)) {
            tracing::info!(?name, why, "skipped in the definitions folder");
        }
        *told = listing.skipped.iter().map(|(name, _)| name.clone()).collect();
    }

    fn take(&self, scan: &mut Scan, file: &str, pace: Pace) {
        let mut under_way = locked(&self.under_way);
        if under_way.must_wait(file) {
            return;
        }
        let content = disk::read(&self.path, file, self.module_bytes_max);
        let answer = match scan.examined(file, disk::now(), &content) {
            Verdict::Wait => return,
            Verdict::Refuse(reason) => Err(Refusal::Broken(reason)),
            Verdict::Deploy(bytes) => match under_way.deploy(&self.deploy, file, bytes, (pace == Pace::Settled).then_some(PATIENCE)) {
                Some(answer) => answer,
                None => return scan.goes_on(file),
            },
        };
        self.tell(file, scan.answered(file, disk::now(), answer));
    }

    /// Deploys that have come to their end since the last look.
    fn take_what_has_come(&self, scan: &mut Scan) {
        let come = locked(&self.under_way).come();
        for (file, answer) in come {
            match scan.came(&file, disk::now(), answer) {
                Came::Answered(news) => self.tell(&file, news),
                // It went while it was being deployed.
                Came::TooLate => self.deploy.removed(&file),
            }
        }
    }

    fn tell(&self, file: &str, news: Option<String>) {
        if let Some(reason) = news {
            tracing::warn!(file, reason, "file refused");
            self.deploy.refused(file, &reason);
        }
    }
}

/// What a panic leaves behind is a scan of whole steps, so it can go on.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
