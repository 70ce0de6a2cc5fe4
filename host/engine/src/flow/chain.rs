//! A chain: the turns that one input sets off within its process, up to the point where only the outside can go on.
//! All of it becomes one commit, so an inner hop costs no sync; nothing here is visible before that commit.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::lanes::{Lane, Warm};
use super::outbox::{self, Route, Target};
use super::shared::{Counters, Shared};
use super::turn::{Outcome, Turn};
use crate::error::{DeployError, Refusal};
use crate::model::commit::{Commit, DecisionRecord, Entry, Pin, Receipt};
use crate::model::decision::{Effect, Rejection, Trigger};
use crate::model::event::RecordedEvent;
use crate::model::id::{Category, Kind, MessageId, ProcessId, StreamName, Suffix};
use crate::model::json::Json;
use crate::model::message::Message;
use crate::model::process::{DeliveryState, Fires, Parked, SetTimer, StreamHead, Timer, TimerKey, Undelivered};
use crate::model::time::Timestamp;
use crate::model::view::{Phase, View};
use crate::ports::definition::{Decider, GuestError, Module, Role};
use crate::ports::store::StoreError;
use crate::registry::Snapshot;

/// What one input has set off so far; staged, not recorded.
pub(super) struct Chain<'a> {
    shared: &'a Shared,
    snapshot: &'a Snapshot,
    pub(super) lane: &'a mut Lane,
    pub(super) now: Timestamp,
    input: Message,
    pins: Vec<Pin>,
    decisions: Vec<DecisionRecord>,
    queue: VecDeque<Hop>,
    pub(super) receipt: Option<Receipt>,
    pub(super) delivered: Vec<(ProcessId, u64)>,
    pub(super) undelivered: Vec<Undelivered>,
    pub(super) timers_cleared: Vec<TimerKey>,
    pub(super) timers_set: Vec<Timer>,
    /// Deferred messages that an event of their stream has made due.
    pub(super) due_again: Vec<u64>,
}

/// A message that the chain itself brought about.
struct Hop {
    message: Message,
    origin: HopOrigin,
}

/// What a hop comes from: a command must reach somebody, an event only who is interested.
#[derive(Clone, Copy, PartialEq, Eq)]
enum HopOrigin {
    Command,
    Event,
}

/// What came of the input itself.
#[derive(Debug)]
pub(super) enum Verdict {
    Accepted { stream: Suffix, category: Category, version: u64 },
    Ignored(String),
    Rejected(Rejection),
    Deferred(String),
}

/// A turn that could not be made.
#[derive(Debug)]
pub(super) enum Failure {
    /// The guest is at fault. The text names the definition.
    Guest(String, GuestError),
    Store(StoreError),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Failure {
    pub(super) fn into_refusal(self, process: &ProcessId) -> Refusal {
        match self {
            Self::Guest(definition, source) => Refusal::Guest { definition, process: process.clone(), source },
            Self::Store(error) => Refusal::Store(error),
        }
    }
}

impl<'a> Chain<'a> {
    pub(super) fn new(shared: &'a Shared, snapshot: &'a Snapshot, lane: &'a mut Lane, input: Message) -> Self {
        // Time never goes back within a process, whatever the system's clock does.
        let latest = lane.row.streams.iter().map(|head| head.updated_at).max().unwrap_or_default();
        let now = shared.clock.now().max(latest);
        Self {
            shared,
            snapshot,
            lane,
            now,
            input,
            pins: Vec::new(),
            decisions: Vec::new(),
            queue: VecDeque::new(),
            receipt: None,
            delivered: Vec::new(),
            undelivered: Vec::new(),
            timers_cleared: Vec::new(),
            timers_set: Vec::new(),
            due_again: Vec::new(),
        }
    }

    /// Whether anything was decided.
    pub(super) fn has_decided(&self) -> bool {
        !self.decisions.is_empty()
    }

    /// Takes the input to its targets. A failure means that nothing was decided; what was decided before one stays.
    pub(super) fn begin(&mut self, targets: &[Target], trigger: &Trigger) -> Result<Verdict, Failure> {
        let input = self.input.clone();
        let mut verdict = None;
        for target in targets {
            let outcome = match self.attempt(target, trigger, &input.id) {
                Err(failure) if !self.has_decided() => return Err(failure),
                Err(failure) => {
                    self.park(input.clone(), Some(target.suffix.clone()), failure)?;
                    continue;
                }
                Ok(outcome) => outcome,
            };
            let one = match outcome {
                Outcome::Accepted(decisions) => {
                    let version = decisions.first().map_or(0, |decision| decision.first_version);
                    self.accept(target, decisions);
                    Verdict::Accepted { stream: target.suffix.clone(), category: target.category.clone(), version }
                }
                Outcome::Ignored(reason) => Verdict::Ignored(reason),
                Outcome::Rejected(rejection) => Verdict::Rejected(rejection),
                Outcome::Deferred(reason) => {
                    self.defer(input.clone(), target, reason.clone());
                    Verdict::Deferred(reason)
                }
            };
            // With several targets the most effective answer counts, in the order of the variants.
            verdict = Some(match verdict {
                Some(Verdict::Accepted { .. }) => continue,
                Some(first @ Verdict::Deferred(_)) if !matches!(one, Verdict::Accepted { .. }) => first,
                _ => one,
            });
        }
        Ok(verdict.unwrap_or_else(|| Verdict::Ignored("no stream takes it".to_owned())))
    }

    /// Follows the messages that were brought about until only the outside can go on, or the chain is long enough.
    pub(super) fn follow(&mut self) -> Result<(), StoreError> {
        while let Some(hop) = self.queue.pop_front() {
            if self.lane.row.parked.is_some() {
                self.keep(hop.message, None, DeliveryState::Parked);
            } else if self.decisions.len() >= self.shared.limits.decisions_per_chain_max {
                self.keep(hop.message, None, DeliveryState::Due);
            } else {
                self.hop(hop)?;
            }
        }
        Ok(())
    }

    fn hop(&mut self, Hop { message, origin }: Hop) -> Result<(), StoreError> {
        if message.process != self.lane.row.id {
            self.keep(message, None, DeliveryState::Due);
            return Ok(());
        }
        match outbox::route(&self.shared.registry, self.snapshot, &self.lane.row, &message, None) {
            // The outside hears of it when it is durable.
            Route::Adapter(_) => self.keep(message, None, DeliveryState::Due),
            Route::Nobody(_) if origin == HopOrigin::Event => {}
            Route::Nobody(why) => {
                tracing::warn!(process = %message.process, message = %message.id, kind = %message.kind, why, "a command waits for a definition");
                self.keep(message, None, DeliveryState::Unhandled);
            }
            Route::Streams(targets) => {
                for target in targets {
                    self.hop_to(&target, &message)?;
                }
            }
        }
        Ok(())
    }

    fn hop_to(&mut self, target: &Target, message: &Message) -> Result<(), StoreError> {
        if self.lane.row.parked.is_some() {
            self.keep(message.clone(), Some(target.suffix.clone()), DeliveryState::Parked);
            return Ok(());
        }
        match self.attempt(target, &Trigger::Message(message.clone()), &message.id) {
            Ok(Outcome::Accepted(decisions)) => self.accept(target, decisions),
            Ok(Outcome::Deferred(reason)) => self.defer(message.clone(), target, reason),
            Ok(Outcome::Ignored(_) | Outcome::Rejected(_)) => {}
            Err(failure) => self.park(message.clone(), Some(target.suffix.clone()), failure)?,
        }
        Ok(())
    }

    /// Makes a turn, again in a fresh instance where the guest breaks, up to the limit.
    fn attempt(&mut self, target: &Target, trigger: &Trigger, cause: &MessageId) -> Result<Outcome, Failure> {
        let mut attempt = 1;
        loop {
            match self.turn(target, trigger, cause) {
                Err(Failure::Guest(definition, error)) => {
                    Counters::count(&self.shared.counters.guest_errors);
                    let process = &self.lane.row.id;
                    tracing::warn!(%process, stream = %target.suffix, message = %cause, definition, attempt, %error, "a definition broke");
                    if attempt >= self.shared.limits.attempts_max {
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
        if was_warm && self.audit_is_due() {
            let again = turn.run(&mut *self.fold(&module, &turn.stream)?, trigger.clone(), cause.clone()).map_err(guest)?;
            if again != outcome {
                Counters::count(&self.shared.counters.audit_differences);
                return Err(guest(GuestError::Contract(
                    "a fresh instance decided otherwise: it keeps something outside its events".to_owned(),
                )));
            }
        }
        let took_us = self.shared.clock.ticks_us().saturating_sub(started_us);
        log_turn(&turn, &trigger, &outcome, cause, took_us);
        self.count(&outcome);
        self.lane.warm.push(Warm { suffix: target.suffix.clone(), module: module.digest, decider });
        Ok(outcome)
    }

    /// Folds what is recorded, what is submitted and what this chain has staged.
    fn fold(&self, module: &Module, stream: &StreamName) -> Result<Box<dyn Decider>, Failure> {
        let Role::Process(definition) = &module.role else {
            let error = GuestError::Contract("a router or an adapter has no streams".to_owned());
            return Err(Failure::Guest(module.manifest.category.to_string(), error));
        };
        let guest = |error| Failure::Guest(named(module), error);
        let mut decider = definition.restore(None).map_err(guest)?;
        let mut events = match self.lane.row.stream(&stream.suffix) {
            Some(_) => self.lane.events(stream, &*self.shared.store, self.shared.limits.page)?,
            None => Vec::new(),
        };
        let staged = self.staged();
        events.extend(staged.events(0).filter(|event| event.stream == *stream).map(RecordedEvent::into_stream_event));
        for batch in events.chunks(self.shared.limits.page) {
            decider.evolve(batch).map_err(guest)?;
        }
        Ok(decider)
    }

    fn audit_is_due(&self) -> bool {
        let every = self.shared.limits.audit_one_in;
        every > 0 && self.shared.counters.accepted.load(Ordering::Relaxed) % every == every - 1
    }

    /// Stages what a turn decided, and puts what follows from it on its way.
    fn accept(&mut self, target: &Target, decisions: Vec<DecisionRecord>) {
        if !self.pins.iter().any(|pin| pin.suffix == target.suffix) {
            self.pins.push(Pin { suffix: target.suffix.clone(), category: target.category.clone(), module: target.module });
        }
        for decision in decisions {
            self.accept_one(target, decision);
        }
    }

    fn accept_one(&mut self, target: &Target, decision: DecisionRecord) {
        let stream = StreamName { process: self.lane.row.id.clone(), suffix: target.suffix.clone() };
        let last = decision.first_version + decision.events.len() as u64 - 1;
        self.advance_head(target, last);
        let source: Arc<str> = stream.to_string().into();
        let (time, correlation) = (self.now, self.input.correlation.clone());
        let message = |id, process: &ProcessId, kind: &Kind, data: &Json| {
            let (process, kind, data) = (process.clone(), kind.clone(), data.clone());
            Message { id, process, kind, source: Some(Arc::clone(&source)), time, data, correlation: correlation.clone() }
        };
        for (event, version) in decision.events.iter().zip(decision.first_version..) {
            let published = message(MessageId::of_event(&stream, version), &stream.process, &event.kind, &event.data);
            if outbox::interests_somebody(&self.shared.registry, self.snapshot, &self.lane.row, &published) {
                self.queue.push_back(Hop { message: published, origin: HopOrigin::Event });
            }
        }
        for (index, effect) in decision.effects.iter().enumerate() {
            match effect {
                Effect::Send(command) => {
                    let to = command.process.as_ref().unwrap_or(&stream.process);
                    let sent = message(MessageId::of_command(&stream, last, index), to, &command.kind, &command.data);
                    self.queue.push_back(Hop { message: sent, origin: HopOrigin::Command });
                }
                Effect::SetTimer { name, at, data } => {
                    self.clear_timer(&target.suffix, name);
                    self.set_timer(&target.suffix, name, *at, data.clone());
                }
                Effect::ClearTimer(name) => self.clear_timer(&target.suffix, name),
            }
        }
        self.decisions.push(decision);
    }

    /// Moves the head of a stream to its new last version; the view is looked at once, when the chain is done.
    fn advance_head(&mut self, target: &Target, version: u64) {
        let now = self.now;
        let due_again = match self.lane.row.streams.iter_mut().find(|head| head.suffix == target.suffix) {
            Some(head) => {
                (head.version, head.updated_at) = (version, now);
                std::mem::take(&mut head.deferred)
            }
            None => {
                self.lane.row.streams.push(StreamHead {
                    suffix: target.suffix.clone(),
                    version,
                    category: target.category.clone(),
                    module: target.module,
                    started_at: now,
                    updated_at: now,
                    view: View { phase: Phase::Running, step: None, outcome: None, tags: Vec::new() },
                    timers: Vec::new(),
                    deferred: Vec::new(),
                });
                Vec::new()
            }
        };
        self.due_again.extend(due_again);
    }

    fn set_timer(&mut self, suffix: &Suffix, name: &str, due: Timestamp, data: Json) {
        let seq = self.next_seq();
        let key = TimerKey { due, process: self.lane.row.id.clone(), seq };
        let fires = Fires::Trigger { suffix: suffix.clone(), name: name.to_owned(), data };
        self.timers_set.push(Timer { key, fires });
        if let Some(head) = self.lane.row.streams.iter_mut().find(|head| head.suffix == *suffix) {
            head.timers.push(SetTimer { name: name.to_owned(), due, seq });
        }
    }

    fn clear_timer(&mut self, suffix: &Suffix, name: &str) {
        let Some(head) = self.lane.row.streams.iter_mut().find(|head| head.suffix == *suffix) else { return };
        let Some(at) = head.timers.iter().position(|timer| timer.name == name) else { return };
        let SetTimer { due, seq, .. } = head.timers.remove(at);
        let before = self.timers_set.len();
        self.timers_set.retain(|timer| timer.key.seq != seq);
        if self.timers_set.len() == before {
            self.timers_cleared.push(TimerKey { due, process: self.lane.row.id.clone(), seq });
        }
    }

    /// Puts a message to be delivered later into the commit.
    pub(super) fn keep(&mut self, message: Message, target: Option<Suffix>, state: DeliveryState) {
        let seq = self.own_seq(&message).unwrap_or_else(|| self.next_seq());
        self.undelivered.push(Undelivered { owner: self.lane.row.id.clone(), seq, message, target, state });
    }

    /// Keeps a reply, delivered when its time has come.
    pub(super) fn keep_until(&mut self, due: Timestamp, message: Message) {
        let key = TimerKey { due, process: self.lane.row.id.clone(), seq: self.next_seq() };
        self.timers_set.push(Timer { key, fires: Fires::Message(message) });
    }

    /// The number of the input, where it is a message of this process that was delivered just now and is kept once more: its place in the order stays.
    fn own_seq(&mut self, message: &Message) -> Option<u64> {
        let own = self.lane.row.id.clone();
        let at = self.delivered.iter().position(|(owner, _)| *owner == own).filter(|_| message.id == self.input.id)?;
        Some(self.delivered.swap_remove(at).1)
    }

    fn defer(&mut self, message: Message, target: &Target, reason: String) {
        // Only a stream that exists can have a next event; without one the message waits for a definition like any other.
        let state = if target.begins { DeliveryState::Unhandled } else { DeliveryState::Deferred(reason) };
        self.keep(message, Some(target.suffix.clone()), state);
        let seq = self.undelivered.last().map_or(0, |kept| kept.seq);
        if let Some(head) = self.lane.row.streams.iter_mut().find(|head| head.suffix == target.suffix) {
            head.deferred.push(seq);
        }
    }

    /// Parks the process on a message that cannot be processed; everybody else goes on.
    pub(super) fn park(&mut self, message: Message, target: Option<Suffix>, failure: Failure) -> Result<(), StoreError> {
        let reason = match failure {
            Failure::Store(error) => return Err(error),
            Failure::Guest(definition, error) => format!("{definition}: {error}"),
        };
        tracing::error!(process = %message.process, message = %message.id, kind = %message.kind, reason, "process parked");
        let attempts = self.shared.limits.attempts_max;
        self.lane.row.parked = Some(Parked { message: message.id.clone(), reason, attempts, since: self.now });
        self.keep(message, target, DeliveryState::Parked);
        Ok(())
    }

    fn next_seq(&mut self) -> u64 {
        let seq = self.lane.row.next_seq;
        self.lane.row.next_seq += 1;
        seq
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

    /// Looks at every stream that changed, and makes the commit.
    pub(super) fn into_commit(mut self) -> Commit {
        for pin in self.pins.clone() {
            self.look(&pin);
        }
        self.lane.row.revision += 1;
        let row = self.lane.row.clone();
        let entry =
            (!self.decisions.is_empty()).then_some(Entry { input: self.input, time: self.now, pins: self.pins, decisions: self.decisions });
        Commit {
            row,
            entry,
            receipt: self.receipt,
            delivered: self.delivered,
            undelivered: self.undelivered,
            timers_cleared: self.timers_cleared,
            timers_set: self.timers_set,
        }
    }

    /// Takes over what a query sees. A definition that breaks here keeps its last view: its events are good all the same.
    fn look(&mut self, pin: &Pin) {
        let seen = self.decider_of(pin).and_then(|mut decider| {
            let view = decider.look().map_err(|error| Failure::Guest(format!("{} ({})", pin.category, pin.module.short()), error))?;
            Ok((view, decider))
        });
        match seen {
            Ok((view, decider)) => {
                // A process that has ended is seldom needed again, and its instance is memory.
                if !view.phase.has_ended() {
                    self.lane.warm.push(Warm { suffix: pin.suffix.clone(), module: pin.module, decider });
                }
                if let Some(head) = self.lane.row.streams.iter_mut().find(|head| head.suffix == pin.suffix) {
                    head.view = view;
                }
            }
            Err(failure) => {
                tracing::error!(process = %self.lane.row.id, stream = %pin.suffix, ?failure, "a definition could not say what it sees")
            }
        }
    }

    fn decider_of(&mut self, pin: &Pin) -> Result<Box<dyn Decider>, Failure> {
        if let Some(warm) = self.lane.take_warm(&pin.suffix, &pin.module) {
            return Ok(warm);
        }
        let target = Target { suffix: pin.suffix.clone(), category: pin.category.clone(), module: pin.module, begins: false };
        let module = self.shared.registry.module(&pin.module).map_err(|error| broken_module(&target, error))?;
        self.fold(&module, &StreamName { process: self.lane.row.id.clone(), suffix: pin.suffix.clone() })
    }
}

fn broken_module(target: &Target, error: DeployError) -> Failure {
    match error {
        DeployError::Store(error) => Failure::Store(error),
        other => Failure::Guest(target.module.to_string(), GuestError::Trap(other.to_string())),
    }
}

/// A definition as log lines and errors name it.
fn named(module: &Module) -> String {
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
    let kind = match trigger {
        Trigger::Start(message) | Trigger::Message(message) => message.kind.as_str(),
        Trigger::Recorded(event) => event.event.kind.as_str(),
        Trigger::Timer { name, .. } => name,
    };
    let detail = match outcome {
        Outcome::Accepted(decisions) => format!("{} events", decisions.iter().map(|decision| decision.events.len()).sum::<usize>()),
        Outcome::Ignored(reason) | Outcome::Deferred(reason) => reason.clone(),
        Outcome::Rejected(rejection) => rejection.to_string(),
    };
    let (decision, module) = (outcome.word(), turn.module.digest.short());
    match outcome {
        Outcome::Rejected(_) => {
            tracing::info!(stream = %turn.stream, trigger = kind, message = %cause, decision, detail, category = %turn.module.manifest.category, module, took_us, "turn");
        }
        _ => {
            tracing::debug!(stream = %turn.stream, trigger = kind, message = %cause, decision, detail, category = %turn.module.manifest.category, module, took_us, "turn");
        }
    }
}
