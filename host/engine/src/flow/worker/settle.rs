//! What follows when the store reports on a commit: answers, deliveries, timers, or doing it again.
//! Until then nothing of the commit has left the host.

use std::collections::VecDeque;
use std::sync::atomic::Ordering;

use super::Worker;
use super::in_flight::{After, Echo, InFlight, Job, Settled, TakesUp};
use crate::error::Refusal;
use crate::flow::inbox::{Answer, Request, START_KEY, Work};
use crate::flow::shared::Counters;
use crate::model::id::ProcessId;
use crate::model::process::{DeliveryState, Fires, Undelivered};
use crate::ports::store::{CommitError, StoreError};

impl Worker {
    pub(super) fn settle(&mut self, settled: Settled) {
        let Settled { process, ticket, bytes, outgoing, result } = settled;
        self.in_flight -= 1;
        self.in_flight_bytes -= bytes;
        self.in_flight_outgoing -= outgoing;
        self.shared.in_flight.fetch_sub(1, Ordering::Relaxed);
        let Some(lane) = self.lanes.get(&process) else { return };
        // Reports come in the order of the commits, so this is the first one; the search only keeps it honest.
        let Some(at) = lane.in_flight.iter().position(|commit| commit.ticket == ticket) else { return };
        let Some(commit) = lane.in_flight.remove(at) else { return };
        match result {
            Ok(()) => {
                self.durable(&process, commit);
                self.store_seems_to_work();
            }
            Err(error) => {
                if commit.generation == lane.generation {
                    lane.reset();
                }
                // What waits came after this commit, except what failed before it.
                let behind = lane.waiting.split_off(lane.redone);
                self.look_for_what_was_passed_over(&process, &commit.after);
                self.failed(&process, commit, error);
                self.wait_behind_what_failed(&process, behind);
                self.release(&process);
            }
        }
    }

    fn wait_behind_what_failed(&mut self, process: &ProcessId, behind: VecDeque<Work>) {
        match self.lanes.get(process) {
            Some(lane) => {
                lane.redone = lane.waiting.len();
                lane.waiting.extend(behind);
            }
            None => self.backlog.extend(behind),
        }
    }

    /// While a commit was under way, timers that it cleared were passed over, and so was everything of a process that it parked. It did not happen.
    fn look_for_what_was_passed_over(&mut self, process: &ProcessId, after: &After) {
        if after.parked || !after.timers_cleared.is_empty() {
            self.timers.reload();
        }
        if after.parked {
            self.backlog.push_back(Work::TakeUp(process.clone()));
        }
    }

    fn durable(&mut self, process: &ProcessId, commit: InFlight) {
        Counters::count(&self.shared.counters.commits);
        let mut after = commit.after;
        if matches!(commit.job, Job::Operate { takes_up: TakesUp::Yes, .. }) {
            // They are delivered below with everything else that waited, in order.
            after.outgoing.clear();
        }
        self.follow(process, after);
        match commit.job {
            // Whoever asked may have gone away; what it asked for is recorded all the same.
            Job::Request { answer, receipt, waits, .. } => drop(answer.send(Ok(match waits {
                None => Answer::Taken(receipt),
                Some(why) => Answer::Waiting(receipt, why),
            }))),
            Job::Noted(Echo { answer, said, .. }) => drop(answer.send(said)),
            Job::Operate { takes_up, answer, .. } => {
                drop(answer.send(Ok(())));
                if takes_up == TakesUp::Yes {
                    // Timers that came due meanwhile were left in the store.
                    self.timers.reload();
                    self.take_up(process);
                }
            }
            Job::Deliver(_) | Job::Fire(_) => {}
        }
        for Echo { answer, said, .. } in commit.echoes {
            let _ = answer.send(said);
        }
    }

    fn follow(&mut self, process: &ProcessId, after: After) {
        // In the order of the store: a commit may take a timer off and set it again.
        for key in &after.timers_cleared {
            self.timers.clear(key);
        }
        for timer in after.timers_set {
            self.timers.set(timer);
        }
        for undelivered in after.outgoing {
            self.hand_over(undelivered);
        }
        if after.begun || !after.due_again.is_empty() {
            let due = |one: &Undelivered| after.due_again.contains(&one.seq);
            self.deliver_again(process, |one| due(one) || (after.begun && one.state == DeliveryState::Unhandled), None);
        }
        // A definition came after nobody was found for these, and its deliveries may have missed them.
        if after.deploys != self.deploys && !after.begun {
            self.backlog.extend(after.unhandled.into_iter().map(|one| Work::Deliver(Box::new(one))));
        }
        if after.ended {
            self.shared.watchers.tell(process);
        }
    }

    /// A commit that did not happen. Stale ones are done again, since nothing of them is there; the store's own trouble is told.
    fn failed(&mut self, process: &ProcessId, commit: InFlight, error: CommitError) {
        match (commit.job, error) {
            (Job::Request { request, answer, .. }, CommitError::Taken { .. }) => {
                let said = self.first_answer(&request);
                let _ = answer.send(said);
            }
            (Job::Request { request, answer, .. }, CommitError::Stale { .. } | CommitError::Gone { .. } | CommitError::Removed { .. }) => {
                self.request(request, answer);
            }
            (Job::Request { answer, .. }, CommitError::Store(error)) => Self::refuse(answer, Refusal::Store(error)),
            (Job::Noted(Echo { answer, .. }), CommitError::Store(error)) => Self::refuse(answer, Refusal::Store(error)),
            (Job::Noted(Echo { request, answer, .. }), _) => self.request(request, answer),
            // A deadline takes two things off. If only the command was gone, its answer is still due.
            (Job::Fire(timer), CommitError::Gone { seq, .. }) if matches!(timer.fires, Fires::Deadline { .. }) && seq != timer.key.seq => {
                self.fire(timer);
            }
            (Job::Deliver(_) | Job::Fire(_), CommitError::Gone { .. }) => {
                tracing::debug!(%process, "a delivery had had its effect before");
            }
            (Job::Deliver(undelivered), CommitError::Stale { .. } | CommitError::Removed { .. }) => self.deliver(undelivered),
            (Job::Fire(timer), CommitError::Stale { .. } | CommitError::Removed { .. }) => self.fire(timer),
            (Job::Operate { takes_up, answer, .. }, CommitError::Store(error)) => {
                self.unrevived(process, takes_up);
                drop(answer.send(Err(error.into())));
            }
            (Job::Operate { operation, takes_up, answer }, _) => {
                self.unrevived(process, takes_up);
                self.operate(process, operation, answer);
            }
            (Job::Deliver(undelivered), CommitError::Store(error)) => self.put_off(Work::Deliver(undelivered), &error),
            (Job::Fire(timer), CommitError::Store(error)) => self.put_off(Work::Fire(timer), &error),
            (Job::Deliver(_) | Job::Fire(_), CommitError::Taken { .. }) => {
                tracing::error!(%process, "a delivery was refused for a receipt that it does not have");
            }
        }
        // What rested on this commit is asked again, behind it.
        for Echo { request, answer, .. } in commit.echoes {
            self.request(request, answer);
        }
    }

    /// What a request whose key is taken hears: the first receipt, if that one asked the same.
    fn first_answer(&self, request: &Request) -> Result<Answer, Refusal> {
        let key = request.key.as_deref().unwrap_or(START_KEY);
        let missing = || StoreError::Damaged(format!("process {} has no receipt under the key {key:?} that was taken", request.process));
        let receipt = self.shared.store.receipt(&request.process, key)?.ok_or_else(missing)?;
        if receipt.fingerprint == request.fingerprint() { Ok(Answer::Duplicate(receipt)) } else { Err(request.key_is_reused(key)) }
    }
}
