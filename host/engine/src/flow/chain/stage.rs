//! Staging within a chain: what was decided moves its stream's head, and what follows from it is put on its way.
//! Nothing is decided here.

use std::sync::Arc;

use super::Chain;
use crate::flow::outbox::{self, Target};
use crate::model::commit::{DecisionRecord, Pin};
use crate::model::decision::Effect;
use crate::model::id::{Kind, MessageId, ProcessId, StreamName, Suffix};
use crate::model::json::Json;
use crate::model::message::Message;
use crate::model::process::{Deadline, Fires, SetTimer, StreamHead, Timer, TimerKey};
use crate::model::time::Timestamp;
use crate::model::view::{Phase, View};

impl Chain<'_> {
    /// Stages what a turn decided, and puts what follows from it on its way.
    pub(super) fn accept(&mut self, target: &Target, decisions: Vec<DecisionRecord>) {
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
                self.queue.push_back(published);
            }
        }
        for (index, effect) in decision.effects.iter().enumerate() {
            match effect {
                Effect::Send(command) => {
                    let to = command.process.as_ref().unwrap_or(&stream.process);
                    let sent = message(MessageId::of_command(&stream, last, index), to, &command.kind, &command.data);
                    if let Some(ms) = command.expires_after_ms {
                        self.set_deadline(&target.suffix, &sent, time.plus_ms(ms));
                    }
                    self.queue.push_back(sent);
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
                self.begun = true;
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
                    deadlines: Vec::new(),
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
        if let Some(kind) = name.strip_prefix(Deadline::PREFIX) {
            // The oldest one: answers come in the order of the questions, or the definition does not care which was answered.
            if let Some(at) = head.deadlines.iter().position(|deadline| deadline.kind.as_str() == kind) {
                let Deadline { due, seq, .. } = head.deadlines.remove(at);
                self.unset(due, seq);
            }
        } else if let Some(at) = head.timers.iter().position(|timer| timer.name == name) {
            let SetTimer { due, seq, .. } = head.timers.remove(at);
            self.unset(due, seq);
        }
    }

    fn set_deadline(&mut self, suffix: &Suffix, command: &Message, due: Timestamp) {
        let seq = self.next_seq();
        let key = TimerKey { due, process: self.lane.row.id.clone(), seq };
        let (id, kind, data) = (command.id.clone(), command.kind.clone(), command.data.clone());
        self.timers_set
            .push(Timer { key, fires: Fires::Deadline { suffix: suffix.clone(), command: id.clone(), kind: kind.clone(), data } });
        if let Some(head) = self.lane.row.streams.iter_mut().find(|head| head.suffix == *suffix) {
            head.deadlines.push(Deadline { kind, command: id, due, seq });
        }
    }

    /// A stream that has ended waits for no answer.
    pub(super) fn lift_deadlines(&mut self, suffix: &Suffix) {
        let head = self.lane.row.streams.iter_mut().find(|head| head.suffix == *suffix);
        for Deadline { due, seq, .. } in head.map(|head| std::mem::take(&mut head.deadlines)).unwrap_or_default() {
            self.unset(due, seq);
        }
    }

    /// The answer to this command can no longer come.
    pub(in crate::flow) fn lift_deadline_of(&mut self, suffix: &Suffix, command: &MessageId) {
        let Some(head) = self.lane.row.streams.iter_mut().find(|head| head.suffix == *suffix) else { return };
        if let Some(at) = head.deadlines.iter().position(|deadline| deadline.command == *command) {
            let Deadline { due, seq, .. } = head.deadlines.remove(at);
            self.unset(due, seq);
        }
    }

    /// Takes back a timer that this chain has set, or clears one that is recorded.
    pub(super) fn unset(&mut self, due: Timestamp, seq: u64) {
        let before = self.timers_set.len();
        self.timers_set.retain(|timer| timer.key.seq != seq);
        if self.timers_set.len() == before {
            self.timers_cleared.push(TimerKey { due, process: self.lane.row.id.clone(), seq });
        }
    }
}
