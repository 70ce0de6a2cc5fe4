//! What follows when the store reports on a commit: answers, deliveries, timers, or doing it again.
//! Until then nothing of the commit has left the host.

use std::sync::Arc;

use super::{InFlight, Job, Settled, Worker};
use crate::error::Refusal;
use crate::flow::inbox::{Answer, Request, START_KEY};
use crate::model::commit::Receipt;
use crate::model::id::ProcessId;
use crate::ports::store::{CommitError, StoreError};

impl Worker {
    pub(super) fn settle(&mut self, settled: Settled) {
        let Settled { process, ticket, result } = settled;
        self.in_flight -= 1;
        let Some(lane) = self.lanes.get(&process) else { return };
        // Reports come in the order of the commits, so this is the first one; the search only keeps it honest.
        let Some(at) = lane.in_flight.iter().position(|commit| commit.ticket == ticket) else { return };
        let Some(commit) = lane.in_flight.remove(at) else { return };
        match result {
            Ok(()) => self.durable(&process, commit),
            Err(error) => {
                if commit.generation == lane.generation {
                    lane.reset();
                }
                self.failed(&process, commit, error);
            }
        }
    }

    fn durable(&mut self, process: &ProcessId, commit: InFlight) {
        for timer in commit.timers_set {
            self.timers.set(timer);
        }
        for key in &commit.timers_cleared {
            self.timers.clear(key);
        }
        for undelivered in commit.outgoing {
            self.hand_over(undelivered);
        }
        if !commit.due_again.is_empty() {
            self.deliver_again(process, Some(&commit.due_again));
        }
        if commit.ended {
            self.shared.watchers.tell(process);
        }
        match commit.job {
            Job::Request { answer, receipt, waits, .. } => {
                for same in commit.same {
                    let _ = same.send(Ok(Answer::Duplicate(receipt.clone())));
                }
                // Whoever asked may have gone away; what it asked for is recorded all the same.
                let _ = answer.send(Ok(match waits {
                    None => Answer::Taken(receipt),
                    Some(why) => Answer::Waiting(receipt, why),
                }));
            }
            Job::Unpark(answer) => {
                let _ = answer.send(Ok(()));
                // Timers that came due meanwhile were left in the store.
                self.timers.reload();
                self.deliver_again(process, None);
            }
            Job::Deliver(_) | Job::Fire(_) => {}
        }
    }

    /// A commit that did not happen. Stale ones are done again, since nothing of them is there; the store's own trouble is told.
    fn failed(&mut self, process: &ProcessId, commit: InFlight, error: CommitError) {
        let same = commit.same;
        match (commit.job, error) {
            (Job::Request { request, answer, .. }, CommitError::Taken { .. }) => {
                let said = self.first_receipt(&request);
                for same in same {
                    let _ = same.send(said.clone().map(Answer::Duplicate));
                }
                let _ = answer.send(said.map(Answer::Duplicate));
            }
            (Job::Request { request, answer, .. }, CommitError::Stale { .. } | CommitError::Gone { .. }) => {
                self.request(request.clone(), answer);
                for answer in same {
                    self.request(request.clone(), answer);
                }
            }
            (Job::Request { answer, .. }, CommitError::Store(error)) => {
                for answer in same {
                    Self::refuse(answer, Refusal::Store(error.clone()));
                }
                Self::refuse(answer, Refusal::Store(error));
            }
            (Job::Deliver(_) | Job::Fire(_), CommitError::Gone { .. }) => {
                tracing::debug!(%process, "a delivery had had its effect before");
            }
            (Job::Deliver(undelivered), CommitError::Stale { .. }) => self.deliver(*undelivered),
            (Job::Fire(timer), CommitError::Stale { .. }) => self.fire(*timer),
            (Job::Unpark(answer), CommitError::Store(error)) => drop(answer.send(Err(error.into()))),
            (Job::Unpark(answer), _) => self.retry(process, answer),
            (Job::Deliver(_) | Job::Fire(_), error) => {
                tracing::error!(%process, %error, "a delivery could not be recorded; it is found again at the next start");
            }
        }
    }

    fn first_receipt(&self, request: &Request) -> Result<Receipt, Refusal> {
        let key = request.key.as_deref().unwrap_or(START_KEY);
        let missing = || StoreError::Damaged(format!("process {} has no receipt under the key {key:?} that was taken", request.process));
        let store = Arc::clone(&self.shared.store);
        store.receipt(&request.process, key)?.ok_or_else(|| missing().into())
    }
}
