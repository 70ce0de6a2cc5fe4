//! After a group that could not be written: what is told, and when work goes on.
//! What was acknowledged is durable before and is not touched by any of this.
//!
//! A failed **write** (a full disk, a read-only file system) leaves on the disk what was there; sled itself is of no use any more.
//! So it is closed, and from time to time the folder is tried: once a small file can be written and synced there,
//! the database is opened again, must have the last durable group, and work goes on.
//!
//! A failed **sync** is another matter: the system may have dropped the pages and taken them for written, so that no further sync would say
//! anything about them. Nothing is taken any more until a restart has read what the disk has.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use procession_engine::ports::store::{Done, StoreError};

use crate::disk::Disk;
use crate::open::{self, Database, OpenError, sled_folder};
use crate::room;
use crate::sync;
use crate::writer::{Failure, Standing, Writer, call};

/// How often a folder that could not be written to is tried. An operator who has made room does not want to wait longer,
/// and a probe each second disturbs nobody.
pub(crate) const PROBE_EVERY: Duration = Duration::from_secs(1);

/// How long reads that are under way may keep the database open. They end by themselves; after this the next try waits for them.
const READS_END: Duration = Duration::from_secs(5);

impl Writer {
    /// Says what is answered, and gives back who waited for a barrier.
    pub(crate) fn failed(&mut self, failure: Failure) -> (Result<(), StoreError>, Vec<Done>) {
        match failure {
            // A write that failed behind our back, when the system wrote its pages, is told by the next sync only.
            Failure::Write(error) => match self.sync.sync() {
                Ok(()) => self.refuse(&error),
                Err(why) => self.stop_after_sync(sync::failed(&sled_folder(&self.folder), &why)),
            },
            Failure::Sync(error) => self.stop_after_sync(error),
            Failure::Broken(error) => self.stop(error),
        }
    }

    fn refuse(&mut self, error: &StoreError) -> (Result<(), StoreError>, Vec<Done>) {
        let why = format!("{}; make room or let it be written to again, the store goes on by itself then", text(error));
        tracing::error!(why, "the store takes no commits for the time being, and cannot be read meanwhile");
        // Before anybody hears of the failure: sled shows what is not on the disk.
        self.door.shut(why.clone());
        self.standing = Standing::Refusing { why: why.clone(), next_try: Instant::now() + PROBE_EVERY };
        (Err(StoreError::Io(why.clone())), self.queue.refuse(why))
    }

    fn stop_after_sync(&mut self, error: StoreError) -> (Result<(), StoreError>, Vec<Done>) {
        sync::note_failure(&self.folder, &error);
        self.stop(error)
    }

    fn stop(&mut self, error: StoreError) -> (Result<(), StoreError>, Vec<Done>) {
        tracing::error!(%error, "the store takes no commits any more");
        let why = error.to_string();
        self.standing = Standing::Stopped(why.clone());
        (Err(error), self.queue.stop(why))
    }

    /// Where a write has failed and it is time: tries whether the folder can be written to, and goes on.
    pub(crate) fn try_again(&mut self) {
        let Standing::Refusing { next_try, .. } = &self.standing else { return };
        if Instant::now() < *next_try {
            return;
        }
        let barriers = match self.open_again() {
            Ok(()) => self.queue.resume(),
            Err(Retry::Later(why)) => {
                self.door.shut(why.clone());
                self.standing = Standing::Refusing { why: why.clone(), next_try: Instant::now() + PROBE_EVERY };
                self.queue.refuse(why)
            }
            Err(Retry::Never(why)) => {
                self.door.shut(why.clone());
                self.stop(StoreError::Closed(why)).1
            }
        };
        let outcome = match &self.standing {
            Standing::Working | Standing::Waiting => Ok(()),
            Standing::Refusing { why, .. } => Err(StoreError::Io(why.clone())),
            Standing::Stopped(why) => Err(StoreError::Closed(why.clone())),
        };
        barriers.into_iter().for_each(|done| call(done, outcome.clone().map_err(Into::into)));
    }

    fn open_again(&mut self) -> Result<(), Retry> {
        if let Some(why) = room::shortage(&self.folder, self.settings.free_bytes_min) {
            return Err(Retry::Later(why));
        }
        let cannot = |why: &dyn std::fmt::Display| format!("{} cannot be written to: {why}", self.folder.display());
        room::probe(&self.folder).map_err(|why| Retry::Later(cannot(&why)))?;
        if let Some(disk) = self.disk.take() {
            self.disk = close(disk);
        }
        if self.disk.is_some() {
            return Err(Retry::Later(cannot(&"reads from before are still under way")));
        }
        let Database { disk, ledger, sync } = open::database(&self.folder, &self.settings, self.durable).map_err(|error| match &error {
            OpenError::CutShort { .. } | OpenError::Damaged { .. } | OpenError::Format { .. } => Retry::Never(told(&error)),
            _ => Retry::Later(told(&error)),
        })?;
        let disk = Arc::new(disk);
        (self.durable, self.ledger, self.sync) = (ledger.last, ledger, sync);
        self.disk = Some(Arc::clone(&disk));
        self.standing = Standing::Working;
        self.door.open(disk);
        tracing::warn!(folder = %self.folder.display(), "the folder can be written to again: the store takes commits");
        Ok(())
    }
}

/// What comes of a try that failed.
enum Retry {
    Later(String),
    Never(String),
}

/// Closes sled once nobody reads from it; gives it back where somebody still does.
fn close(disk: Arc<Disk>) -> Option<Arc<Disk>> {
    let begun = Instant::now();
    while Arc::strong_count(&disk) > 1 {
        if begun.elapsed() > READS_END {
            return Some(disk);
        }
        thread::sleep(Duration::from_millis(2));
    }
    // It has failed before and may do so again when it ends.
    if catch_unwind(AssertUnwindSafe(|| drop(disk))).is_err() {
        tracing::warn!("sled broke when it was closed after a failed write");
    }
    None
}

/// What went wrong, without the words for a store as a whole.
fn text(error: &StoreError) -> &str {
    let (StoreError::Io(text) | StoreError::Damaged(text) | StoreError::Closed(text)) = error;
    text
}

/// An error with its causes, in one line.
fn told(error: &dyn std::error::Error) -> String {
    let texts: Vec<String> = std::iter::successors(Some(error), |error| error.source()).map(ToString::to_string).collect();
    texts.join(": ")
}
