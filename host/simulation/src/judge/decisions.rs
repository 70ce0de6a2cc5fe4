//! Decisions: each is made again from what the log keeps of it, and must come out the same, byte for byte.
//! On the way versions are counted and causes remembered.

use std::collections::{BTreeMap, BTreeSet};

use procession_engine::model::commit::{Commit, DecisionRecord, Entry};
use procession_engine::model::decision::{Context, Decision, Effect};
use procession_engine::model::event::StreamEvent;
use procession_engine::model::id::{Kind, MessageId, StreamName};
use procession_engine::model::message::Message;

use super::known::{Armed, Awaited, KnownEvent};
use super::triggers::trigger;
use super::{Invariant, Judge, Seen};

impl Judge {
    /// Goes through the decisions of a commit; answers the numbers of the timers that they release.
    pub(super) fn decided(&self, seen: &mut Seen, commit: &Commit) -> BTreeSet<u64> {
        let mut released = BTreeSet::new();
        let Some(entry) = &commit.entry else { return released };
        if seen.refused.contains(&entry.input.id) {
            seen.finds(Invariant::NothingLeavesEarly, format!("{} was refused, and then it had its effect", entry.input.id));
        }
        seen.messages.insert(entry.input.id.clone());
        // What the chain has brought about so far.
        let mut brought: BTreeMap<MessageId, Message> = BTreeMap::new();
        for decision in &entry.decisions {
            let stream = StreamName { process: commit.row.id.clone(), suffix: entry.pins[decision.pin].suffix.clone() };
            self.one(seen, entry, decision, &stream, &brought);
            remember(seen, entry, decision, &stream, &mut released);
            brought.extend(messages(entry, decision, &stream).into_iter().map(|message| (message.id.clone(), message)));
        }
        released
    }

    fn one(&self, seen: &mut Seen, entry: &Entry, decision: &DecisionRecord, stream: &StreamName, brought: &BTreeMap<MessageId, Message>) {
        let name = stream.to_string();
        let known = seen.streams.entry(name.clone()).or_default();
        let version = known.version;
        if decision.first_version != version + 1 {
            let what = format!("{name} is at version {version}, a decision records from {} on", decision.first_version);
            return seen.finds(Invariant::VersionsAreDense, what);
        }
        if is_move(decision) {
            // The host's own event: nobody decided it.
            return;
        }
        if !known.causes.insert(decision.cause.clone()) {
            return seen.finds(Invariant::EffectsHappenOnce, format!("{name} took {} twice", decision.cause));
        }
        let pin = &entry.pins[decision.pin];
        let Some((rules, manifest)) = self.rules.get(&pin.module) else {
            return seen.finds(Invariant::DecidingAgainIsTheSame, format!("{name} was decided by the unknown module {}", pin.module));
        };
        if seen.strange.contains(&(name.clone(), version)) {
            return;
        }
        let Some(trigger) = trigger(seen, entry, decision, stream, brought, manifest) else {
            let what = format!("{name} at {} was caused by {}, which is not in the log", decision.first_version, decision.cause);
            return seen.finds(Invariant::DecidingAgainIsTheSame, what);
        };
        let (process, category) = (stream.process.clone(), pin.category.clone());
        let context = Context { process, category, version, now: entry.time, seed: decision.seed };
        let story = seen.streams.get(&name).map(|known| known.story.clone()).unwrap_or_default();
        let again = (rules.decide)(&story, &context, &trigger);
        let recorded = Decision::Accept { events: decision.events.clone(), effects: decision.effects.clone() };
        if again != recorded {
            let what = format!("{name} at {}: {trigger:?} led to {recorded:?}, and deciding again to {again:?}", decision.first_version);
            seen.finds(Invariant::DecidingAgainIsTheSame, what);
        }
    }
}

/// Takes the events and the timers of a decision over.
fn remember(seen: &mut Seen, entry: &Entry, decision: &DecisionRecord, stream: &StreamName, released: &mut BTreeSet<u64>) {
    seen.events += decision.events.len() as u64;
    let decided_by = &entry.pins[decision.pin].category;
    let known = seen.streams.entry(stream.to_string()).or_default();
    for (event, version) in decision.events.iter().zip(decision.first_version..) {
        known.version = version;
        let (cause, correlation) = (decision.cause.clone(), entry.input.correlation.clone());
        known.events.push(KnownEvent { event: event.clone(), cause, correlation });
        if is_move(decision) {
            continue;
        }
        known.story.take(&StreamEvent { version, time: entry.time, decided_by: decided_by.clone(), event: event.clone() });
    }
    let last = decision.first_version + decision.events.len() as u64 - 1;
    for (index, effect) in decision.effects.iter().enumerate() {
        match effect {
            Effect::SetTimer { name, at, data } => {
                let armed = Armed { due: *at, data: data.clone(), seq: None };
                released.extend(known.armed.insert(name.clone(), armed).and_then(|before| before.seq));
            }
            Effect::ClearTimer(name) if name.starts_with("undelivered:") => {
                let oldest = known.deadlines.iter().position(|awaited| name.ends_with(&format!(":{}", awaited.kind)));
                released.extend(oldest.map(|at| known.deadlines.remove(at)).and_then(|awaited| awaited.seq));
            }
            Effect::ClearTimer(name) => released.extend(known.armed.remove(name).and_then(|before| before.seq)),
            Effect::Send(command) => {
                let (kind, id) = (command.kind.clone(), MessageId::of_command(stream, last, index));
                let awaited = |ms| Awaited { kind, command: id, due: entry.time.plus_ms(ms), seq: None };
                known.deadlines.extend(command.expires_after_ms.map(awaited));
            }
        }
    }
}

/// Whether a decision is the host's own: a stream moves to another module.
fn is_move(decision: &DecisionRecord) -> bool {
    decision.events.iter().any(|event| event.kind == Kind::category_changed())
}

/// What a decision brings about: its events under their kinds, and its commands.
pub(super) fn messages(entry: &Entry, decision: &DecisionRecord, stream: &StreamName) -> Vec<Message> {
    let last = decision.first_version + decision.events.len() as u64 - 1;
    let message = |id, process: &_, kind: &_, data: &_| {
        let (process, kind, data) = (Clone::clone(process), Clone::clone(kind), Clone::clone(data));
        let source = Some(stream.to_string().into());
        Message { id, process, kind, source, time: entry.time, data, correlation: entry.input.correlation.clone() }
    };
    let events = decision.events.iter().zip(decision.first_version..);
    let mut all: Vec<Message> =
        events.map(|(event, version)| message(MessageId::of_event(stream, version), &stream.process, &event.kind, &event.data)).collect();
    all.extend(decision.effects.iter().enumerate().filter_map(|(index, effect)| match effect {
        Effect::Send(command) => {
            let to = command.process.as_ref().unwrap_or(&stream.process);
            Some(message(MessageId::of_command(stream, last, index), to, &command.kind, &command.data))
        }
        Effect::SetTimer { .. } | Effect::ClearTimer(_) => None,
    }));
    all
}
