//! The store as the engine sees it.
//! Nothing is done here: commits go to the `queue`, reads to `read`.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use procession_engine::model::commit::{Commit, Receipt, Snapshot};
use procession_engine::model::event::RecordedEvent;
use procession_engine::model::id::{ProcessId, StreamName};
use procession_engine::model::note::Note;
use procession_engine::model::process::{ProcessRow, Timer, TimerKey, Undelivered};
use procession_engine::model::time::Timestamp;
use procession_engine::model::view::Phase;
use procession_engine::ports::log::{Bounds, Log, Placed};
use procession_engine::ports::store::{Direction, Done, EventStore, Scope, StoreError};

use crate::disk::Disk;
use crate::door::Door;
use crate::entries;
use crate::lock::Lock;
use crate::open::{self, Database, OpenError, Opened};
use crate::queue::{Queue, Work};
use crate::read;
use crate::settings::Settings;
use crate::sync::DurableSync;
use crate::tap::Taps;
use crate::writer::{Standing, Writer};

/// The event store and module shelf of one folder.
///
/// [`EventStore::submit`] returns at once; only while [`Settings::queue_commits_max`] commits wait does it wait for a place.
/// Dropping the store finishes what waits, as [`close`](Self::close) does.
pub struct SledStore {
    queue: Arc<Queue>,
    taps: Arc<Taps>,
    writer: Mutex<Option<JoinHandle<()>>>,
    door: Arc<Door>,
    // Last, so that the folder is free only when sled has let go of it.
    _lock: Lock,
}

impl SledStore {
    /// Opens the store in a folder, or makes one there.
    ///
    /// # Errors
    /// [`OpenError`] says what is wrong with the folder and what can be done.
    pub fn open(folder: &Path, settings: Settings) -> Result<Self, OpenError> {
        Self::open_with(folder, settings, |sync| sync)
    }

    /// Opens the store with something in the place of its sync.
    pub(crate) fn open_with(
        folder: &Path,
        settings: Settings,
        replace: impl FnOnce(Box<dyn DurableSync>) -> Box<dyn DurableSync>,
    ) -> Result<Self, OpenError> {
        let Opened { database: Database { disk, ledger, sync }, mark, lock } = open::open(folder, &settings)?;
        let (disk, queue) = (Arc::new(disk), Arc::new(Queue::new(settings.queue_commits_max)));
        let door = Arc::new(Door::new(Arc::clone(&disk)));
        let taps = Arc::new(Taps::default());
        let writer = Writer {
            folder: folder.to_owned(),
            settings,
            queue: Arc::clone(&queue),
            taps: Arc::clone(&taps),
            door: Arc::clone(&door),
            disk: Some(disk),
            durable: ledger.last,
            ledger,
            mark,
            sync: replace(sync),
            standing: Standing::Working,
        };
        let started = thread::Builder::new().name("procession-store".to_owned()).spawn(move || writer.run());
        let writer = started.map_err(|cause| OpenError::Unreadable { folder: folder.to_owned(), cause: Box::new(cause) })?;
        Ok(Self { queue, taps, writer: Mutex::new(Some(writer)), door, _lock: lock })
    }

    /// Finishes what waits and syncs; later commits are refused, reads go on.
    /// A callback must not call this: it waits for the callbacks.
    pub fn close(&self) {
        self.queue.close();
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        // A callback may hold the last reference to the store; the writer cannot wait for itself, and ends a moment later.
        if let Some(writer) = writer.filter(|writer| writer.thread().id() != thread::current().id())
            && writer.join().is_err()
        {
            tracing::error!("the store's writer broke");
        }
    }

    pub(crate) fn disk(&self) -> Result<Arc<Disk>, StoreError> {
        self.door.disk()
    }

    pub(crate) fn taps(&self) -> &Taps {
        &self.taps
    }

    pub(crate) fn queue(&self) -> &Queue {
        &self.queue
    }
}

impl Drop for SledStore {
    fn drop(&mut self) {
        self.close();
    }
}

impl EventStore for SledStore {
    fn submit(&self, commit: Commit, done: Done) {
        self.queue.push(Work::Commit { commit: Box::new(commit), done });
    }

    fn barrier(&self, done: Done) {
        self.queue.barrier(done);
    }

    fn process(&self, id: &ProcessId) -> Result<Option<ProcessRow>, StoreError> {
        read::row(&*self.disk()?, id)
    }

    fn receipt(&self, id: &ProcessId, key: &str) -> Result<Option<Receipt>, StoreError> {
        read::receipt(&*self.disk()?, id, key)
    }

    fn read(&self, scope: &Scope, from: u64, direction: Direction, limit: usize) -> Result<Vec<RecordedEvent>, StoreError> {
        read::events(&*self.disk()?, scope, from, direction, limit)
    }

    fn undelivered(
        &self,
        owner: Option<&ProcessId>,
        after: Option<(ProcessId, u64)>,
        limit: usize,
    ) -> Result<Vec<Undelivered>, StoreError> {
        read::undelivered(&*self.disk()?, owner, after, limit)
    }

    fn timers(&self, until: Timestamp, after: Option<&TimerKey>, limit: usize) -> Result<Vec<Timer>, StoreError> {
        read::timers(&*self.disk()?, until, after, limit)
    }

    fn processes(&self, phase: Option<Phase>, after: Option<&ProcessId>, limit: usize) -> Result<Vec<ProcessRow>, StoreError> {
        read::processes(&*self.disk()?, phase, after, limit)
    }

    fn notes(&self, id: &ProcessId) -> Result<Vec<Note>, StoreError> {
        read::notes(&*self.disk()?, id)
    }

    fn snapshot(&self, stream: &StreamName) -> Result<Option<Snapshot>, StoreError> {
        read::snapshot(&*self.disk()?, stream)
    }
}

impl Log for SledStore {
    fn entries(&self, of: Option<&StreamName>, from: u64, direction: Direction, bounds: Bounds) -> Result<Vec<Placed>, StoreError> {
        entries::read(&*self.disk()?, of, from, direction, bounds)
    }
}
