//! A host in miniature: one process, in memory, on a clock that jumps to whatever is due next.
//!
//! It keeps the order of messages and nothing else that a host promises.

use std::collections::{BTreeMap, VecDeque};

use carrier_stub_1_0::CarrierStub;
use procession_sdk::contract::{Command, Context, Decision, Effect, Manifest, Message, Phase, RecordedEvent, TimerFired, Trigger, View};
use procession_sdk::{Adapter, Process, Router, adapter, hosted, router};
use shipment_classifier_1_0::ShipmentClassifier;

/// Noon of 15 January 2026.
pub(crate) const NOON: u64 = 1_768_478_400_000;

/// A process definition without its types.
trait Stream {
    fn evolve(&mut self, event: &RecordedEvent);
    fn decide(&self, ctx: &Context, trigger: Trigger) -> Decision;
    fn look(&self) -> View;
}

struct Typed<P: Process>(P::State);

impl<P: Process> Stream for Typed<P> {
    fn evolve(&mut self, event: &RecordedEvent) {
        hosted::evolve::<P>(&mut self.0, std::slice::from_ref(event)).expect("an event that can be read");
        // A snapshot must hold the whole state: it goes through one after every event.
        let snapshot = P::snapshot(&self.0);
        self.0 = hosted::restore::<P>(snapshot.as_deref()).expect("a snapshot that can be read");
    }

    fn decide(&self, ctx: &Context, trigger: Trigger) -> Decision {
        hosted::decide::<P>(&self.0, ctx, trigger).expect("no fault")
    }

    fn look(&self) -> View {
        P::look(&self.0)
    }
}

struct Definition {
    manifest: Manifest,
    stream: Box<dyn Stream>,
    history: Vec<RecordedEvent>,
}

/// Something on its way to the definition in this place.
struct Due {
    at: u64,
    to: usize,
    trigger: Trigger,
}

pub(crate) struct Host {
    process_id: String,
    now: u64,
    settings: &'static str,
    definitions: Vec<Definition>,
    waiting: VecDeque<Due>,
    decisions: u64,
    /// Phases of the shipment process, each time it changed.
    pub(crate) phases: Vec<Phase>,
}

impl Host {
    pub(crate) fn new(process_id: &str) -> Self {
        Self {
            process_id: process_id.to_owned(),
            now: NOON,
            settings: "{}",
            definitions: Vec::new(),
            waiting: VecDeque::new(),
            decisions: 0,
            phases: Vec::new(),
        }
    }

    pub(crate) fn with<P: Process>(mut self) -> Self {
        let stream = Box::new(Typed::<P>(P::State::default()));
        self.definitions.push(Definition { manifest: P::manifest(), stream, history: Vec::new() });
        self
    }

    /// A request without a body, or with one.
    pub(crate) fn post(mut self, kind: &str, data: &str) -> Self {
        assert!(ShipmentClassifier::manifest().handles.iter().any(|handled| handled == kind));
        let start =
            router::classify::<ShipmentClassifier>("{}", &self.context(""), &self.message(kind, data), &[]).expect("a process to begin");
        // The process that was not chosen has no stream, so nothing is delivered to it.
        let chosen =
            |manifest: &Manifest| manifest.stream_suffix.as_deref() != Some("Process") || manifest.category.starts_with(&start.category);
        self.definitions.retain(|definition| chosen(&definition.manifest));
        let place = self.definitions.iter().position(|definition| definition.manifest.category.starts_with(&start.category));
        let message = self.message(&start.kind, &start.data);
        self.waiting.push_back(Due { at: self.now, to: place.expect("the category is there"), trigger: Trigger::Start(message) });
        self.run();
        self
    }

    /// Delivers until nothing waits; what is due first comes first, what was sent first comes first among those.
    fn run(&mut self) {
        while let Some(next) = (0..self.waiting.len()).min_by_key(|place| self.waiting[*place].at) {
            let due = self.waiting.remove(next).expect("it is there");
            self.now = self.now.max(due.at);
            self.turn(due.to, due.trigger);
        }
    }

    fn turn(&mut self, place: usize, trigger: Trigger) {
        let mut own = VecDeque::from([trigger]);
        while let Some(trigger) = own.pop_front() {
            let ctx = self.context(&self.definitions[place].manifest.category.clone());
            let definition = &mut self.definitions[place];
            let decision = definition.stream.decide(&ctx, trigger.clone());
            assert_eq!(decision, definition.stream.decide(&ctx, trigger.clone()), "deciding again must decide the same");
            let accepted = match decision {
                Decision::Accept(accepted) => accepted,
                Decision::Ignore(_) => continue,
                other => panic!("{trigger:?} was turned down: {other:?}"),
            };
            for event in accepted.events {
                let version = definition.history.len() as u64 + 1;
                let recorded = RecordedEvent { version, time: self.now, decided_by: ctx.category.clone(), event };
                definition.stream.evolve(&recorded);
                if definition.manifest.reacts_to.contains(&recorded.event.kind) {
                    own.push_back(Trigger::Recorded(recorded.clone()));
                }
                definition.history.push(recorded);
            }
            let recorded: Vec<RecordedEvent> = definition.history[usize::try_from(ctx.version).expect("small")..].to_vec();
            self.effects(place, accepted.effects);
            recorded.iter().for_each(|recorded| self.publish(place, recorded));
            self.note_phase();
        }
    }

    fn effects(&mut self, place: usize, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Send(command) => self.send(&command),
                Effect::SetTimer(timer) => {
                    let fired = TimerFired { name: timer.name, due: timer.at, data: timer.data };
                    self.waiting.push_back(Due { at: timer.at, to: place, trigger: Trigger::Timer(fired) });
                }
                Effect::ClearTimer(_) => panic!("no shipment component clears a timer"),
            }
        }
    }

    fn send(&mut self, command: &Command) {
        let message = self.message(&command.kind, &command.data);
        if CarrierStub::manifest().handles.contains(&command.kind) {
            let replies = adapter::handle::<CarrierStub>(self.settings, &self.context("carrier-stub-1.0"), &message).expect("an answer");
            for reply in replies {
                assert!(CarrierStub::manifest().sends.contains(&reply.kind));
                self.deliver(usize::MAX, &reply.kind, &reply.data, reply.after);
            }
            return;
        }
        let delivered = self.deliver(usize::MAX, &command.kind, &command.data, 0);
        assert_eq!(delivered, 1, "exactly one definition takes the command {}", command.kind);
    }

    fn publish(&mut self, place: usize, recorded: &RecordedEvent) {
        self.deliver(place, &recorded.event.kind, &recorded.event.data, 0);
    }

    /// To every definition but the sender that takes the kind.
    fn deliver(&mut self, from: usize, kind: &str, data: &str, after: u64) -> usize {
        let message = self.message(kind, data);
        let before = self.waiting.len();
        for (to, definition) in self.definitions.iter().enumerate().filter(|(to, _)| *to != from) {
            let among = |kinds: &[String]| kinds.iter().any(|taken| taken == kind);
            if among(&definition.manifest.starts) {
                self.waiting.push_back(Due { at: self.now + after, to, trigger: Trigger::Start(message.clone()) });
            } else if among(&definition.manifest.handles) {
                self.waiting.push_back(Due { at: self.now + after, to, trigger: Trigger::Message(message.clone()) });
            }
        }
        self.waiting.len() - before
    }

    fn note_phase(&mut self) {
        let phase = self.view("Process").phase;
        if self.phases.last() != Some(&phase) {
            self.phases.push(phase);
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
        self.definition(suffix).stream.look()
    }

    /// Time since the beginning, in milliseconds.
    pub(crate) fn elapsed(&self) -> u64 {
        self.now - NOON
    }

    /// The data of every event of a stream, parsed.
    pub(crate) fn data(&self, suffix: &str) -> BTreeMap<String, serde_json::Value> {
        let history = &self.definition(suffix).history;
        history.iter().map(|it| (it.event.kind.clone(), serde_json::from_str(&it.event.data).expect("JSON"))).collect()
    }
}
