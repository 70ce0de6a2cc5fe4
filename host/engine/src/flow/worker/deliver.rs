//! What was recorded and now has its effect: messages to streams and adapters, and timers that come due.
//! Delivery happens at least once; the store takes each effect once.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::Worker;
use super::in_flight::Job;
use super::request::has_ended;
use crate::error::Refusal;
use crate::flow::chain::{Chain, Failure};
use crate::flow::inbox::{RetriedTo, Work};
use crate::flow::lanes::Lane;
use crate::flow::outbox::{self, Route, Target};
use crate::flow::shared::Shared;
use crate::model::decision::{Context, Reply, Trigger};
use crate::model::id::{Category, Kind, MessageId, ProcessId, StreamName, Suffix};
use crate::model::json::Json;
use crate::model::message::Message;
use crate::model::process::{DeliveryState, Fires, Timer, TimerKey, Undelivered};
use crate::model::time::Timestamp;
use crate::ports::definition::{Connector, GuestError};
use crate::ports::store::{CommitError, StoreError};
use crate::registry::{Handler, Snapshot};

impl Worker {
    /// Delivers a recorded message.
    pub(super) fn deliver(&mut self, undelivered: Undelivered) {
        let process = undelivered.message.process.clone();
        self.with_lane(&process, "a message", |worker, lane| worker.deliver_in(lane, undelivered));
    }

    /// Lets a timer have its effect.
    pub(super) fn fire(&mut self, timer: Timer) {
        let process = timer.key.process.clone();
        self.with_lane(&process, "a timer", |worker, lane| worker.fire_in(lane, timer));
    }

    /// Runs work in a lane. What cannot be done now stays in the store and is found again at the next start.
    fn with_lane(&mut self, process: &ProcessId, what: &str, work: impl FnOnce(&mut Self, &mut Lane) -> Result<(), StoreError>) {
        let done = self.lanes.take(process, &*self.shared.store).and_then(|mut lane| {
            let before = lane.row.clone();
            let done = work(self, &mut lane);
            if done.is_err() {
                Self::abandon(&mut lane, before);
            }
            self.lanes.put(lane);
            done
        });
        if let Err(error) = done {
            tracing::error!(%process, %error, "{what} could not be delivered; it stays recorded");
        }
    }

    fn deliver_in(&mut self, lane: &mut Lane, undelivered: Undelivered) -> Result<(), StoreError> {
        let shared = Arc::clone(&self.shared);
        let snapshot = shared.registry.snapshot();
        let Undelivered { owner, seq, message, target, .. } = undelivered.clone();
        let ended_before = has_ended(lane);
        // What a process has kept is delivered before anything that comes anew.
        if lane.awaits_failures() || (lane.reviving && owner != lane.row.id) {
            self.backlog.push_back(Work::Deliver(Box::new(undelivered)));
            return Ok(());
        }
        if lane.row.parked.is_some() {
            // A message of its own keeps its place; another one gets a place in the order of this process.
            if owner == lane.row.id {
                return Ok(());
            }
            let mut chain = Chain::new(&shared, &snapshot, lane, message.clone());
            chain.delivered.push((owner, seq));
            chain.keep(message, target, DeliveryState::Parked);
            let in_flight = self.submit(chain, Job::Deliver(Box::new(undelivered)), ended_before);
            lane.in_flight.push_back(in_flight);
            return Ok(());
        }
        lane.row.streams.iter_mut().for_each(|head| head.deferred.retain(|deferred| *deferred != seq || owner != message.process));
        let (route, trigger) = match timer_of(lane, &message, target.as_ref()) {
            Some((target, trigger)) => (Route::Streams(vec![target]), trigger),
            None => (outbox::route(&shared.registry, &snapshot, &lane.row, &message, target.as_ref()), Trigger::Message(message.clone())),
        };
        let chain = match route {
            Route::Streams(targets) => {
                let mut chain = Chain::new(&shared, &snapshot, lane, message.clone());
                chain.delivered.push((owner, seq));
                begin_or_park(&mut chain, &targets, &trigger, message, target)?;
                chain
            }
            Route::Adapter(adapter) => answer_of(&adapter, &shared, &snapshot, lane, &undelivered)?,
            Route::Nobody(_) if message.is_event() => {
                let mut chain = Chain::new(&shared, &snapshot, lane, message);
                chain.delivered.push((owner, seq));
                chain
            }
            Route::Nobody(_) if undelivered.state == DeliveryState::Unhandled => return Ok(()),
            Route::Nobody(why) => {
                tracing::warn!(process = %message.process, message_id = %message.id, kind = %message.kind, why, "a message waits for a definition");
                let mut chain = Chain::new(&shared, &snapshot, lane, message.clone());
                chain.delivered.push((owner, seq));
                chain.keep(message, target, DeliveryState::Unhandled);
                chain
            }
        };
        let in_flight = self.submit(chain, Job::Deliver(Box::new(undelivered)), ended_before);
        lane.in_flight.push_back(in_flight);
        Ok(())
    }

    fn fire_in(&mut self, lane: &mut Lane, timer: Timer) -> Result<(), StoreError> {
        let shared = Arc::clone(&self.shared);
        let snapshot = shared.registry.snapshot();
        let ended_before = has_ended(lane);
        if lane.awaits_failures() || lane.reviving {
            self.timers.set(timer);
            return Ok(());
        }
        let chain = match timer.fires.clone() {
            Fires::Message(message) if lane.row.parked.is_some() => {
                let mut chain = Chain::new(&shared, &snapshot, lane, message.clone());
                chain.timers_cleared.push(timer.key.clone());
                chain.keep(message, None, DeliveryState::Parked);
                chain
            }
            Fires::Message(message) => {
                let message = Message { time: shared.clock.now(), ..message };
                let route = outbox::route(&shared.registry, &snapshot, &lane.row, &message, None);
                let mut chain = Chain::new(&shared, &snapshot, lane, message.clone());
                chain.timers_cleared.push(timer.key.clone());
                match route {
                    Route::Streams(targets) => begin_or_park(&mut chain, &targets, &Trigger::Message(message.clone()), message, None)?,
                    Route::Adapter(_) => chain.keep(message, None, DeliveryState::Due),
                    Route::Nobody(_) => chain.keep(message, None, DeliveryState::Unhandled),
                }
                chain
            }
            // It fires when the process is no longer parked.
            Fires::Trigger { .. } if lane.row.parked.is_some() => return Ok(()),
            Fires::Trigger { suffix, name, data } => {
                let Some(target) = take_set_timer(lane, &suffix, &timer.key) else { return Ok(()) };
                let input = timer_message(&timer.key, &suffix, &name, &data, &shared);
                let mut chain = Chain::new(&shared, &snapshot, lane, input.clone());
                chain.timers_cleared.push(timer.key.clone());
                let trigger = Trigger::Timer { name, due: timer.key.due, data };
                begin_or_park(&mut chain, &[target], &trigger, input, Some(suffix))?;
                chain
            }
        };
        let in_flight = self.submit(chain, Job::Fire(Box::new(timer)), ended_before);
        lane.in_flight.push_back(in_flight);
        Ok(())
    }

    /// Tries again what a process is parked on: the process is taken up again first, and its messages follow in their order.
    pub(super) fn retry(&mut self, process: &ProcessId, answer: RetriedTo) {
        let shared = Arc::clone(&self.shared);
        let mut lane = match self.lanes.take(process, &*shared.store) {
            Ok(lane) => lane,
            Err(error) => return drop(answer.send(Err(error.into()))),
        };
        if lane.row.parked.take().is_some() {
            let snapshot = shared.registry.snapshot();
            let ended_before = has_ended(&lane);
            let chain = Chain::new(&shared, &snapshot, &mut lane, retry_message(process, &shared));
            let in_flight = self.submit(chain, Job::Unpark(answer), ended_before);
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
            tracing::error!(%process, %error, "what is undelivered could not be read; it stays recorded");
            Vec::new()
        });
        self.bring_when_durable(found.into_iter().filter(wanted).collect(), last);
    }

    /// Reads see what is applied and perhaps not durable; an adapter is not to hear of that before it is.
    fn bring_when_durable(&self, found: Vec<Undelivered>, last: Option<Work>) {
        let (shared, index) = (Arc::clone(&self.shared), self.index);
        let bring = move |durable: Result<(), CommitError>| {
            let found = if durable.is_ok() { found } else { Vec::new() };
            let work = found.into_iter().map(|one| Work::Deliver(Box::new(one))).chain(last);
            work.for_each(|work| shared.mailboxes[index].bring(work));
        };
        self.shared.store.barrier(Box::new(bring));
    }

    /// What was parked is on its way again: new work is taken behind it.
    pub(super) fn revived(&mut self, process: &ProcessId) {
        if let Some(lane) = self.lanes.get(process) {
            lane.reviving = false;
        }
    }

    /// Tries again what nobody handled, now that there is another definition.
    pub(super) fn deliver_unhandled(&mut self) {
        let shared = Arc::clone(&self.shared);
        let mut after = None;
        loop {
            let page = match shared.store.undelivered(None, after, shared.limits.page) {
                Ok(page) => page,
                Err(error) => return tracing::error!(%error, "what waits for a definition could not be read"),
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

/// Takes a recorded input to its targets; where a guest breaks, the process is parked on it.
fn begin_or_park(
    chain: &mut Chain<'_>,
    targets: &[Target],
    trigger: &Trigger,
    input: Message,
    target: Option<Suffix>,
) -> Result<(), StoreError> {
    match chain.begin(targets, trigger) {
        // Nobody waits for the verdict on a recorded message; the turn's log line has it.
        Ok(_) => {}
        Err(failure) => chain.park(input, target, failure)?,
    }
    chain.follow()
}

/// Lets an adapter carry out a command: the first reply without a delay goes on in the same commit, later ones are kept.
fn answer_of<'a>(
    adapter: &Handler<dyn Connector>,
    shared: &'a Shared,
    snapshot: &'a Snapshot,
    lane: &'a mut Lane,
    undelivered: &Undelivered,
) -> Result<Chain<'a>, StoreError> {
    let command = &undelivered.message;
    let replies = match call(adapter, shared, command) {
        Ok(replies) => replies,
        Err(error) => {
            let mut chain = Chain::new(shared, snapshot, lane, command.clone());
            chain.delivered.push((undelivered.owner.clone(), undelivered.seq));
            let definition = format!("{} ({})", adapter.manifest.category, adapter.module.short());
            chain.park(command.clone(), undelivered.target.clone(), Failure::Guest(definition, error))?;
            return Ok(chain);
        }
    };
    let source: Arc<str> = adapter.manifest.category.to_string().into();
    let (mut at_once, mut later) = (Vec::new(), Vec::new());
    for (index, reply) in replies.into_iter().enumerate() {
        let id = command.id.of_reply(index);
        let (process, correlation) = (command.process.clone(), command.correlation.clone());
        let message = Message {
            id,
            process,
            kind: reply.kind,
            source: Some(source.clone()),
            time: shared.clock.now(),
            data: reply.data,
            correlation,
        };
        if reply.after_ms == 0 { at_once.push(message) } else { later.push((reply.after_ms, message)) }
    }
    let input = at_once.first().unwrap_or(command).clone();
    let targets = at_once.first().map(|first| outbox::route(&shared.registry, snapshot, &lane.row, first, None));
    let mut chain = Chain::new(shared, snapshot, lane, input);
    let mut at_once = at_once.into_iter();
    match (targets, at_once.next()) {
        (Some(Route::Streams(targets)), Some(first)) => {
            // Before the turn: a park must not take the command's number for the reply.
            begin_or_park(&mut chain, &targets, &Trigger::Message(first.clone()), first, None)?;
        }
        (Some(Route::Adapter(_)), Some(first)) => chain.keep(first, None, DeliveryState::Due),
        (_, Some(first)) => chain.keep(first, None, DeliveryState::Unhandled),
        (_, None) => {}
    }
    chain.delivered.push((undelivered.owner.clone(), undelivered.seq));
    let state = if chain.lane.row.parked.is_some() { DeliveryState::Parked } else { DeliveryState::Due };
    for message in at_once {
        chain.keep(message, None, state.clone());
    }
    for (after_ms, message) in later {
        chain.keep_until(chain.now.plus_ms(after_ms), message);
    }
    Ok(chain)
}

fn call(adapter: &Handler<dyn Connector>, shared: &Shared, command: &Message) -> Result<Vec<Reply>, GuestError> {
    let category: Category = adapter.manifest.category.clone();
    let context =
        Context { process: command.process.clone(), version: 0, now: shared.clock.now(), seed: shared.seed_of(&command.id), category };
    let settings = shared.settings(&context.category);
    let started_us = shared.clock.ticks_us();
    let mut attempt = 1;
    let replies = loop {
        match adapter.does.handle(&settings, &context, command) {
            Ok(replies) => break replies,
            Err(error) => {
                tracing::warn!(process = %command.process, message_id = %command.id, adapter = %context.category, attempt, %error, "an adapter broke");
                if attempt >= shared.limits.attempts_max {
                    return Err(error);
                }
                attempt += 1;
            }
        }
    };
    let took_us = shared.clock.ticks_us().saturating_sub(started_us);
    tracing::debug!(process = %command.process, message_id = %command.id, kind = %command.kind, adapter = %context.category, module = adapter.module.short(), replies = replies.len(), took_us, "adapter called");
    match replies.iter().find(|reply| !adapter.manifest.sends.contains(&reply.kind)) {
        Some(reply) => Err(GuestError::Contract(format!("it replies {}, which its manifest does not list", reply.kind))),
        None => Ok(replies),
    }
}

/// Takes a timer off its stream's head; none where the stream no longer has it.
fn take_set_timer(lane: &mut Lane, suffix: &Suffix, key: &TimerKey) -> Option<Target> {
    let head = lane.row.streams.iter_mut().find(|head| head.suffix == *suffix)?;
    let at = head.timers.iter().position(|timer| timer.seq == key.seq)?;
    head.timers.remove(at);
    Some(Target { suffix: suffix.clone(), category: head.category.clone(), module: head.module, begins: false })
}

/// A fired timer as the log keeps it: all that is needed to decide again.
fn timer_message(key: &TimerKey, suffix: &Suffix, name: &str, data: &Json, shared: &Shared) -> Message {
    let stream = StreamName { process: key.process.clone(), suffix: suffix.clone() };
    let id = MessageId::of_timer(&stream, key.seq);
    let name = serde_json::Value::from(name);
    let text = format!("{{\"name\":{name},\"due\":{},\"data\":{}}}", key.due.0, data.as_str());
    Message {
        process: key.process.clone(),
        kind: Kind::timer(),
        source: Some(stream.to_string().into()),
        time: shared.clock.now(),
        data: Json::parse(text).unwrap_or_else(|_| Json::null()),
        correlation: id.clone(),
        id,
    }
}

/// The other way round: a fired timer that was put off or parked on, as its stream is to see it. Only a timer of that very stream is one.
fn timer_of(lane: &Lane, message: &Message, target: Option<&Suffix>) -> Option<(Target, Trigger)> {
    #[derive(Deserialize)]
    struct Fired<'a> {
        name: String,
        due: Timestamp,
        #[serde(borrow)]
        data: &'a RawValue,
    }
    let head = lane.row.stream(target?)?;
    let stream = StreamName { process: message.process.clone(), suffix: head.suffix.clone() };
    if message.kind != Kind::timer() || message.source.as_deref() != Some(stream.to_string().as_str()) {
        return None;
    }
    let Fired { name, due, data } = serde_json::from_str(message.data.as_str()).ok()?;
    let data = Json::parse(data.get()).ok()?;
    let target = Target { suffix: head.suffix.clone(), category: head.category.clone(), module: head.module, begins: false };
    Some((target, Trigger::Timer { name, due, data }))
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
