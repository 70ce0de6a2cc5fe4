//! A second look at every flush of sled: one whose write has failed is sometimes never woken, and would wait for ever.
//! What a flush is for is said in `disk`.
//!
//! sled notes the failure of a write and wakes who waits for it, but not on every path: a batch that crosses from one segment to the next
//! is written by another thread, which notes the failure and wakes nobody. Another flush finds the failure and wakes everybody.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use sled::Db;

/// How long a flush may take before somebody looks after it. A slow disk takes longer now and then; a look does no harm.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Flushes, and the thread that looks after them.
pub(crate) struct Flushing {
    /// Odd while a flush goes on.
    count: Arc<AtomicU64>,
    ends: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Flushing {
    pub(crate) fn of(db: &Db) -> std::io::Result<Self> {
        let count = Arc::new(AtomicU64::new(0));
        let (ends, end) = mpsc::channel();
        let (seen, db) = (Arc::clone(&count), db.clone());
        let thread = thread::Builder::new().name("procession-flush".to_owned()).spawn(move || {
            let mut before = 0;
            while end.recv_timeout(LOOK_EVERY) == Err(RecvTimeoutError::Timeout) {
                let now = seen.load(Ordering::Relaxed);
                if now % 2 == 1 && now == before {
                    // Whether it fails is told to the one who waits for it.
                    let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| db.flush()));
                }
                before = now;
            }
        })?;
        Ok(Self { count, ends: Some(ends), thread: Some(thread) })
    }

    /// Makes a flush that somebody looks after.
    pub(crate) fn during<T>(&self, flush: impl FnOnce() -> T) -> T {
        let _going_on = GoingOn::new(&self.count);
        flush()
    }
}

impl Drop for Flushing {
    fn drop(&mut self) {
        drop(self.ends.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that looks after flushes broke");
        }
    }
}

/// Counts on at both ends of a flush, also where it panics.
struct GoingOn<'a>(&'a AtomicU64);

impl<'a> GoingOn<'a> {
    fn new(count: &'a AtomicU64) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for GoingOn<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}
