//! Decisions within a chain: a turn is made, in a fresh instance where the guest breaks, and now and then once more to compare.
//! What a turn decided is staged elsewhere.

use std::sync::atomic::Ordering;

use super::{Chain, Failure};
use crate::error::DeployError;
use crate::flow::history::{History, Place, named};
use crate::flow::lanes::Warm;
use crate::flow::outbox::Target;
use crate::flow::repeats;
use crate::flow::shared::Counters;
use crate::flow::turn::{Outcome, Turn, is_certain};
use crate::model::commit::Entry;
use crate::model::decision::Trigger;
use crate::model::event::RecordedEvent;
use crate::model::id::{MessageId, StreamName};
use crate::model::manifest::Sharing;
use crate::ports::definition::{Decider, GuestError, Module, Pace};

impl Chain<'_> {
    /// Makes a turn, again in a fresh instance where the guest breaks, up to the limit; apart where it takes longer than a slice.
    pub(super) fn attempt(&mut self, target: &Target, trigger: &Trigger, cause: &MessageId) -> Result<Outcome, Failure> {
        if let Some(made) = self.made_apart(target, trigger, cause) {
            return made;
        }
        if self.pace == Pace::Slice && self.shared.is_slow(&target.module) {
            return Err(self.ask_for_it_apart(target, trigger));
        }
        let shares = self.snapshot.module(&target.module).is_some_and(|module| module.manifest.sharing == Sharing::Shared);
        let mut attempt = 1;
        loop {
            let was_used = shares && attempt == 1 || self.lane.is_warm(&target.suffix);
            let started_us = self.shared.clock.ticks_us();
            match self.turn(target, trigger, cause) {
                Err(Failure::Guest(definition, GuestError::Overlong)) => {
                    self.shared.cut_off(&target.module, &definition);
                    return Err(self.ask_for_it_apart(target, trigger));
                }
                Err(Failure::Guest(definition, error)) => {
                    Counters::count(&self.shared.counters.guest_errors);
                    self.shared.wasted(&target.module, &definition, started_us);
                    let process = &self.lane.row.id;
                    tracing::warn!(%process, stream = %target.suffix, message_id = %cause, definition, attempt, %error, "a definition broke");
                    if attempt >= self.shared.limits.attempts_max || is_certain(&error, was_used) {
                        self.tried = attempt;
                        return Err(Failure::Guest(definition, error));
                    }
                    attempt += 1;
                }
                other => return other,
            }
        }
    }

    fn turn(&mut self, target: &Target, trigger: &Trigger, cause: &MessageId) -> Result<Outcome, Failure> {
        let started_us = self.shared.clock.ticks_us();
        let module = self.module(target)?;
        let trigger = as_start(trigger, &module);
        let guest = |error| Failure::Guest(named(&module), error);
        let turn = self.turn_of(target, &module);

        let warm = self.lane.take_warm(&target.suffix, &module.digest);
        let was_warm = warm.is_some();
        let mut decider = match warm {
            Some(decider) => decider,
            None => self.fold(&module, &turn.stream)?,
        };
        decider.set_pace(self.pace);
        let outcome = turn.run(&mut *decider, trigger.clone(), cause.clone()).map_err(guest)?;
        self.has_room_for(target, &outcome).map_err(guest)?;
        if was_warm && self.audit_is_due() {
            let mut fresh = self.history(&turn.stream).fold_from_the_beginning(self.shared, &module, self.pace)?;
            turn.audit(&mut *fresh, &trigger, cause, &outcome).map_err(guest)?;
        }
        if let Outcome::Accepted(decisions) = &outcome {
            repeats::look(&turn, &trigger, decisions);
        }
        let took_us = self.shared.clock.ticks_us().saturating_sub(started_us);
        log_turn(&turn, &trigger, &outcome, cause, took_us);
        self.count(&outcome);
        self.seen.take_if(|(suffix, _)| *suffix == target.suffix);
        self.lane.warm.push(Warm { suffix: target.suffix.clone(), module: module.digest, decider });
        Ok(outcome)
    }

    pub(super) fn module(&self, target: &Target) -> Result<Module, Failure> {
        match self.snapshot.module(&target.module) {
            Some(module) => Ok(module.clone()),
            None => self.shared.registry.module(&target.module).map_err(|error| broken_module(target, error)),
        }
    }

    pub(super) fn turn_of<'m>(&self, target: &Target, module: &'m Module) -> Turn<'m>
    where
        Self: 'm,
    {
        let stream = StreamName { process: self.lane.row.id.clone(), suffix: target.suffix.clone() };
        let version = self.version_of(target);
        let pin = self.pins.iter().position(|pin| pin.suffix == target.suffix).unwrap_or(self.pins.len());
        Turn { shared: self.shared, module, stream, version, now: self.now, pin }
    }

    /// Folds what is recorded, what is submitted and what this chain has staged; from the latest snapshot that fits.
    pub(super) fn fold(&self, module: &Module, stream: &StreamName) -> Result<Box<dyn Decider>, Failure> {
        self.history(stream).fold(self.shared, module, Place::Anywhere(self.pace))
    }

    /// What the state of a stream is folded from at this point of the chain.
    pub(super) fn history(&self, stream: &StreamName) -> History {
        let staged = self.staged();
        let staged = staged.events(0).filter(|event| event.stream == *stream).map(RecordedEvent::into_stream_event).collect();
        self.lane.history(stream, staged, self.shared.limits.snapshot_every)
    }

    pub(super) fn audit_is_due(&self) -> bool {
        let every = self.shared.limits.audit_one_in;
        every > 0 && self.shared.counters.accepted.load(Ordering::Relaxed) % every == every - 1
    }

    fn staged(&self) -> Entry {
        Entry { input: self.input.clone(), time: self.now, pins: self.pins.clone(), decisions: self.decisions.clone() }
    }

    pub(super) fn count(&self, outcome: &Outcome) {
        let counters = &self.shared.counters;
        match outcome {
            Outcome::Accepted(_) => {}
            Outcome::Ignored(_) => Counters::count(&counters.ignored),
            Outcome::Rejected(_) => Counters::count(&counters.rejected),
            Outcome::Deferred(_) => Counters::count(&counters.deferred),
        }
    }
}

pub(super) fn broken_module(target: &Target, error: DeployError) -> Failure {
    match error {
        DeployError::Store(error) => Failure::Store(error),
        other => Failure::Guest(target.module.to_string(), GuestError::Trap(other.to_string())),
    }
}

/// A message of a kind that begins the stream is a start, also when it arrives again later.
pub(super) fn as_start(trigger: &Trigger, module: &Module) -> Trigger {
    match trigger {
        Trigger::Message(message) if module.manifest.starts.contains(&message.kind) => Trigger::Start(message.clone()),
        other => other.clone(),
    }
}

pub(super) fn log_turn(turn: &Turn<'_>, trigger: &Trigger, outcome: &Outcome, cause: &MessageId, took_us: u64) {
    let kind = trigger.kind();
    let detail = match outcome {
        Outcome::Accepted(decisions) => format!("{} events", decisions.iter().map(|decision| decision.events.len()).sum::<usize>()),
        Outcome::Ignored(reason) | Outcome::Deferred(reason) => reason.clone(),
        Outcome::Rejected(rejection) => rejection.to_string(),
    };
    let (decision, module) = (outcome.word(), turn.module.digest.short());
    match outcome {
        Outcome::Rejected(_) => {
            tracing::info!(stream = %turn.stream, trigger = kind, message_id = %cause, decision, detail, category = %turn.module.manifest.category, module, took_us, "turn");
        }
        _ => {
            tracing::debug!(stream = %turn.stream, trigger = kind, message_id = %cause, decision, detail, category = %turn.module.manifest.category, module, took_us, "turn");
        }
    }
}
