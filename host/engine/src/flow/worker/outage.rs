//! Work that the store failed under: it is recorded, so it must have its effect, and is done when the store works again.
//! What a caller waits for is never put off; callers hear at once.
//!
//! The port has no word for "do you work again?", so one piece is tried now and then, and the rest as soon as any commit comes through:
//! a full disk must not make an adapter be called for the same thousand messages every second.

use std::collections::VecDeque;

use super::Worker;
use crate::flow::inbox::Work;
use crate::flow::shared::Counters;
use crate::model::time::Timestamp;
use crate::ports::store::StoreError;

/// What is done later, in order. Bounded by what the worker had taken in: only work that was under way gets here.
#[derive(Default)]
pub(super) struct Outage {
    work: VecDeque<Work>,
    next_try: Timestamp,
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
    /// When something is to be tried again; none where nothing waits.
    pub(super) fn next_try(&self) -> Option<Timestamp> {
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
            outage.next_try = self.shared.clock.now().plus_ms(wait_ms);
        }
        // What was tried was the first in the order, and stays it.
        match std::mem::take(&mut outage.trial) {
            Trial::Out => outage.work.push_front(work),
            Trial::None => outage.work.push_back(work),
        }
    }

    /// Takes up one piece of what was put off, to see how the store does; all of it where the last one did not fail.
    pub(super) fn end_outage(&mut self) -> bool {
        if self.outage.next_try().is_none_or(|at| at > self.shared.clock.now()) {
            return false;
        }
        match self.outage.trial {
            Trial::Out => self.store_works(),
            Trial::None => {
                self.outage.trial = Trial::Out;
                self.outage.next_try = self.shared.clock.now().plus_ms(self.shared.limits.outage_retry_ms);
                if let Some(work) = self.outage.work.pop_front() {
                    self.backlog.push_front(work);
                }
            }
        }
        true
    }

    /// The store works: what was put off is done now, before anything that came later.
    pub(super) fn store_works(&mut self) {
        (self.outage.trial, self.outage.failed) = (Trial::None, 0);
        // Whoever looks again comes last: what is on its way by then need not be found.
        let looks = |work: &Work| matches!(work, Work::LookAgain(_));
        let (looks, work): (VecDeque<_>, VecDeque<_>) = std::mem::take(&mut self.outage.work).into_iter().partition(looks);
        for work in work.into_iter().rev() {
            self.backlog.push_front(work);
        }
        self.backlog.extend(looks);
    }
}
