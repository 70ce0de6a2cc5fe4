//! A commit that was handed to the store and has not come back: what set it off, and what follows when it is durable.
//! Nothing here acts; `settle` does.

use crate::error::Refusal;
use crate::flow::inbox::{Answer, AnswerTo, OperatedTo, Operation, Request};
use crate::model::commit::{Commit, Entry, Receipt};
use crate::model::id::ProcessId;
use crate::model::process::{DeliveryState, Timer, TimerKey, Undelivered};
use crate::ports::store::CommitError;

/// A commit that was handed to the store.
pub(in crate::flow) struct InFlight {
    pub(super) ticket: u64,
    /// The generation of its lane when it was submitted.
    pub(in crate::flow) generation: u64,
    /// What it adds to the log; folding needs it until the store shows it.
    pub(in crate::flow) entry: Option<Entry>,
    pub(super) job: Job,
    pub(super) receipt: Option<Receipt>,
    /// Answers that rest on this commit: no caller hears of something that may still be lost.
    pub(super) echoes: Vec<Echo>,
    pub(super) after: After,
}

/// What set a commit off; kept so that it can be done again.
pub(super) enum Job {
    Request {
        request: Box<Request>,
        answer: AnswerTo,
        receipt: Receipt,
        waits: Option<String>,
    },
    Deliver(Box<Undelivered>),
    Fire(Box<Timer>),
    /// A request that only left a note, and its answer.
    Noted(Echo),
    /// An operation, and whether it takes the process up again.
    Operate {
        operation: Operation,
        takes_up: TakesUp,
        answer: OperatedTo,
    },
}

/// Whether a parked process is taken up again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TakesUp {
    Yes,
    No,
}

/// An answer that waits for a commit although it adds nothing to it.
pub(super) struct Echo {
    pub(super) request: Box<Request>,
    pub(super) answer: AnswerTo,
    pub(super) said: Result<Answer, Refusal>,
}

/// What follows when a commit is durable.
pub(super) struct After {
    /// Messages to be delivered.
    pub(super) outgoing: Vec<Undelivered>,
    /// Numbers of deferred messages that an event has made due.
    pub(super) due_again: Vec<u64>,
    /// Whether a stream began that something kept before may be for.
    pub(super) begun: bool,
    /// Messages without a receiver, and how many deploys were heard of when none was found.
    pub(super) unhandled: Vec<Undelivered>,
    pub(super) deploys: u64,
    pub(super) timers_set: Vec<Timer>,
    pub(super) timers_cleared: Vec<TimerKey>,
    /// Whether the process came to its end.
    pub(super) ended: bool,
    /// Whether the process is parked by then: its own messages are passed over from the submit on.
    pub(super) parked: bool,
}

impl After {
    pub(super) fn of(commit: &Commit, due_again: Vec<u64>, begun: bool, deploys: u64, ended: bool) -> Self {
        let in_state =
            |state: DeliveryState| -> Vec<_> { commit.undelivered.iter().filter(move |one| one.state == state).cloned().collect() };
        let unhandled = in_state(DeliveryState::Unhandled);
        // The first commit of a process has nothing before it to look for, and most processes begin there.
        let begun = begun && (commit.row.revision > 1 || !unhandled.is_empty());
        Self {
            outgoing: in_state(DeliveryState::Due),
            due_again,
            begun,
            unhandled,
            deploys,
            timers_set: commit.timers_set.clone(),
            timers_cleared: commit.timers_cleared.clone(),
            ended,
            parked: commit.row.parked.is_some(),
        }
    }
}

/// What became of a commit.
pub(crate) struct Settled {
    pub(super) process: ProcessId,
    pub(super) ticket: u64,
    /// What the commit held in memory, and how many messages it put on their way.
    pub(super) bytes: usize,
    pub(super) outgoing: usize,
    pub(super) result: Result<(), CommitError>,
}
