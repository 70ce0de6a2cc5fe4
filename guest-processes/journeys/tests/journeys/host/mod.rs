//! A host in miniature: one process, in memory, on a clock that jumps to whatever is due next.
//!
//! It keeps the order of messages, timers and deadlines, and nothing else that a host promises.

pub(crate) mod carriers;
mod definition;

use std::collections::{BTreeMap, VecDeque};

use carrier_stub_1_0::CarrierStub;
use carriers::{Carriers, Travel};
use definition::{Deadline, Definition};
use procession_sdk::contract::{Command, Context, Decision, Effect, Message, Phase, RecordedEvent, TimerFired, Trigger, Undelivered, View};
use procession_sdk::{Adapter, Process, Router, deadline, router};
use shipment_classifier_1_0::ShipmentClassifier;

/// Noon of 15 January 2026.
pub(crate) const NOON: u64 = 1_768_478_400_000;

/// More turns than any shipment needs; a process that takes more never comes to its end.
const TURNS_MAX: usize = 2_000;

/// Something on its way to the definition in this place.
struct Due {
    at: u64,
    to: usize,
    what: What,
}

enum What {
    Trigger(Trigger),
    /// The deadline of the command with this number passes.
    Deadline(u64, Undelivered),
}

pub(crate) struct Host {
    process_id: String,
    now: u64,
    carriers: Carriers,
    definitions: Vec<Definition>,
    waiting: VecDeque<Due>,
    decisions: u64,
    /// Cancel requests, each so many milliseconds after the beginning.
    cancels: Vec<u64>,
    /// Commands that nobody takes.
    pub(crate) unhandled: Vec<String>,
    /// Codes of the cancels that were turned down.
    pub(crate) rejected: Vec<String>,
    /// Phases of the shipment process, each time it changed.
    pub(crate) phases: Vec<Phase>,
    /// The same with the time since the beginning, in milliseconds.
    pub(crate) phases_at: Vec<(Phase, u64)>,
}

impl Host {
    pub(crate) fn new(process_id: &str) -> Self {
        Self {
            process_id: process_id.to_owned(),
            now: NOON,
            carriers: Carriers::of::<CarrierStub>(Travel::Straight),
            definitions: Vec::new(),
            waiting: VecDeque::new(),
            decisions: 0,
            cancels: Vec::new(),
            unhandled: Vec::new(),
            rejected: Vec::new(),
            phases: Vec::new(),
            phases_at: Vec::new(),
        }
    }

    pub(crate) fn with<P: Process>(mut self) -> Self {
        self.definitions.push(Definition::of::<P>());
        self
    }

    /// Other carriers than those of 1.0, and how their answers travel.
    pub(crate) fn carriers<A: Adapter>(mut self, travel: Travel) -> Self {
        self.carriers = Carriers::of::<A>(travel);
        self
    }

    /// Somebody cancels the process so many milliseconds after it has begun.
    pub(crate) fn cancel_after(mut self, ms: u64) -> Self {
        self.cancels.push(ms);
        self
    }

    /// A request without a body, or with one.
    pub(crate) fn post(mut self, kind: &str, data: &str) -> Self {
        assert!(ShipmentClassifier::manifest().handles.iter().any(|handled| handled == kind));
        let start =
            router::classify::<ShipmentClassifier>("{}", &self.context(""), &self.message(kind, data), &[]).expect("a process to begin");
        // The process that was not chosen has no stream, so nothing is delivered to it.
        self.definitions.retain(|definition| {
            definition.manifest.stream_suffix.as_deref() != Some("Process") || definition.manifest.category.starts_with(&start.category)
        });
        let place = self.definitions.iter().position(|definition| definition.manifest.category.starts_with(&start.category));
        let place = place.expect("the category is there");
        let message = self.message(&start.kind, &start.data);
        self.wait(0, place, Trigger::Start(message));
        for ms in std::mem::take(&mut self.cancels) {
            self.wait(ms, place, Trigger::Cancel("no longer wanted".to_owned()));
        }
        self.run();
        self
    }

    fn wait(&mut self, after: u64, to: usize, trigger: Trigger) {
        self.waiting.push_back(Due { at: self.now + after, to, what: What::Trigger(trigger) });
    }

    /// Delivers until nothing waits; what is due first comes first, what was sent first comes first among those.
    fn run(&mut self) {
        let mut turns = 0;
        while let Some(next) = (0..self.waiting.len()).min_by_key(|place| self.waiting[*place].at) {
            turns += 1;
            assert!(turns < TURNS_MAX, "{} never comes to its end", self.process_id);
            let Due { at, to, what } = self.waiting.remove(next).expect("it is there");
            match what {
                What::Trigger(trigger) => {
                    self.now = self.now.max(at);
                    self.turn(to, trigger);
                    self.check_the_way_out();
                }
                What::Deadline(id, undelivered) => {
                    let open = &mut self.definitions[to].deadlines;
                    let Some(place) = open.iter().position(|deadline| deadline.id == id) else { continue };
                    open.remove(place);
                    self.now = self.now.max(at);
                    self.turn(to, Trigger::Undelivered(undelivered));
                    self.check_the_way_out();
                }
            }
        }
    }

    /// From 1.1 on a shipment of several legs never waits without a timer or a deadline somewhere, or a message on its way inside.
    fn check_the_way_out(&self) {
        let process = self.definition("Process");
        if process.manifest.category != "international-1.1" || self.under_way().is_empty() {
            return;
        }
        let limited = |due: &Due| match &due.what {
            What::Trigger(Trigger::Timer(_)) => true,
            What::Trigger(_) => due.at <= self.now,
            What::Deadline(id, _) => self.definitions[due.to].deadlines.iter().any(|deadline| deadline.id == *id),
        };
        assert!(self.waiting.iter().any(limited), "{} waits without a limit: {:?}", self.process_id, self.under_way());
    }

    fn turn(&mut self, place: usize, trigger: Trigger) {
        let cancels = matches!(trigger, Trigger::Cancel(_));
        let mut own = VecDeque::from([trigger]);
        while let Some(trigger) = own.pop_front() {
            let ctx = self.context(&self.definitions[place].manifest.category.clone());
            let definition = &mut self.definitions[place];
            let accepted = match definition.decide(&ctx, &trigger) {
                Decision::Accept(accepted) => accepted,
                Decision::Ignore(_) => continue,
                Decision::Reject(rejection) if cancels => {
                    self.rejected.push(rejection.code);
                    continue;
                }
                other => panic!("{trigger:?} was turned down: {other:?}"),
            };
            for event in accepted.events {
                let version = definition.history.len() as u64 + 1;
                let recorded = RecordedEvent { version, time: self.now, decided_by: ctx.category.clone(), event };
                if definition.manifest.reacts_to.contains(&recorded.event.kind) {
                    own.push_back(Trigger::Recorded(recorded.clone()));
                }
                definition.record(recorded);
            }
            let recorded: Vec<RecordedEvent> = definition.history[usize::try_from(ctx.version).expect("small")..].to_vec();
            self.effects(place, accepted.effects);
            for recorded in recorded {
                self.deliver(place, &recorded.event.kind, &recorded.event.data, 0);
            }
            self.note_phase();
        }
        if !self.definitions[place].is_under_way() {
            self.definitions[place].deadlines.clear();
        }
    }

    fn effects(&mut self, place: usize, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Send(command) => self.send(place, command),
                Effect::SetTimer(timer) => {
                    self.clear_timer(place, &timer.name);
                    let fired = TimerFired { name: timer.name, due: timer.at, data: timer.data };
                    self.waiting.push_back(Due { at: timer.at, to: place, what: What::Trigger(Trigger::Timer(fired)) });
                }
                Effect::ClearTimer(name) => self.clear_timer(place, &name),
            }
        }
    }

    /// Clears a timer, or lifts the oldest deadline of a kind.
    fn clear_timer(&mut self, place: usize, name: &str) {
        let Some(kind) = name.strip_prefix(deadline::PREFIX) else {
            let is_it = |due: &Due| due.to == place && matches!(&due.what, What::Trigger(Trigger::Timer(timer)) if timer.name == name);
            return self.waiting.retain(|due| !is_it(due));
        };
        let open = &mut self.definitions[place].deadlines;
        if let Some(oldest) = open.iter().position(|deadline| deadline.kind == kind) {
            open.remove(oldest);
        }
    }

    fn send(&mut self, place: usize, command: Command) {
        let message = self.message(&command.kind, &command.data);
        if self.carriers.take(&command.kind) {
            let ctx = self.context(&self.carriers.manifest.category.clone());
            for reply in self.carriers.ask(&ctx, &message) {
                self.deliver(usize::MAX, &reply.kind, &reply.data, reply.after);
            }
        } else {
            match self.deliver(usize::MAX, &command.kind, &command.data, 0) {
                0 => self.unhandled.push(command.kind.clone()),
                delivered => assert_eq!(delivered, 1, "one definition takes the command {}", command.kind),
            }
        }
        if let Some(ms) = command.expires_after {
            self.definitions[place].deadlines.push(Deadline { id: self.decisions, kind: command.kind.clone() });
            let (kind, data, reason) = (command.kind, command.data, "no answer in time".to_owned());
            let undelivered = Undelivered { id: self.decisions.to_string(), kind, reason, data };
            self.waiting.push_back(Due { at: self.now + ms, to: place, what: What::Deadline(self.decisions, undelivered) });
        }
        self.decisions += 1;
    }

    /// To every definition but the sender that takes the kind; returns to how many.
    fn deliver(&mut self, from: usize, kind: &str, data: &str, after: u64) -> usize {
        let message = self.message(kind, data);
        let takers: Vec<usize> = (0..self.definitions.len()).filter(|to| *to != from && self.is_for(*to, kind)).collect();
        for to in &takers {
            let starts = self.definitions[*to].starts_with(kind);
            let trigger = if starts { Trigger::Start(message.clone()) } else { Trigger::Message(message.clone()) };
            self.wait(after, *to, trigger);
        }
        takers.len()
    }

    /// A command may be sent before the start that waits in front of it has been taken.
    fn is_for(&self, to: usize, kind: &str) -> bool {
        let definition = &self.definitions[to];
        let begins = |due: &Due| due.to == to && matches!(due.what, What::Trigger(Trigger::Start(_)));
        definition.takes(kind) || definition.manifest.handles.iter().any(|it| it == kind) && self.waiting.iter().any(begins)
    }

    fn note_phase(&mut self) {
        let phase = self.view("Process").phase;
        if self.phases.last() != Some(&phase) {
            self.phases.push(phase);
            self.phases_at.push((phase, self.elapsed()));
        }
    }

    fn message(&self, kind: &str, data: &str) -> Message {
        Message { id: "message".to_owned(), kind: kind.to_owned(), source: None, time: self.now, data: data.to_owned() }
    }

    fn context(&mut self, category: &str) -> Context {
        self.decisions += 1;
        let version =
            self.definitions.iter().find(|definition| definition.manifest.category == category).map_or(0, |it| it.history.len() as u64);
        Context { process_id: self.process_id.clone(), category: category.to_owned(), version, now: self.now, seed: self.decisions }
    }
}

/// What a test reads afterwards.
impl Host {
    fn definition(&self, suffix: &str) -> &Definition {
        self.definitions
            .iter()
            .find(|definition| definition.manifest.stream_suffix.as_deref() == Some(suffix))
            .expect("a definition for the suffix")
    }

    pub(crate) fn kinds(&self, suffix: &str) -> Vec<&str> {
        self.definition(suffix).history.iter().map(|recorded| recorded.event.kind.as_str()).collect()
    }

    pub(crate) fn view(&self, suffix: &str) -> View {
        self.definition(suffix).look()
    }

    /// Streams that have begun and have not come to an end.
    pub(crate) fn under_way(&self) -> Vec<&str> {
        self.definitions.iter().filter(|it| it.is_under_way()).map(|it| it.manifest.category.as_str()).collect()
    }

    pub(crate) const fn carriers_after(&self) -> &Carriers {
        &self.carriers
    }

    /// Time since the beginning, in milliseconds.
    pub(crate) fn elapsed(&self) -> u64 {
        self.now - NOON
    }

    /// Every event of a stream: its kind and its data, parsed.
    pub(crate) fn events(&self, suffix: &str) -> Vec<(String, serde_json::Value)> {
        let history = self.definition(suffix).history.iter();
        history.map(|it| (it.event.kind.clone(), serde_json::from_str(&it.event.data).expect("JSON"))).collect()
    }

    /// The data of every event of a stream, parsed.
    pub(crate) fn data(&self, suffix: &str) -> BTreeMap<String, serde_json::Value> {
        self.events(suffix).into_iter().collect()
    }
}
