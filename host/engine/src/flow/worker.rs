//! One worker: it owns the processes that hash to it and runs their work one piece after another.
//! It never waits for the disk: a commit is handed over, and its report comes back through the mailbox.

mod deliver;
mod request;
mod settle;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use super::chain::Chain;
use super::inbox::{AnswerTo, Request, RetriedTo, Work};
use super::lanes::{Lane, Lanes};
use super::mailbox::{Mailbox, Taken};
use super::shared::Shared;
use super::timers::Timers;
use crate::error::Refusal;
use crate::model::commit::{Entry, Receipt};
use crate::model::id::ProcessId;
use crate::model::process::{DeliveryState, Timer, TimerKey, Undelivered};
use crate::ports::store::{CommitError, StoreError};

/// One worker. A thread runs it; a test may step it instead.
pub(crate) struct Worker {
    index: usize,
    shared: Arc<Shared>,
    lanes: Lanes,
    timers: Timers,
    /// Work of this worker's own making, and what found another mailbox full. Bounded by the commits in flight: each adds what it recorded.
    backlog: VecDeque<Work>,
    in_flight: usize,
    next_ticket: u64,
}

/// A commit that was handed to the store.
pub(super) struct InFlight {
    ticket: u64,
    /// The generation of its lane when it was submitted.
    pub(super) generation: u64,
    /// What it adds to the log; folding needs it until the store shows it.
    pub(super) entry: Option<Entry>,
    job: Job,
    receipt: Option<Receipt>,
    /// Callers that sent the same request while this one was in flight.
    same: Vec<AnswerTo>,
    /// What is to be delivered once this is durable.
    outgoing: Vec<Undelivered>,
    due_again: Vec<u64>,
    timers_set: Vec<Timer>,
    timers_cleared: Vec<TimerKey>,
    ended: bool,
}

/// What set a commit off; kept so that it can be done again.
enum Job {
    Request { request: Box<Request>, answer: AnswerTo, receipt: Receipt, waits: Option<String> },
    Deliver(Box<Undelivered>),
    Fire(Box<Timer>),
    Unpark(RetriedTo),
}

/// What became of a commit.
pub(crate) struct Settled {
    process: ProcessId,
    ticket: u64,
    result: Result<(), CommitError>,
}

impl Worker {
    pub(crate) fn new(index: usize, shared: Arc<Shared>) -> Self {
        let lanes = Lanes::new(shared.limits.lanes_max / shared.mailboxes.len().max(1));
        Self { index, shared, lanes, timers: Timers::new(index), backlog: VecDeque::new(), in_flight: 0, next_ticket: 0 }
    }

    /// Runs until the mailbox says stop and nothing is in flight.
    pub(crate) fn run(mut self) {
        let shared = Arc::clone(&self.shared);
        let _closes = Closes(&shared.mailboxes[self.index]);
        loop {
            let patience = self.patience();
            if self.step(patience) == Progress::Stopped {
                return;
            }
        }
    }

    /// Takes what waits and does it; waits up to `patience` where there is nothing.
    pub(crate) fn step(&mut self, patience: Duration) -> Progress {
        let shared = Arc::clone(&self.shared);
        let room = shared.limits.commits_in_flight_max.saturating_sub(self.in_flight);
        let patience = if self.backlog.is_empty() || room == 0 { patience } else { Duration::ZERO };
        let Taken { settled, work, deployed, stopping } =
            shared.mailboxes[self.index].take(room.saturating_sub(self.backlog.len()), patience);
        let mut progress = if settled.is_empty() && work.is_empty() { Progress::Idle } else { Progress::Made };
        for settled in settled {
            self.settle(settled);
        }
        for one in work {
            self.work(one);
        }
        if deployed {
            self.deliver_unhandled();
        }
        if stopping {
            return if self.in_flight == 0 { Progress::Stopped } else { progress };
        }
        if self.work_backlog() | self.fire_timers() {
            progress = Progress::Made;
        }
        progress
    }

    /// Finds again what was recorded and had no effect before the last stop.
    ///
    /// # Errors
    /// [`StoreError`] where the store cannot be read.
    pub(crate) fn recover(&mut self) -> Result<(), StoreError> {
        let shared = Arc::clone(&self.shared);
        let mut after = None;
        loop {
            let page = shared.store.undelivered(None, after, shared.limits.page)?;
            let last = page.len() < shared.limits.page;
            after = page.last().map(|one| (one.owner.clone(), one.seq));
            // What is parked waits for an operator. All else is tried: what is put off or unhandled still simply waits again.
            let mine = |one: &Undelivered| one.state != DeliveryState::Parked && shared.owner(&one.message.process) == self.index;
            for one in page.into_iter().filter(mine).collect::<Vec<_>>() {
                self.deliver(one);
                while self.in_flight >= shared.limits.commits_in_flight_max {
                    self.settle_some();
                }
            }
            if last {
                return Ok(());
            }
        }
    }

    fn settle_some(&mut self) {
        let shared = Arc::clone(&self.shared);
        for settled in shared.mailboxes[self.index].take(0, Duration::from_secs(1)).settled {
            self.settle(settled);
        }
    }

    fn work(&mut self, work: Work) {
        match work {
            Work::Request { request, answer } => self.request(request, answer),
            Work::Deliver(undelivered) => self.deliver(*undelivered),
            Work::Retry { process, answer } => self.retry(&process, answer),
        }
    }

    /// Does what this worker put aside, as far as there is room.
    fn work_backlog(&mut self) -> bool {
        let mut progress = false;
        for _ in 0..self.backlog.len() {
            if self.in_flight >= self.shared.limits.commits_in_flight_max {
                break;
            }
            let Some(work) = self.backlog.pop_front() else { break };
            match work {
                Work::Deliver(undelivered) if self.shared.owner(&undelivered.message.process) != self.index => self.hand_over(*undelivered),
                work => {
                    self.work(work);
                    progress = true;
                }
            }
        }
        progress
    }

    /// Brings a recorded message to the worker that owns its process; where that one is full, tries again later.
    fn hand_over(&mut self, undelivered: Undelivered) {
        let owner = self.shared.owner(&undelivered.message.process);
        let work = Work::Deliver(Box::new(undelivered));
        if owner == self.index {
            self.backlog.push_back(work);
        } else if let Err(full) = self.shared.mailboxes[owner].offer(work) {
            self.backlog.push_back(full.0);
        }
    }

    fn fire_timers(&mut self) -> bool {
        let shared = Arc::clone(&self.shared);
        let room = shared.limits.commits_in_flight_max.saturating_sub(self.in_flight).min(shared.limits.timers_per_step_max);
        match self.timers.due(&shared, shared.clock.now(), room) {
            Ok(due) => {
                let progress = !due.is_empty();
                for timer in due {
                    self.fire(timer);
                }
                progress
            }
            Err(error) => {
                tracing::error!(%error, "timers could not be read; they are read again");
                false
            }
        }
    }

    /// How long nothing has to happen: until the next timer, and not longer than a second, so that a clock that was set is noticed.
    fn patience(&self) -> Duration {
        let next = self.timers.next(&self.shared).0.saturating_sub(self.shared.clock.now().0);
        let foreign_backlog = if self.backlog.is_empty() { 1_000 } else { 1 };
        Duration::from_millis(next.min(foreign_backlog))
    }

    /// Hands a chain to the store; its lane stays in memory until the report is back.
    fn submit(&mut self, chain: Chain<'_>, job: Job, lane_ended_before: bool) -> InFlight {
        let due_again = chain.due_again.clone();
        let generation = chain.lane.generation;
        let commit = chain.into_commit();
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        let ended = !lane_ended_before && commit.row.root().is_some_and(|root| root.view.phase.has_ended());
        let in_flight = InFlight {
            ticket,
            generation,
            entry: commit.entry.clone(),
            job,
            receipt: commit.receipt.clone(),
            same: Vec::new(),
            outgoing: commit.undelivered.iter().filter(|one| one.state == DeliveryState::Due).cloned().collect(),
            due_again,
            timers_set: commit.timers_set.clone(),
            timers_cleared: commit.timers_cleared.clone(),
            ended,
        };
        let process = commit.row.id.clone();
        let (shared, index) = (Arc::clone(&self.shared), self.index);
        self.in_flight += 1;
        let report = move |result| shared.mailboxes[index].settle(Settled { process, ticket, result });
        self.shared.store.submit(commit, Box::new(report));
        in_flight
    }

    /// Forgets a chain that is not to be recorded.
    fn abandon(lane: &mut Lane, row: crate::model::process::ProcessRow) {
        lane.row = row;
        lane.warm.clear();
    }

    fn refuse(answer: AnswerTo, refusal: Refusal) {
        // Who asked may have gone away.
        let _ = answer.send(Err(refusal));
    }
}

/// Closes a mailbox when its worker ends, also by a panic: whoever waits for an answer hears that none will come.
struct Closes<'a>(&'a Mailbox);

impl Drop for Closes<'_> {
    fn drop(&mut self) {
        self.0.stop();
        drop(self.0.take(usize::MAX, Duration::ZERO));
    }
}

/// What a step has brought about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    Made,
    Idle,
    Stopped,
}
