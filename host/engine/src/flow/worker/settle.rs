//! What follows when the store reports on a commit: answers, deliveries, timers, or doing it again.
//! Until then nothing of the commit has left the host.

use super::Worker;
use super::in_flight::{After, Echo, InFlight, Job, Settled};
use super::recovery::passes;
use crate::error::Refusal;
use crate::flow::inbox::{Answer, Request, START_KEY, Work};
use crate::model::id::ProcessId;
use crate::model::process::{DeliveryState, Undelivered};
use crate::ports::store::{CommitError, StoreError};

impl Worker {
    pub(super) fn settle(&mut self, settled: Settled) {
        let Settled { process, ticket, result } = settled;
        self.in_flight -= 1;
        let Some(lane) = self.lanes.get(&process) else { return };
        // Reports come in the order of the commits, so this is the first one; the search only keeps it honest.
        let Some(at) = lane.in_flight.iter().position(|commit| commit.ticket == ticket) else { return };
        let Some(commit) = lane.in_flight.remove(at) else { return };
        let has_failed = result.is_err();
        match result {
            Ok(()) => {
                self.store_works();
                self.durable(&process, commit);
            }
            Err(error) => {
                if commit.generation == lane.generation {
                    lane.reset();
                }
                self.failed(&process, commit, error);
            }
        }
        if has_failed {
            self.release(&process);
        }
    }

    fn durable(&mut self, process: &ProcessId, commit: InFlight) {
        self.follow(process, commit.after);
        match commit.job {
            // Whoever asked may have gone away; what it asked for is recorded all the same.
            Job::Request { answer, receipt, waits, .. } => drop(answer.send(Ok(match waits {
                None => Answer::Taken(receipt),
                Some(why) => Answer::Waiting(receipt, why),
            }))),
            Job::Unpark(answer) => {
                let _ = answer.send(Ok(()));
                // Timers that came due meanwhile were left in the store.
                self.timers.reload();
                self.deliver_again(process, |_| true, Some(Work::Revived(process.clone())));
            }
            Job::Deliver(_) | Job::Fire(_) => {}
        }
        for Echo { answer, said, .. } in commit.echoes {
            let _ = answer.send(said);
        }
    }

    fn follow(&mut self, process: &ProcessId, after: After) {
        for timer in after.timers_set {
            self.timers.set(timer);
        }
        for key in &after.timers_cleared {
            self.timers.clear(key);
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
            (Job::Request { request, answer, .. }, CommitError::Stale { .. } | CommitError::Gone { .. }) => self.request(request, answer),
            (Job::Request { answer, .. }, CommitError::Store(error)) => Self::refuse(answer, Refusal::Store(error)),
            (Job::Deliver(_) | Job::Fire(_), CommitError::Gone { .. }) => {
                tracing::debug!(%process, "a delivery had had its effect before");
            }
            (Job::Deliver(undelivered), CommitError::Stale { .. }) => self.deliver(*undelivered),
            (Job::Fire(timer), CommitError::Stale { .. }) => self.fire(*timer),
            (Job::Unpark(answer), CommitError::Store(error)) => {
                self.unrevived(process);
                let _ = answer.send(Err(error.into()));
            }
            (Job::Unpark(answer), _) => {
                self.unrevived(process);
                self.retry(process, answer);
            }
            (Job::Deliver(_) | Job::Fire(_), error) => {
                tracing::error!(%process, %error, "a delivery could not be recorded; it is looked for again when the store works");
                if passes(&error) {
                    self.troubled();
                }
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
