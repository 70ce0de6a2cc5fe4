//! What is delivered once more: what was parked, put off, or waits for a definition.
//! How a delivery is made is said in `deliver`.

use std::sync::Arc;

use super::Worker;
use super::in_flight::Job;
use super::recovery::passes;
use crate::error::Refusal;
use crate::flow::chain::Chain;
use crate::flow::inbox::{RetriedTo, Work};
use crate::flow::shared::Shared;
use crate::model::id::{Kind, MessageId, ProcessId};
use crate::model::json::Json;
use crate::model::message::Message;
use crate::model::process::{DeliveryState, Undelivered};
use crate::ports::store::{CommitError, StoreError};

impl Worker {
    /// Tries again what a process is parked on: the process is taken up again first, and its messages follow in their order.
    pub(super) fn retry(&mut self, process: &ProcessId, answer: RetriedTo) {
        let shared = Arc::clone(&self.shared);
        let mut lane = match self.lanes.take(process, &*shared.store) {
            Ok(lane) => lane,
            Err(error) => return drop(answer.send(Err(error.into()))),
        };
        if lane.is_held() {
            lane.waiting.push_back(Work::Retry { process: process.clone(), answer });
        } else if lane.row.parked.take().is_some() {
            let snapshot = shared.registry.snapshot();
            let chain = Chain::new(&shared, &snapshot, &mut lane, retry_message(process, &shared));
            let in_flight = self.submit(chain, Job::Unpark(answer));
            lane.reviving = true;
            lane.in_flight.push_back(in_flight);
        } else {
            let not_parked = || Refusal::rejected("not-parked", format!("process {process} is not parked; there is nothing to try again"));
            let refusal = if lane.row.revision > 0 { not_parked() } else { Refusal::UnknownProcess(process.clone()) };
            // Who asked may have gone away.
            let _ = answer.send(Err(refusal));
        }
        self.lanes.put(lane);
    }

    /// Brings what a process keeps undelivered and somebody wants on its way, and `last` behind it.
    pub(super) fn deliver_again(&self, process: &ProcessId, wanted: impl Fn(&Undelivered) -> bool, last: Option<Work>) {
        let found = all_undelivered(&self.shared, process).unwrap_or_else(|error| {
            tracing::error!(%process, %error, "what is undelivered could not be read; it is looked for again when the store works");
            if matches!(error, StoreError::Io(_)) {
                self.shared.mailboxes[self.index].announce_trouble();
            }
            Vec::new()
        });
        self.bring_when_durable(found.into_iter().filter(wanted).collect(), last);
    }

    /// Reads see what is applied and perhaps not durable; an adapter is not to hear of that before it is.
    pub(super) fn bring_when_durable(&self, found: Vec<Undelivered>, last: Option<Work>) {
        if found.is_empty() && last.is_none() {
            return;
        }
        let (shared, index) = (Arc::clone(&self.shared), self.index);
        let bring = move |durable: Result<(), CommitError>| {
            if durable.as_ref().is_err_and(passes) {
                shared.mailboxes[index].announce_trouble();
            }
            let found = if durable.is_ok() { found } else { Vec::new() };
            for one in found {
                // A process may keep messages for others; each goes to the worker that owns its process.
                shared.mailboxes[shared.owner(&one.message.process)].bring(Work::Deliver(Box::new(one)));
            }
            last.into_iter().for_each(|last| shared.mailboxes[index].bring(last));
        };
        self.shared.store.barrier(Box::new(bring));
    }

    /// What was parked is on its way again: what came meanwhile is taken behind it.
    pub(super) fn revived(&mut self, process: &ProcessId) {
        match self.lanes.get(process) {
            // Behind what it follows.
            Some(lane) if lane.awaits_failures() => lane.waiting.push_back(Work::Revived(process.clone())),
            Some(lane) => {
                lane.reviving = false;
                self.release(process);
            }
            None => {}
        }
    }

    /// The process could not be taken up again.
    pub(super) fn unrevived(&mut self, process: &ProcessId) {
        if let Some(lane) = self.lanes.get(process) {
            lane.reviving = false;
        }
    }

    /// Lets what waited for a lane go on, before anything that came later.
    pub(super) fn release(&mut self, process: &ProcessId) {
        let in_order = self.lanes.get(process).filter(|lane| !lane.awaits_failures());
        let waiting = in_order.map(|lane| std::mem::take(&mut lane.waiting));
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
                Err(error) => {
                    tracing::error!(%error, "what waits for a definition could not be read; it is looked for again when the store works");
                    return self.troubled_by(&error);
                }
            };
            let last = page.len() < shared.limits.page;
            after = page.last().map(|one| (one.owner.clone(), one.seq));
            let mine = |one: &Undelivered| one.state == DeliveryState::Unhandled && shared.owner(&one.message.process) == self.index;
            self.bring_when_durable(page.into_iter().filter(mine).collect(), None);
            if last {
                return;
            }
        }
    }
}

/// What taking up a parked process again is called where a chain needs an input; it is never recorded.
fn retry_message(process: &ProcessId, shared: &Shared) -> Message {
    let id = MessageId::of_retry(process);
    let (kind, time) = (Kind::timer(), shared.clock.now());
    Message { process: process.clone(), kind, source: None, time, data: Json::null(), correlation: id.clone(), id }
}

fn all_undelivered(shared: &Shared, process: &ProcessId) -> Result<Vec<Undelivered>, StoreError> {
    let mut all: Vec<Undelivered> = Vec::new();
    loop {
        let after = all.last().map(|one| (one.owner.clone(), one.seq));
        let page = shared.store.undelivered(Some(process), after, shared.limits.page)?;
        let last = page.len() < shared.limits.page;
        all.extend(page);
        if last {
            return Ok(all);
        }
    }
}
