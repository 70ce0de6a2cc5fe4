//! One worker: it owns the processes that hash to it and runs their work one piece after another.
//! It never waits for the disk: a commit is handed over, and its report comes back through the mailbox.

mod adapters;
mod again;
mod apart;
mod deliver;
mod in_flight;
mod operations;
mod outage;
mod request;
mod resting;
mod settle;
mod triggers;

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::chain::Chain;
use super::inbox::{AnswerTo, Work};
use super::lanes::{Lane, Lanes, Weight};
use super::mailbox::{Mailbox, Taken};
use super::shared::Shared;
use super::timers::Timers;
use crate::error::Refusal;
use crate::model::id::ProcessId;
use crate::model::process::{DeliveryState, ProcessRow, Undelivered};
use crate::ports::store::StoreError;
pub(super) use in_flight::InFlight;
pub(crate) use in_flight::Settled;
use in_flight::{After, Job};
use outage::Outage;
use resting::Resting;
pub(crate) use triggers::{cancel_reason, is_cancel, returned_to};

/// One worker. A thread runs it; a test may step it instead.
pub(crate) struct Worker {
    index: usize,
    shared: Arc<Shared>,
    lanes: Lanes,
    timers: Timers,
    /// What this worker has taken in and not done yet. Bounded by the commits in flight: each adds what it recorded.
    backlog: VecDeque<Work>,
    /// What the store failed under.
    outage: Outage,
    /// What waits until its definition has rested.
    resting: Resting,
    /// Processes for which something is made apart.
    apart: HashSet<ProcessId>,
    in_flight: usize,
    /// What the commits in flight hold in memory.
    in_flight_bytes: usize,
    /// Messages that they put on their way.
    in_flight_outgoing: usize,
    next_ticket: u64,
    /// Deploys that this worker has heard of.
    deploys: u64,
}

impl Worker {
    pub(crate) fn new(index: usize, shared: Arc<Shared>) -> Self {
        let workers = shared.mailboxes.len().max(1);
        let limits = &shared.limits;
        let weight_max = Weight { states: limits.warm_max / workers, bytes: limits.warm_bytes_max / workers };
        let lanes = Lanes::new(limits.lanes_max / workers, weight_max);
        let (timers, backlog) = (Timers::new(index), VecDeque::new());
        let (outage, resting) = (Outage::default(), Resting::default());
        Self {
            index,
            shared,
            lanes,
            timers,
            backlog,
            outage,
            resting,
            apart: HashSet::new(),
            in_flight: 0,
            in_flight_bytes: 0,
            in_flight_outgoing: 0,
            next_ticket: 0,
            deploys: 0,
        }
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
        let room = if self.is_full() { 0 } else { shared.limits.commits_in_flight_max - self.in_flight };
        let Taken { settled, work, deployed, stopping } =
            shared.mailboxes[self.index].take(room.saturating_sub(self.backlog.len()), patience);
        let mut progress = if settled.is_empty() && work.is_empty() && !deployed { Progress::Idle } else { Progress::Made };
        for settled in settled {
            self.settle(settled);
        }
        // Behind what waits already: what came later must not overtake it.
        self.backlog.extend(work);
        if deployed {
            self.deploys += 1;
            self.deliver_unhandled();
        }
        if stopping {
            return if self.in_flight == 0 { Progress::Stopped } else { progress };
        }
        self.weigh();
        if self.end_outage() | self.end_rests() | self.work_backlog() | self.fire_timers() {
            progress = Progress::Made;
        }
        progress
    }

    /// What was recorded for this worker's processes and had no effect before the last stop: owners and numbers, in order.
    /// What a process has kept comes before what others have for it, since it had its turn earlier.
    ///
    /// # Errors
    /// [`StoreError`] where the store cannot be read.
    pub(crate) fn left_undelivered(&self) -> Result<Vec<(ProcessId, u64)>, StoreError> {
        let (mut kept, mut coming, mut after) = (Vec::new(), Vec::new(), None);
        loop {
            let page = self.shared.store.undelivered(None, after, self.shared.limits.page)?;
            let last = page.len() < self.shared.limits.page;
            after = page.last().map(|one| (one.owner.clone(), one.seq));
            for one in page.into_iter().filter(|one| self.shared.owner(&one.message.process) == self.index) {
                let found = if one.owner == one.message.process { &mut kept } else { &mut coming };
                found.push((one.owner, one.seq));
            }
            if last {
                kept.append(&mut coming);
                return Ok(kept);
            }
        }
    }

    /// Delivers what was found at the start. What is parked, put off or unhandled still simply waits again;
    /// a next attempt has its timer, and a dead letter its operator.
    ///
    /// # Errors
    /// [`StoreError`] where the store cannot be read.
    pub(crate) fn recover(&mut self, found: Vec<(ProcessId, u64)>) -> Result<(), StoreError> {
        for (owner, seq) in found {
            let waits = |one: &Undelivered| matches!(one.state, DeliveryState::Retrying(_) | DeliveryState::Dead);
            // Another delivery may have dealt with it meanwhile.
            let Some(one) = self.shared.undelivered(&owner, seq)?.filter(|one| !waits(one)) else { continue };
            self.deliver(Box::new(one));
            while self.is_full() {
                self.settle_some();
            }
        }
        Ok(())
    }

    /// Whether it takes no more work before a commit comes back. One commit is always in flight, however large it is.
    fn is_full(&self) -> bool {
        let limits = &self.shared.limits;
        self.in_flight >= limits.commits_in_flight_max || self.in_flight_bytes >= limits.in_flight_bytes_max
    }

    /// Says how much recorded work waits here.
    fn weigh(&self) {
        let waiting = self.backlog.iter().filter_map(Work::recorded_bytes);
        let behind = self.apart.iter().filter_map(|process| self.lanes.peek(process)).map(|lane| (lane.waiting.len(), lane.waiting_bytes));
        let waiting = waiting.map(|bytes| (1, bytes)).chain(behind);
        let (messages, bytes) = waiting.fold((0, 0), |(messages, bytes), more| (messages + more.0, bytes + more.1));
        let (brought, brought_bytes) = self.shared.mailboxes[self.index].brought();
        let (messages, bytes) = (messages + brought + self.in_flight_outgoing, bytes + brought_bytes + self.in_flight_bytes);
        self.shared.flood.weigh(self.index, messages, bytes);
    }

    fn settle_some(&mut self) {
        let shared = Arc::clone(&self.shared);
        let Taken { settled, deployed, .. } = shared.mailboxes[self.index].take(0, Duration::from_secs(1));
        for settled in settled {
            self.settle(settled);
        }
        if deployed {
            shared.mailboxes[self.index].announce_deploy();
        }
    }

    fn work(&mut self, work: Work) {
        match work {
            Work::Request { request, answer } => self.request(request, answer),
            Work::Deliver(undelivered) => self.deliver(undelivered),
            Work::Fire(timer) => self.fire(timer),
            Work::Comes(process) => self.lanes.get(&process).into_iter().for_each(Lane::comes),
            Work::Revived(process) => self.revived(&process),
            Work::TakeUp(process) => self.take_up_unless_parked(&process),
            Work::Operate { process, operation, answer } => self.operate(&process, operation, answer),
            Work::LookAgain(process) => self.look_again(process.as_ref()),
            Work::Made(made) => self.made(*made),
            Work::Later(work) => self.do_later(*work),
        }
    }

    /// Does what was taken in, as far as there is room.
    fn work_backlog(&mut self) -> bool {
        let before = (self.backlog.len(), self.next_ticket);
        for _ in 0..before.0 {
            if self.is_full() {
                break;
            }
            let Some(work) = self.backlog.pop_front() else { break };
            self.work(work);
        }
        before != (self.backlog.len(), self.next_ticket)
    }

    /// Brings a recorded message to the worker that owns its process.
    fn hand_over(&mut self, undelivered: Undelivered) {
        let owner = self.shared.owner(&undelivered.message.process);
        let work = Work::Deliver(Box::new(undelivered));
        if owner == self.index {
            self.backlog.push_back(work);
        } else {
            self.shared.mailboxes[owner].bring(work);
        }
    }

    fn fire_timers(&mut self) -> bool {
        // While the store fails, what is due stays in the store: taken out, all of it would gather in memory.
        if self.outage.next_try().is_some() {
            return false;
        }
        let shared = Arc::clone(&self.shared);
        let room = if self.is_full() { 0 } else { shared.limits.commits_in_flight_max - self.in_flight };
        let room = room.min(shared.limits.timers_per_step_max);
        match self.timers.due(&shared, shared.clock.now(), room) {
            Ok(due) => {
                let progress = !due.is_empty();
                for timer in due {
                    self.fire(Box::new(timer));
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
        if self.is_full() || self.shared.mailboxes[self.index].is_stopping() {
            // Only a report of the store makes room, and it wakes the worker.
            return Duration::from_secs(1);
        }
        // While the store fails no timer fires, so none is waited for.
        let until_tick = |at: u64| at.saturating_sub(self.shared.ticks_ms());
        let until_timer = || self.timers.next(&self.shared).0.saturating_sub(self.shared.clock.now().0);
        let next = self.outage.next_try().map_or_else(until_timer, until_tick);
        let next = self.resting.next().map_or(next, |rested| until_tick(rested).min(next));
        // What waits for its lane is put into the backlog by what it waits for, so there is something to do.
        let longest_ms = if self.backlog.is_empty() { 1_000 } else { 0 };
        Duration::from_millis(next.min(longest_ms))
    }

    /// Hands a chain to the store; its lane stays in memory until the report is back.
    fn submit(&mut self, chain: Chain<'_>, job: Job) -> InFlight {
        let due_again = chain.due_again.clone();
        let (begun, had_ended) = (chain.begun, chain.had_ended);
        let generation = chain.lane.generation;
        let commit = chain.into_commit();
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        let ended = !had_ended && commit.row.has_ended();
        let after = After::of(&commit, due_again, begun, self.deploys, ended);
        let (bytes, outgoing) = (commit.bytes(), after.outgoing.len());
        self.in_flight_bytes += bytes;
        self.in_flight_outgoing += outgoing;
        self.shared.flood.more(self.index, outgoing, bytes);
        let (entry, receipt) = (commit.entry.clone(), commit.receipt.clone());
        let in_flight = InFlight { ticket, generation, entry, job, receipt, echoes: Vec::new(), after };
        let process = commit.row.id.clone();
        let (shared, index) = (Arc::clone(&self.shared), self.index);
        self.in_flight += 1;
        self.shared.in_flight.fetch_add(1, Ordering::Relaxed);
        let report = move |result| shared.mailboxes[index].settle(Settled { process, ticket, bytes, outgoing, result });
        self.shared.store.submit(commit, Box::new(report));
        in_flight
    }

    /// Forgets a chain that is not to be recorded.
    fn abandon(lane: &mut Lane, row: ProcessRow) {
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
