//! Decisions within a chain: a turn is made, in a fresh instance where the guest breaks, and now and then once more to compare.
//! What a turn decided is staged elsewhere.

use std::sync::atomic::Ordering;

use super::{Chain, Failure};
use crate::error::DeployError;
use crate::flow::lanes::Warm;
use crate::flow::outbox::Target;
use crate::flow::repeats;
use crate::flow::shared::Counters;
use crate::flow::turn::{Outcome, Turn};
use crate::model::commit::{Entry, Snapshot};
use crate::model::decision::Trigger;
use crate::model::event::RecordedEvent;
use crate::model::id::{MessageId, StreamName};
use crate::model::manifest::Sharing;
use crate::model::process::StreamHead;
use crate::ports::definition::{Decider, Definition, GuestError, Module, Role};

/// A folded state, and the version of the last event in it.
type Restored = (Box<dyn Decider>, u64);

impl Chain<'_> {
    /// Makes a turn, again in a fresh instance where the guest breaks, up to the limit.
    pub(super) fn attempt(&mut self, target: &Target, trigger: &Trigger, cause: &MessageId) -> Result<Outcome, Failure> {
        let shares = self.snapshot.module(&target.module).is_some_and(|module| module.manifest.sharing == Sharing::Shared);
        let mut attempt = 1;
        loop {
            let was_used = shares && attempt == 1 || self.lane.is_warm(&target.suffix);
            let started_us = self.shared.clock.ticks_us();
            match self.turn(target, trigger, cause) {
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

    pub(super) fn turn(&mut self, target: &Target, trigger: &Trigger, cause: &MessageId) -> Result<Outcome, Failure> {
        let started_us = self.shared.clock.ticks_us();
        let module = match self.snapshot.module(&target.module) {
            Some(module) => module.clone(),
            None => self.shared.registry.module(&target.module).map_err(|error| broken_module(target, error))?,
        };
        let trigger = as_start(trigger, &module);
        let guest = |error| Failure::Guest(named(&module), error);
        let stream = StreamName { process: self.lane.row.id.clone(), suffix: target.suffix.clone() };
        let version = self.lane.row.stream(&target.suffix).map_or(0, |head| head.version);
        let pin = self.pins.iter().position(|pin| pin.suffix == target.suffix).unwrap_or(self.pins.len());
        let turn = Turn { shared: self.shared, module: &module, stream, version, now: self.now, pin };

        let warm = self.lane.take_warm(&target.suffix, &module.digest);
        let was_warm = warm.is_some();
        let mut decider = match warm {
            Some(decider) => decider,
            None => self.fold(&module, &turn.stream)?,
        };
        let outcome = turn.run(&mut *decider, trigger.clone(), cause.clone()).map_err(guest)?;
        self.has_room_for(target, &outcome).map_err(guest)?;
        if was_warm && self.audit_is_due() {
            let again = turn.run(&mut *self.fold_apart(&module, &turn.stream)?, trigger.clone(), cause.clone()).map_err(guest)?;
            if again != outcome {
                Counters::count(&self.shared.counters.audit_differences);
                return Err(guest(GuestError::Contract(
                    "a fresh instance decided otherwise: it keeps something outside its events".to_owned(),
                )));
            }
        }
        if let Outcome::Accepted(decisions) = &outcome {
            repeats::look(&turn, &trigger, decisions);
        }
        let took_us = self.shared.clock.ticks_us().saturating_sub(started_us);
        log_turn(&turn, &trigger, &outcome, cause, took_us);
        self.count(&outcome);
        self.lane.warm.push(Warm { suffix: target.suffix.clone(), module: module.digest, decider });
        Ok(outcome)
    }

    /// Folds what is recorded, what is submitted and what this chain has staged; from the latest snapshot that fits.
    pub(super) fn fold(&self, module: &Module, stream: &StreamName) -> Result<Box<dyn Decider>, Failure> {
        match self.restored(module, stream)? {
            Some((decider, version)) => self.fold_on(module, stream, decider, version),
            None => self.fold_from_the_beginning(module, stream),
        }
    }

    /// Folds the whole stream, whatever snapshot there is.
    fn fold_from_the_beginning(&self, module: &Module, stream: &StreamName) -> Result<Box<dyn Decider>, Failure> {
        let decider = definition_of(module)?.restore(None).map_err(|error| Failure::Guest(named(module), error))?;
        self.fold_on(module, stream, decider, 0)
    }

    /// Folds the whole stream where nothing else has left anything behind: what an audit compares with.
    fn fold_apart(&self, module: &Module, stream: &StreamName) -> Result<Box<dyn Decider>, Failure> {
        let decider = definition_of(module)?.restore_apart().map_err(|error| Failure::Guest(named(module), error))?;
        self.fold_on(module, stream, decider, 0)
    }

    /// The state of a snapshot, and its version. One that another module or format made, or that cannot be read, is passed over: the events are the truth.
    fn restored(&self, module: &Module, stream: &StreamName) -> Result<Option<Restored>, Failure> {
        let every = self.shared.limits.snapshot_every;
        let is_long = |head: &StreamHead| every > 0 && head.version >= every;
        if !self.lane.row.stream(&stream.suffix).is_some_and(is_long) {
            return Ok(None);
        }
        let fits = |kept: &Snapshot| kept.module == module.digest && kept.state_format == module.manifest.state_format;
        let Some(kept) = self.shared.store.snapshot(stream)?.filter(fits) else { return Ok(None) };
        match definition_of(module)?.restore(Some(&kept.state)) {
            Ok(decider) => Ok(Some((decider, kept.version))),
            Err(error) => {
                tracing::warn!(%stream, version = kept.version, %error, "a snapshot could not be restored; its events are folded instead");
                Ok(None)
            }
        }
    }

    /// Folds what comes after a version into a state.
    fn fold_on(
        &self,
        module: &Module,
        stream: &StreamName,
        mut decider: Box<dyn Decider>,
        version: u64,
    ) -> Result<Box<dyn Decider>, Failure> {
        let mut events = match self.lane.row.stream(&stream.suffix) {
            Some(_) => self.lane.events(stream, version, &*self.shared.store, self.shared.limits.page)?,
            None => Vec::new(),
        };
        let staged = self.staged();
        events.extend(staged.events(0).filter(|event| event.stream == *stream).map(RecordedEvent::into_stream_event));
        events.retain(|event| !event.is_of_the_host());
        for batch in events.chunks(self.shared.limits.page) {
            decider.evolve(batch).map_err(|error| Failure::Guest(named(module), error))?;
        }
        Ok(decider)
    }

    pub(super) fn audit_is_due(&self) -> bool {
        let every = self.shared.limits.audit_one_in;
        every > 0 && self.shared.counters.accepted.load(Ordering::Relaxed) % every == every - 1
    }

    fn staged(&self) -> Entry {
        Entry { input: self.input.clone(), time: self.now, pins: self.pins.clone(), decisions: self.decisions.clone() }
    }

    fn count(&self, outcome: &Outcome) {
        let counters = &self.shared.counters;
        match outcome {
            Outcome::Accepted(_) => {}
            Outcome::Ignored(_) => Counters::count(&counters.ignored),
            Outcome::Rejected(_) => Counters::count(&counters.rejected),
            Outcome::Deferred(_) => Counters::count(&counters.deferred),
        }
    }
}

/// Whether another attempt would only cost the same once more: what used up a limit in a fresh instance does so again, and takes the longest of all.
fn is_certain(error: &GuestError, was_used: bool) -> bool {
    !was_used && matches!(error, GuestError::Limit(_))
}

fn definition_of(module: &Module) -> Result<&dyn Definition, Failure> {
    match &module.role {
        Role::Process(definition) => Ok(&**definition),
        Role::Router(_) | Role::Adapter(_) => {
            let error = GuestError::Contract("a router or an adapter has no streams".to_owned());
            Err(Failure::Guest(module.manifest.category.to_string(), error))
        }
    }
}

pub(super) fn broken_module(target: &Target, error: DeployError) -> Failure {
    match error {
        DeployError::Store(error) => Failure::Store(error),
        other => Failure::Guest(target.module.to_string(), GuestError::Trap(other.to_string())),
    }
}

/// A definition as log lines and errors name it.
pub(super) fn named(module: &Module) -> String {
    format!("{} ({})", module.manifest.category, module.digest.short())
}

/// A message of a kind that begins the stream is a start, also when it arrives again later.
fn as_start(trigger: &Trigger, module: &Module) -> Trigger {
    match trigger {
        Trigger::Message(message) if module.manifest.starts.contains(&message.kind) => Trigger::Start(message.clone()),
        other => other.clone(),
    }
}

fn log_turn(turn: &Turn<'_>, trigger: &Trigger, outcome: &Outcome, cause: &MessageId, took_us: u64) {
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
