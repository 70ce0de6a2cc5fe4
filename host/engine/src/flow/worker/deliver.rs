//! What was recorded and now has its effect: messages to streams and adapters, and timers that come due.
//! Delivery happens at least once; the store takes each effect once.

use std::sync::Arc;

use super::Worker;
use super::adapters::answer_of;
use super::apart::Undone;
use super::in_flight::{InFlight, Job};
use super::resting::rest_of;
use super::triggers::{take_deadline, take_set_timer, timer_message, trigger_of, undelivered_message};
use crate::flow::chain::{Chain, Failure, Halt};
use crate::flow::inbox::Work;
use crate::flow::lanes::Lane;
use crate::flow::outbox::{self, Route, Target};
use crate::flow::shared::{Counters, Shared};
use crate::model::decision::Trigger;
use crate::model::id::{Kind, MessageId, StreamName, Suffix};
use crate::model::json::Json;
use crate::model::message::Message;
use crate::model::note::Happening;
use crate::model::process::{DeliveryState, Fires, Timer, TimerKey, Undelivered};
use crate::registry::Snapshot;

impl Worker {
    /// Delivers a recorded message.
    pub(super) fn deliver(&mut self, undelivered: Box<Undelivered>) {
        self.in_order(Work::Deliver(undelivered));
    }

    /// Lets a timer have its effect.
    pub(super) fn fire(&mut self, timer: Box<Timer>) {
        self.in_order(Work::Fire(timer));
    }

    /// Does recorded work, unless other work of its process waits for the store.
    fn in_order(&mut self, work: Work) {
        if work.process().is_some_and(|process| self.outage.holds(process)) {
            return self.outage.wait_behind(work);
        }
        self.now(work);
    }

    /// Does recorded work although others of its process wait for the store: it is the first of them.
    /// Where it does not come to its end, the lane is as it was before.
    pub(super) fn now(&mut self, work: Work) {
        let Some(process) = work.process().cloned() else { return };
        let mut lane = match self.lanes.take(&process, &*self.shared.store) {
            Ok(lane) => lane,
            Err(error) => return self.put_off(work, &error),
        };
        let before = lane.row.clone();
        let done = match &work {
            Work::Deliver(undelivered) => self.deliver_in(&mut lane, undelivered),
            Work::Fire(timer) => self.fire_in(&mut lane, timer),
            // Nothing else is recorded work of a process.
            _ => Ok(()),
        };
        match done {
            Ok(()) => {
                lane.forget_made();
                self.lanes.put(lane);
            }
            Err(halt) => self.put_back(lane, Undone { work, before, halt }),
        }
    }

    fn deliver_in(&mut self, lane: &mut Lane, undelivered: &Undelivered) -> Result<(), Halt> {
        if lane.will_be_revived_by(undelivered) {
            return Ok(());
        }
        // What a process has kept is delivered before anything that comes anew.
        let is_held = if lane.is_revived_by(undelivered) { lane.is_closed() } else { lane.is_held() };
        if is_held {
            lane.waiting_bytes += undelivered.message.data.as_str().len();
            lane.waiting.push_back(Work::Deliver(Box::new(undelivered.clone())));
            return Ok(());
        }
        if lane.row.parked.is_some() {
            // A message of its own keeps its place; another one gets a place in the order of this process.
            if undelivered.owner == lane.row.id {
                return Ok(());
            }
            let shared = Arc::clone(&self.shared);
            let snapshot = shared.registry.snapshot();
            let mut chain = Chain::new(&shared, &snapshot, lane, undelivered.message.clone());
            chain.take_off(undelivered);
            chain.keep(undelivered.message.clone(), undelivered.target.clone(), DeliveryState::Parked);
            let in_flight = self.submit(chain, Job::Deliver(Box::new(undelivered.clone())));
            lane.in_flight.push_back(in_flight);
            return Ok(());
        }
        // Whoever is taken up after a rest is not held any more, until one of its messages has to wait anew: what follows that one waits, too.
        if self.resting.holds(&lane.row.id) {
            return self.wait_for_rest(lane, undelivered, Job::Deliver(Box::new(undelivered.clone())), 0);
        }
        self.attempt_in(lane, undelivered, Job::Deliver(Box::new(undelivered.clone())))
    }

    /// Leaves a message in the store until its definition has rested; one that another process keeps gets a place in the order of this one.
    fn wait_for_rest(&mut self, lane: &mut Lane, undelivered: &Undelivered, job: Job, for_ms: u64) -> Result<(), Halt> {
        self.hold(&lane.row.id, for_ms);
        if undelivered.owner == lane.row.id {
            return Ok(());
        }
        let shared = Arc::clone(&self.shared);
        let snapshot = shared.registry.snapshot();
        let mut chain = taken_off(&shared, &snapshot, lane, undelivered);
        chain.keep(undelivered.message.clone(), undelivered.target.clone(), DeliveryState::Due);
        let in_flight = self.submit(chain, job);
        lane.in_flight.push_back(in_flight);
        Ok(())
    }

    /// Makes an attempt at a message whose turn it is.
    fn attempt_in(&mut self, lane: &mut Lane, undelivered: &Undelivered, job: Job) -> Result<(), Halt> {
        let shared = Arc::clone(&self.shared);
        let snapshot = shared.registry.snapshot();
        let Undelivered { owner, seq, message, target, .. } = undelivered;
        lane.row.streams.iter_mut().for_each(|head| head.deferred.retain(|deferred| deferred != seq || *owner != message.process));
        let (route, trigger) = match trigger_of(lane, message, target.as_ref()) {
            Some((target, trigger)) => (Route::Streams(vec![target]), trigger),
            None => (outbox::route(&shared.registry, &snapshot, &lane.row, message, target.as_ref()), Trigger::Message(message.clone())),
        };
        if let Route::Streams(targets) = &route
            && let Some(for_ms) = rest_of(&shared, targets)
        {
            return self.wait_for_rest(lane, undelivered, job, for_ms);
        }
        let chain = match route {
            // An adapter need not hear twice of what it was just asked: the report on that delivery is to come.
            Route::Adapter(_) if is_under_way(lane, undelivered) => return Ok(()),
            Route::Adapter(adapter) => answer_of(&adapter, &shared, &snapshot, lane, undelivered)?,
            Route::Nobody(_) if undelivered.state == DeliveryState::Unhandled => return Ok(()),
            route => {
                let mut chain = taken_off(&shared, &snapshot, lane, undelivered);
                match route {
                    Route::Streams(targets) => begin_or_park(&mut chain, &targets, &trigger, message.clone(), target.clone())?,
                    Route::Nobody(why) if !message.is_event() => {
                        tracing::warn!(process = %message.process, message_id = %message.id, kind = %message.kind, why, "a message waits for a definition");
                        chain.keep(message.clone(), target.clone(), DeliveryState::Unhandled);
                    }
                    // An event that interests nobody any more.
                    Route::Nobody(_) | Route::Adapter(_) => {}
                }
                chain
            }
        };
        let in_flight = self.submit(chain, job);
        lane.in_flight.push_back(in_flight);
        Ok(())
    }

    fn fire_in(&mut self, lane: &mut Lane, timer: &Timer) -> Result<(), Halt> {
        if lane.is_held() {
            lane.waiting.push_back(Work::Fire(Box::new(timer.clone())));
            return Ok(());
        }
        if lane.row.parked.is_some() && !matches!(timer.fires, Fires::Message(_)) {
            // It fires when the process is no longer parked.
            return Ok(());
        }
        let shared = Arc::clone(&self.shared);
        if let Fires::Trigger { suffix, .. } | Fires::Deadline { suffix, .. } = &timer.fires
            && let Some(for_ms) = lane.row.stream(suffix).and_then(|head| shared.waits_for(&head.module))
        {
            // It fires when the rest is over; until then it stays in the store.
            self.hold(&lane.row.id, for_ms);
            return Ok(());
        }
        let snapshot = shared.registry.snapshot();
        let key = &timer.key;
        let chain = match &timer.fires {
            Fires::Retry(seq) => return self.retry_in(lane, *seq, timer),
            Fires::Message(message) => bring(&shared, &snapshot, lane, key, message)?,
            Fires::Deadline { suffix, command, kind, data } => {
                let Some(target) = take_deadline(lane, suffix, key) else { return Ok(()) };
                pass_deadline(&shared, &snapshot, lane, key, target, (command, kind, data))?
            }
            Fires::Trigger { suffix, name, data } => {
                let Some(target) = take_set_timer(lane, suffix, key) else { return Ok(()) };
                let input = timer_message(key, suffix, name, data, lane.time(&*shared.clock));
                let mut chain = Chain::new(&shared, &snapshot, lane, input.clone());
                chain.timers_cleared.push(key.clone());
                chain.not_before(key.due);
                let trigger = Trigger::Timer { name: name.clone(), due: key.due, data: data.clone() };
                begin_or_park(&mut chain, &[target], &trigger, input, Some(suffix.clone()))?;
                chain
            }
        };
        Counters::count(&shared.counters.timers_fired);
        let in_flight = self.submit(chain, Job::Fire(Box::new(timer.clone())));
        lane.in_flight.push_back(in_flight);
        Ok(())
    }

    /// The next attempt at a message that failed before; nothing where it has been dealt with meanwhile.
    fn retry_in(&mut self, lane: &mut Lane, seq: u64, timer: &Timer) -> Result<(), Halt> {
        // The row knows of commits in flight; the store may still show the attempt that one of them has made.
        if !lane.row.delayed.iter().any(|delayed| delayed.seq == seq && delayed.due == timer.key.due) {
            return Ok(());
        }
        match self.shared.undelivered(&timer.key.process, seq)? {
            Some(undelivered) if undelivered.state == DeliveryState::Retrying(timer.key.due) => {
                self.attempt_in(lane, &undelivered, Job::Fire(Box::new(timer.clone())))
            }
            _ => Ok(()),
        }
    }
}

fn is_under_way(lane: &Lane, one: &Undelivered) -> bool {
    let is_it = |commit: &InFlight| matches!(&commit.job, Job::Deliver(other) if other.owner == one.owner && other.seq == one.seq);
    lane.in_flight.iter().filter(|commit| commit.generation == lane.generation).any(is_it)
}

/// A chain that takes an undelivered message off.
pub(super) fn taken_off<'a>(shared: &'a Shared, snapshot: &'a Snapshot, lane: &'a mut Lane, undelivered: &Undelivered) -> Chain<'a> {
    let mut chain = Chain::new(shared, snapshot, lane, undelivered.message.clone());
    chain.failed.clone_from(&undelivered.failed);
    chain.take_off(undelivered);
    chain
}

/// Takes a recorded input to its targets; where a guest breaks, the process is parked on it.
pub(super) fn begin_or_park(
    chain: &mut Chain<'_>,
    targets: &[Target],
    trigger: &Trigger,
    input: Message,
    target: Option<Suffix>,
) -> Result<(), Halt> {
    match chain.begin(targets, trigger) {
        Err(Failure::Apart(Some(errand))) => return Err(Halt::Apart(errand)),
        // Nobody waits for the verdict on a recorded message; the process's notes and the turn's log line have it.
        Ok(_) => {}
        Err(failure) => chain.park(input, target, failure)?,
    }
    chain.follow()
}

/// Brings a message that took its time.
fn bring<'a>(shared: &'a Shared, snapshot: &'a Snapshot, lane: &'a mut Lane, key: &TimerKey, message: &Message) -> Result<Chain<'a>, Halt> {
    lane.row.delayed.retain(|delayed| delayed.seq != key.seq);
    let message = Message { time: lane.time(&*shared.clock), ..message.clone() };
    let is_parked = lane.row.parked.is_some();
    let route = outbox::route(&shared.registry, snapshot, &lane.row, &message, None);
    let mut chain = Chain::new(shared, snapshot, lane, message.clone());
    chain.timers_cleared.push(key.clone());
    chain.not_before(key.due);
    match route {
        _ if is_parked => chain.keep(message, None, DeliveryState::Parked),
        // Its delivery waits for the end of the rest.
        Route::Streams(targets) if rest_of(shared, &targets).is_some() => chain.keep(message, None, DeliveryState::Due),
        Route::Streams(targets) => begin_or_park(&mut chain, &targets, &Trigger::Message(message.clone()), message, None)?,
        Route::Adapter(_) => chain.keep(message, None, DeliveryState::Due),
        Route::Nobody(_) => chain.keep(message, None, DeliveryState::Unhandled),
    }
    Ok(chain)
}

/// Tells a stream that the answer to its command has not come. A command that still waits is withdrawn: an effect after that would be a surprise.
fn pass_deadline<'a>(
    shared: &'a Shared,
    snapshot: &'a Snapshot,
    lane: &'a mut Lane,
    key: &TimerKey,
    target: Target,
    command: (&MessageId, &Kind, &Json),
) -> Result<Chain<'a>, Halt> {
    Counters::count(&shared.counters.deadlines_passed);
    let waits: Vec<Undelivered> = shared.all_undelivered(&key.process)?.into_iter().filter(|one| one.message.id == *command.0).collect();
    let reason = match waits.first() {
        None => "no answer came in time".to_owned(),
        Some(Undelivered { failed: Some(failed), .. }) => {
            format!("it could not be delivered in time: {}: {}", failed.definition, failed.error)
        }
        Some(_) => "it could not be delivered in time".to_owned(),
    };
    let stream = StreamName { process: key.process.clone(), suffix: target.suffix.clone() };
    let input = undelivered_message(&stream, key.seq, command, &reason, lane.time(&*shared.clock));
    let mut chain = Chain::new(shared, snapshot, lane, input.clone());
    chain.timers_cleared.push(key.clone());
    chain.not_before(key.due);
    for one in &waits {
        chain.take_off(one);
        chain.note(Happening::Withdrawn, &one.message, one.target.clone(), reason.clone(), None);
    }
    let (id, kind, data) = (command.0.clone(), command.1.clone(), command.2.clone());
    let suffix = target.suffix.clone();
    begin_or_park(&mut chain, &[target], &Trigger::Undelivered { id, kind, reason, data }, input, Some(suffix))?;
    Ok(chain)
}
