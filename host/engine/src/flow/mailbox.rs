//! The queue in front of one worker: bounded for callers, and never in the way of what the store reports back.
//! It knows nothing of what the work is about.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::inbox::Work;
use super::worker::Settled;

/// The queue in front of one worker.
pub(crate) struct Mailbox {
    waiting_max: usize,
    waiting_bytes_max: usize,
    inside: Mutex<Inside>,
    something: Condvar,
}

#[derive(Default)]
struct Inside {
    work: VecDeque<Work>,
    /// What the requests among it hold.
    bytes: usize,
    /// Recorded work among it, and what it holds.
    brought: (usize, usize),
    /// Reports of the store. Bounded by the commits that the worker has in flight, since each reports once.
    settled: VecDeque<Settled>,
    woken: bool,
    deployed: bool,
    stopping: bool,
}

/// What a worker takes out at once.
pub(crate) struct Taken {
    pub(crate) settled: VecDeque<Settled>,
    pub(crate) work: VecDeque<Work>,
    pub(crate) deployed: bool,
    pub(crate) stopping: bool,
}

/// The queue is full, or its worker ends.
pub(crate) struct Full;

impl Mailbox {
    pub(crate) fn new(waiting_max: usize, waiting_bytes_max: usize) -> Self {
        Self { waiting_max, waiting_bytes_max, inside: Mutex::default(), something: Condvar::new() }
    }

    /// Offers work of a caller; where the queue is full, the caller has to hear so.
    pub(crate) fn offer(&self, work: Work) -> Result<(), Full> {
        let mut inside = self.lock();
        let bytes = work.bytes();
        // A single large piece is taken by an empty queue, whatever the bound says: otherwise it could never come in.
        let is_full = inside.work.len() >= self.waiting_max || (inside.bytes > 0 && inside.bytes + bytes > self.waiting_bytes_max);
        if inside.stopping || is_full {
            return Err(Full);
        }
        inside.bytes += bytes;
        inside.work.push_back(work);
        drop(inside);
        self.something.notify_one();
        Ok(())
    }

    /// Brings what is recorded already, also beyond the bound: that one is for callers, and two full workers must not wait for each other.
    /// After a deploy this can be everything that waits for a definition. While stopping it is left for the next start.
    pub(crate) fn bring(&self, work: Work) {
        let mut inside = self.lock();
        if inside.stopping {
            return;
        }
        if let Some(bytes) = work.recorded_bytes() {
            inside.brought = (inside.brought.0 + 1, inside.brought.1 + bytes);
        }
        inside.work.push_back(work);
        drop(inside);
        self.something.notify_one();
    }

    /// How much recorded work waits: pieces, and their bytes.
    pub(crate) fn brought(&self) -> (usize, usize) {
        self.lock().brought
    }

    /// Reports what became of a commit. Never blocks: it is called from the store's writer.
    pub(crate) fn settle(&self, settled: Settled) {
        self.lock().settled.push_back(settled);
        self.something.notify_one();
    }

    /// Says that a definition came: what nobody handled may have a receiver now.
    /// A mark and no piece of work, so that a full queue cannot lose it.
    pub(crate) fn announce_deploy(&self) {
        self.lock().deployed = true;
        self.something.notify_one();
    }

    /// Makes the worker look at its timers now.
    pub(crate) fn wake(&self) {
        self.lock().woken = true;
        self.something.notify_one();
    }

    /// Lets the worker finish what is in flight and end.
    pub(crate) fn stop(&self) {
        let mut inside = self.lock();
        (inside.stopping, inside.woken) = (true, true);
        drop(inside);
        self.something.notify_one();
    }

    /// Whether the worker was told to end.
    pub(crate) fn is_stopping(&self) -> bool {
        self.lock().stopping
    }

    /// How much waits: pieces of work, and the bytes of the requests among them.
    pub(crate) fn depth(&self) -> (usize, usize) {
        let inside = self.lock();
        (inside.work.len(), inside.bytes)
    }

    /// Takes what is there, at most `work_max` pieces of work; waits up to `patience` where there is nothing.
    pub(crate) fn take(&self, work_max: usize, patience: Duration) -> Taken {
        let mut inside = self.lock();
        if inside.is_idle(work_max) {
            inside = self
                .something
                .wait_timeout_while(inside, patience, |inside| inside.is_idle(work_max))
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        inside.woken = false;
        let count = inside.work.len().min(work_max);
        let work: VecDeque<Work> = inside.work.drain(..count).collect();
        inside.bytes = inside.bytes.saturating_sub(work.iter().map(Work::bytes).sum());
        let taken = work.iter().filter_map(Work::recorded_bytes).fold((0, 0), |(pieces, bytes), more| (pieces + 1, bytes + more));
        inside.brought = (inside.brought.0 - taken.0, inside.brought.1 - taken.1);
        let settled = std::mem::take(&mut inside.settled);
        Taken { settled, work, deployed: std::mem::take(&mut inside.deployed), stopping: inside.stopping }
    }

    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inside {
    fn is_idle(&self, work_max: usize) -> bool {
        self.settled.is_empty() && !self.woken && !self.deployed && (work_max == 0 || self.work.is_empty())
    }
}
