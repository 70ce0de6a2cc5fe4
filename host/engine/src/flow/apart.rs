//! What takes longer than a slice. Other processes wait for a worker's thread, so such a turn is made apart:
//! on a thread of its own, with all that its definition may use, and what came of it is handed back to the worker.
//! A turn is pure, so it does not matter where it is made; its worker stages and records it as ever. The same is done for routers and adapters.

mod asked;
mod errand;
mod slow;
mod turn;

use std::collections::{HashSet, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

pub(super) use asked::{AdapterErrand, Called, Routed, RouterErrand};
pub(crate) use errand::Made;
pub(super) use errand::{Came, Errand, What};
pub(super) use slow::Slow;
pub(super) use turn::{Done, MadeTurn, Seen, TurnErrand};

use super::inbox::Work;
use super::mailbox::Mailbox;
use super::shared::Shared;
use crate::background;
use crate::limits::Limits;
use crate::model::id::Digest;

/// The queues in front of the threads that make turns apart, and which modules have all of theirs made there.
pub(crate) struct Apart {
    pub(super) slow: Slow,
    waiting_max: usize,
    inside: Mutex<Inside>,
    something: Condvar,
}

#[derive(Default)]
struct Inside {
    tried: VecDeque<Errand>,
    untried: VecDeque<Errand>,
    /// Modules whose last errand came to something.
    good: HashSet<Digest>,
    stopping: bool,
}

/// What is known of the modules that a thread works for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trust {
    /// Their last errand came to something: they work hard, and get their share of a busy machine.
    Tried,
    /// There was none, or it came to nothing. It may be an endless loop, so it gets what nobody else wants.
    Untried,
}

impl Apart {
    pub(crate) fn new(limits: &Limits) -> Self {
        let (inside, something) = (Mutex::default(), Condvar::new());
        Self { slow: Slow::new(limits), waiting_max: limits.apart_waiting_max, inside, something }
    }

    /// Whether so much waits that no more is to come. Each worker may still bring what it is at.
    pub(super) fn is_full(&self) -> bool {
        let inside = self.lock();
        inside.tried.len() + inside.untried.len() >= self.waiting_max
    }

    /// Takes an errand. Its worker hears of it through its mailbox.
    pub(super) fn take(&self, errand: Errand) {
        let mut inside = self.lock();
        let trust = if inside.good.contains(errand.what.module()) { Trust::Tried } else { Trust::Untried };
        inside.queue(trust).push_back(errand);
        drop(inside);
        self.something.notify_all();
    }

    /// Runs errands until it is told to stop. What waits then is found again at the next start, or its caller hears that the host stops.
    pub(crate) fn run(&self, shared: &Shared, trust: Trust) {
        match trust {
            Trust::Tried => background::step_back(),
            Trust::Untried => background::stand_aside(),
        }
        let _stops = StopsAll(shared);
        while let Some(errand) = self.next(trust) {
            self.hand_back(errand, shared);
        }
    }

    /// Runs one errand, for whoever steps an engine by hand; true where there was one.
    pub(crate) fn step(&self, shared: &Shared) -> bool {
        let mut inside = self.lock();
        let errand = inside.tried.pop_front().or_else(|| inside.untried.pop_front());
        drop(inside);
        errand.map(|errand| self.hand_back(errand, shared)).is_some()
    }

    pub(crate) fn stop(&self) {
        self.lock().stopping = true;
        self.something.notify_all();
    }

    fn next(&self, trust: Trust) -> Option<Errand> {
        let is_idle = |inside: &mut Inside| inside.queue(trust).is_empty() && !inside.stopping;
        let mut inside = self.something.wait_while(self.lock(), is_idle).unwrap_or_else(PoisonError::into_inner);
        if inside.stopping { None } else { inside.queue(trust).pop_front() }
    }

    fn hand_back(&self, errand: Errand, shared: &Shared) {
        let (worker, module) = (errand.worker, *errand.what.module());
        let made = errand.run(shared);
        if made.came_to_something() {
            self.lock().good.insert(module);
        } else {
            self.lock().good.remove(&module);
        }
        shared.mailboxes[worker].bring(Work::Made(Box::new(made)));
    }

    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inside {
    fn queue(&mut self, trust: Trust) -> &mut VecDeque<Errand> {
        match trust {
            Trust::Tried => &mut self.tried,
            Trust::Untried => &mut self.untried,
        }
    }
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
