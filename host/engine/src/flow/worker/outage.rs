//! Work that the store failed under: it is recorded, so it must have its effect, and is done when the store may have recovered.
//! What a caller waits for is never put off; callers hear at once.

use std::collections::{HashSet, VecDeque};

use super::Worker;
use crate::flow::inbox::Work;
use crate::flow::shared::Counters;
use crate::model::id::ProcessId;
use crate::model::time::Timestamp;
use crate::ports::store::StoreError;

/// What is done later. Bounded by what the worker had taken in: only work that was under way gets here.
#[derive(Default)]
pub(super) struct Outage {
    work: VecDeque<Work>,
    /// Whose recorded work waits in here: what comes for them later must not overtake it.
    processes: HashSet<ProcessId>,
    next_try: Timestamp,
}

impl Outage {
    /// Whether recorded work of this process waits.
    pub(super) fn holds(&self, process: &ProcessId) -> bool {
        self.processes.contains(process)
    }

    /// When something is to be tried again; none where nothing waits.
    pub(super) fn next_try(&self) -> Option<Timestamp> {
        (!self.work.is_empty()).then_some(self.next_try)
    }
}

impl Worker {
    /// Puts work off that the store failed under.
    pub(super) fn put_off(&mut self, work: Work, error: &StoreError) {
        // One line an outage, and not one a message.
        if self.outage.work.is_empty() {
            tracing::error!(%error, "the store failed under recorded work; it is tried again until it is done");
        }
        self.do_later(work);
    }

    pub(super) fn do_later(&mut self, work: Work) {
        Counters::count(&self.shared.counters.store_outages);
        if self.outage.work.is_empty() {
            self.outage.next_try = self.shared.clock.now().plus_ms(self.shared.limits.outage_retry_ms);
        }
        self.outage.processes.extend(work.process().cloned());
        self.outage.work.push_back(work);
    }

    /// Takes up what was put off, before anything that came later.
    pub(super) fn end_outage(&mut self) -> bool {
        if self.outage.next_try().is_none_or(|at| at > self.shared.clock.now()) {
            return false;
        }
        self.outage.processes.clear();
        for work in std::mem::take(&mut self.outage.work).into_iter().rev() {
            self.backlog.push_front(work);
        }
        true
    }
}
