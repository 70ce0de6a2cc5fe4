//! What is delivered once more: what was parked, put off, or waits for a definition.
//! How a delivery is made is said in `deliver`.

use std::sync::Arc;

use super::Worker;
use super::in_flight::TakesUp;
use crate::flow::inbox::Work;
use crate::model::id::ProcessId;
use crate::model::process::{DeliveryState, Undelivered};
use crate::ports::store::CommitError;

impl Worker {
    /// Brings what a process keeps undelivered and somebody wants on its way, and `last` behind it.
    pub(super) fn deliver_again(&mut self, process: &ProcessId, wanted: impl Fn(&Undelivered) -> bool, last: Option<Work>) {
        let found = match self.shared.all_undelivered(process) {
            Ok(found) => found,
            Err(error) => return self.put_off(once_more(Some(process.clone()), last), &error),
        };
        // What waits for its next attempt, or for an operator, is nobody else's to bring.
        let waits = |one: &Undelivered| matches!(one.state, DeliveryState::Retrying(_) | DeliveryState::Dead);
        let found = found.into_iter().filter(|one| !waits(one) && wanted(one)).collect();
        self.bring_when_durable(found, last, Some(process.clone()));
    }

    /// Looks again for what is undelivered, after the store failed under it.
    pub(super) fn look_again(&mut self, process: Option<&ProcessId>) {
        match process {
            Some(process) => self.deliver_again(process, |one| one.state != DeliveryState::Parked, None),
            None => self.deliver_unhandled(),
        }
    }

    /// Reads see what is applied and perhaps not durable; an adapter is not to hear of that before it is.
    /// Where it cannot become durable, `of` is looked at again later.
    fn bring_when_durable(&self, found: Vec<Undelivered>, last: Option<Work>, of: Option<ProcessId>) {
        if found.is_empty() && last.is_none() {
            return;
        }
        let (shared, index) = (Arc::clone(&self.shared), self.index);
        let bring = move |durable: Result<(), CommitError>| {
            if let Some(Work::Revived(process)) = last.as_ref().filter(|_| durable.is_ok()) {
                shared.mailboxes[index].bring(Work::Comes(process.clone()));
            }
            let (found, missed) = if durable.is_ok() { (found, false) } else { (Vec::new(), true) };
            if missed {
                return shared.mailboxes[index].bring(Work::Later(Box::new(once_more(of, last))));
            }
            for one in found {
                // A process may keep messages for others; each goes to the worker that owns its process.
                shared.mailboxes[shared.owner(&one.message.process)].bring(Work::Deliver(Box::new(one)));
            }
            last.into_iter().for_each(|last| shared.mailboxes[index].bring(last));
        };
        self.shared.store.barrier(Box::new(bring));
    }

    /// Brings everything that a process kept while it was parked on its way. Until that is done the lane takes nothing new.
    pub(super) fn take_up(&mut self, process: &ProcessId) {
        self.deliver_again(process, |_| true, Some(Work::Revived(process.clone())));
    }

    /// The same after a commit failed that would have parked the process. Where an earlier one has parked it, nothing was passed over because of
    /// this one; what was brought all the same could come in just when an operator takes the process up, before what it must follow.
    pub(super) fn take_up_unless_parked(&mut self, process: &ProcessId) {
        let is_parked = match self.lanes.take(process, &*self.shared.store) {
            Ok(lane) => {
                let is_parked = lane.row.parked.is_some() && lane.reviving.is_none();
                self.lanes.put(lane);
                is_parked
            }
            Err(error) => return self.put_off(Work::TakeUp(process.clone()), &error),
        };
        if !is_parked {
            self.take_up(process);
        }
    }

    /// What was parked is on its way again: what came meanwhile is taken behind it.
    pub(super) fn revived(&mut self, process: &ProcessId) {
        match self.lanes.get(process) {
            // Behind what it follows.
            Some(lane) if lane.is_closed() => lane.waiting.push_back(Work::Revived(process.clone())),
            Some(lane) => {
                lane.reviving = None;
                self.release(process);
            }
            None => {}
        }
    }

    /// The process could not be taken up again.
    pub(super) fn unrevived(&mut self, process: &ProcessId, takes_up: TakesUp) {
        if takes_up == TakesUp::Yes
            && let Some(lane) = self.lanes.get(process)
        {
            lane.reviving = None;
        }
    }

    /// Lets what waited for a lane go on, before anything that came later.
    pub(super) fn release(&mut self, process: &ProcessId) {
        let in_order = self.lanes.get(process).filter(|lane| !lane.is_closed());
        let waiting = in_order.map(|lane| {
            (lane.redone, lane.waiting_bytes) = (0, 0);
            std::mem::take(&mut lane.waiting)
        });
        for work in waiting.into_iter().flatten().rev() {
            self.backlog.push_front(work);
        }
    }

    /// Tries again what nobody handled, now that there is another definition.
    pub(super) fn deliver_unhandled(&mut self) {
        let shared = Arc::clone(&self.shared);
        let mut after = None;
        loop {
            let page = match shared.store.undelivered(None, after, shared.limits.page) {
                Ok(page) => page,
                Err(error) => return self.put_off(Work::LookAgain(None), &error),
            };
            let last = page.len() < shared.limits.page;
            after = page.last().map(|one| (one.owner.clone(), one.seq));
            let mine = |one: &Undelivered| one.state == DeliveryState::Unhandled && shared.owner(&one.message.process) == self.index;
            self.bring_when_durable(page.into_iter().filter(mine).collect(), None, None);
            if last {
                return;
            }
        }
    }
}

/// What is done when the store may have recovered, in place of a delivery that it failed under.
/// A lane that is being taken up stays closed until then: what came meanwhile must not overtake what was parked.
fn once_more(of: Option<ProcessId>, last: Option<Work>) -> Work {
    match last {
        Some(Work::Revived(process)) => Work::TakeUp(process),
        _ => Work::LookAgain(of),
    }
}
