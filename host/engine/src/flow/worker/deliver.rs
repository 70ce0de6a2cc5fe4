//! What was recorded and now has its effect: messages to streams and adapters, and timers that come due.
//! Delivery happens at least once; the store takes each effect once.

use std::sync::Arc;

use super::Worker;
use super::fired::{take_set_timer, timer_message, timer_of};
use super::in_flight::Job;
use crate::flow::chain::{Chain, Failure};
use crate::flow::inbox::Work;
use crate::flow::lanes::Lane;
use crate::flow::outbox::{self, Route, Target};
use crate::flow::shared::Shared;
use crate::model::decision::{Context, Reply, Trigger};
use crate::model::id::{Category, ProcessId, Suffix};
use crate::model::message::Message;
use crate::model::process::{DeliveryState, Fires, Timer, Undelivered};
use crate::ports::definition::{Connector, GuestError};
use crate::ports::store::StoreError;
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

    /// Runs work in a lane. What cannot be done now stays in the store and is found again when that works.
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
            tracing::error!(%process, %error, "{what} could not be delivered; it is looked for again when the store works");
            self.troubled_by(&error);
        }
    }

    fn deliver_in(&mut self, lane: &mut Lane, undelivered: Undelivered) -> Result<(), StoreError> {
        let shared = Arc::clone(&self.shared);
        let snapshot = shared.registry.snapshot();
        let Undelivered { owner, seq, message, target, .. } = undelivered.clone();
        // What a process has kept is delivered before anything that comes anew.
        let is_held = if lane.reviving && owner == lane.row.id { lane.awaits_failures() } else { lane.is_held() };
        if is_held {
            lane.waiting.push_back(Work::Deliver(Box::new(undelivered)));
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
            let in_flight = self.submit(chain, Job::Deliver(Box::new(undelivered)));
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
        let in_flight = self.submit(chain, Job::Deliver(Box::new(undelivered)));
        lane.in_flight.push_back(in_flight);
        Ok(())
    }

    fn fire_in(&mut self, lane: &mut Lane, timer: Timer) -> Result<(), StoreError> {
        let shared = Arc::clone(&self.shared);
        let snapshot = shared.registry.snapshot();
        if lane.is_held() {
            lane.waiting.push_back(Work::Fire(Box::new(timer)));
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
        let in_flight = self.submit(chain, Job::Fire(Box::new(timer)));
        lane.in_flight.push_back(in_flight);
        Ok(())
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
