//! Work that the store failed under: it is recorded, so it must have its effect, and is done when the store works again.
//! What a caller waits for is never put off; callers hear at once.
//!
//! The port has no word for "do you work again?", so one piece is tried now and then, and the rest as soon as any commit comes through:
//! a full disk must not make an adapter be called for the same thousand messages every second.

use std::collections::{HashSet, VecDeque};

use super::Worker;
use crate::flow::inbox::Work;
use crate::flow::shared::Counters;
use crate::model::id::ProcessId;
use crate::ports::store::StoreError;

/// What is done later, in order. Bounded by what the worker had taken in: only work that was under way gets here.
#[derive(Default)]
pub(super) struct Outage {
    work: VecDeque<Work>,
    /// Whose work is in here, or was tried last: what comes for them must not overtake it.
    processes: HashSet<ProcessId>,
    /// In milliseconds of a clock that nobody sets.
    next_try: u64,
    /// Whether a commit has come through since the last look.
    has_come_through: bool,
    trial: Trial,
    /// Trials in a row that failed: the longer an outage lasts, the less it matters to find its end at once.
    failed: u32,
}

/// Trials wait up to so many times longer than the first one.
const DOUBLINGS_MAX: u32 = 3;

/// Whether one piece has been taken out to see how the store does.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Trial {
    #[default]
    None,
    Out,
}

impl Outage {
    /// Whether recorded work of this process waits for the store.
    pub(super) fn holds(&self, process: &ProcessId) -> bool {
        self.processes.contains(process)
    }

    /// Puts work behind what waits for the same process.
    pub(super) fn wait_behind(&mut self, work: Work) {
        self.place(work, VecDeque::push_back);
    }

    /// Puts work among the rest: messages of one owner to one process stay in their order, everything else goes to the given end.
    fn place(&mut self, work: Work, end: fn(&mut VecDeque<Work>, Work)) {
        let Some(process) = work.process().cloned() else { return end(&mut self.work, work) };
        let is_known = !self.processes.insert(process);
        let follower = || self.work.iter().position(|other| work.precedes(other));
        let leader = || self.work.iter().rposition(|other| other.precedes(&work)).map(|at| at + 1);
        match is_known.then(|| follower().or_else(leader)).flatten() {
            Some(at) => self.work.insert(at, work),
            None => end(&mut self.work, work),
        }
    }

    /// When something is to be tried again; none where nothing waits.
    pub(super) fn next_try(&self) -> Option<u64> {
        (!self.work.is_empty()).then_some(self.next_try)
    }
}

impl Worker {
    /// Puts work off that the store failed under.
    pub(super) fn put_off(&mut self, work: Work, error: &StoreError) {
        // One line an outage, and not one a message.
        if self.outage.work.is_empty() && self.outage.trial == Trial::None {
            tracing::error!(%error, "the store failed under recorded work; it is tried again until it is done");
        }
        self.do_later(work);
    }

    pub(super) fn do_later(&mut self, work: Work) {
        Counters::count(&self.shared.counters.store_outages);
        let outage = &mut self.outage;
        if outage.trial == Trial::Out {
            outage.failed += 1;
        }
        if outage.work.is_empty() || outage.trial == Trial::Out {
            let wait_ms = self.shared.limits.outage_retry_ms << outage.failed.min(DOUBLINGS_MAX);
            outage.next_try = self.shared.ticks_ms().saturating_add(wait_ms);
        }
        // What was tried was the first in the order, and stays it.
        match std::mem::take(&mut outage.trial) {
            Trial::Out => outage.place(work, VecDeque::push_front),
            Trial::None => outage.place(work, VecDeque::push_back),
        }
    }

    /// Takes up one piece of what was put off, to see how the store does; all of it where the last one did not fail.
    pub(super) fn end_outage(&mut self) -> bool {
        if std::mem::take(&mut self.outage.has_come_through) && (!self.outage.work.is_empty() || self.outage.trial == Trial::Out) {
            self.store_works();
            return true;
        }
        let is_full = self.in_flight >= self.shared.limits.commits_in_flight_max;
        if is_full || self.outage.next_try().is_none_or(|at| at > self.shared.ticks_ms()) {
            return false;
        }
        match self.outage.trial {
            Trial::Out => self.store_works(),
            Trial::None => {
                self.outage.trial = Trial::Out;
                self.outage.next_try = self.shared.ticks_ms().saturating_add(self.shared.limits.outage_retry_ms);
                // At once, and not behind what waits for the same process: it is the first of that.
                match self.outage.work.pop_front() {
                    Some(work @ (Work::Deliver(_) | Work::Fire(_))) => self.now(work),
                    Some(other) => self.work(other),
                    None => {}
                }
            }
        }
        true
    }

    /// A commit has come through. What was put off is done when all reports have been looked at:
    /// one that is still to come may put off what stands before it.
    pub(super) fn store_seems_to_work(&mut self) {
        self.outage.has_come_through = true;
    }

    /// The store works: what was put off is done now, before anything that came later.
    fn store_works(&mut self) {
        (self.outage.trial, self.outage.failed) = (Trial::None, 0);
        self.outage.processes.clear();
        // Whoever looks again comes last: what is on its way by then need not be found.
        let looks = |work: &Work| matches!(work, Work::LookAgain(_));
        let (looks, work): (VecDeque<_>, VecDeque<_>) = std::mem::take(&mut self.outage.work).into_iter().partition(looks);
        for work in work.into_iter().rev() {
            self.backlog.push_front(work);
        }
        self.backlog.extend(looks);
    }
}
