//! What takes longer than a slice. Other processes wait for a worker's thread, so such a turn is made apart:
//! on a thread of its own, with all that its definition may use, and what came of it is handed back to the worker.
//! A turn is pure, so it does not matter where it is made; its worker stages and records it as ever. The same is done for routers and adapters.

mod asked;
mod errand;
mod slow;
mod turn;

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

pub(super) use asked::{AdapterErrand, Called, Routed, RouterErrand};
pub(crate) use errand::Made;
pub(super) use errand::{Came, Errand, What};
pub(super) use slow::Slow;
pub(super) use turn::{Done, MadeTurn, Seen, TurnErrand};

use super::inbox::Work;
use super::mailbox::Mailbox;
use super::shared::Shared;
use crate::limits::Limits;

/// The queue in front of the threads that make turns apart, and which modules have all of theirs made there.
pub(crate) struct Apart {
    pub(super) slow: Slow,
    waiting_max: usize,
    inside: Mutex<Inside>,
    something: Condvar,
}

#[derive(Default)]
struct Inside {
    errands: VecDeque<Errand>,
    stopping: bool,
}

impl Apart {
    pub(crate) fn new(limits: &Limits) -> Self {
        let (inside, something) = (Mutex::default(), Condvar::new());
        Self { slow: Slow::new(limits), waiting_max: limits.apart_waiting_max, inside, something }
    }

    /// Whether so much waits that no more is to come. Each worker may still bring what it is at.
    pub(super) fn is_full(&self) -> bool {
        self.lock().errands.len() >= self.waiting_max
    }

    /// Takes an errand. Its worker hears of it through its mailbox.
    pub(super) fn take(&self, errand: Errand) {
        self.lock().errands.push_back(errand);
        self.something.notify_one();
    }

    /// Runs errands until it is told to stop. What waits then is found again at the next start, or its caller hears that the host stops.
    pub(crate) fn run(&self, shared: &Shared) {
        let _stops = StopsAll(shared);
        while let Some(errand) = self.next() {
            hand_back(errand, shared);
        }
    }

    /// Runs one errand, for whoever steps an engine by hand; true where there was one.
    pub(crate) fn step(&self, shared: &Shared) -> bool {
        let errand = self.lock().errands.pop_front();
        errand.map(|errand| hand_back(errand, shared)).is_some()
    }

    pub(crate) fn stop(&self) {
        self.lock().stopping = true;
        self.something.notify_all();
    }

    fn next(&self) -> Option<Errand> {
        let inside = self.lock();
        let is_idle = |inside: &mut Inside| inside.errands.is_empty() && !inside.stopping;
        let mut inside = self.something.wait_while(inside, is_idle).unwrap_or_else(PoisonError::into_inner);
        if inside.stopping { None } else { inside.errands.pop_front() }
    }

    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn hand_back(errand: Errand, shared: &Shared) {
    let worker = errand.worker;
    shared.mailboxes[worker].bring(Work::Made(Box::new(errand.run(shared))));
}

/// Lets every worker stop when a thread ends by a panic: processes would wait for it for ever, and nobody would hear of it.
struct StopsAll<'a>(&'a Shared);

impl Drop for StopsAll<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.mailboxes.iter().for_each(Mailbox::stop);
        }
    }
}
