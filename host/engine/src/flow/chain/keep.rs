//! Messages that a chain keeps for later: for another process, for an adapter, for a definition to come, or because a guest broke.
//! Each gets a number, and first deliveries follow the numbers.

use super::{Chain, Failure};
use crate::flow::outbox::Target;
use crate::flow::shared::Counters;
use crate::model::id::Suffix;
use crate::model::json::Json;
use crate::model::message::Message;
use crate::model::note::{Happening, Note};
use crate::model::process::{Attempts, Delayed, DeliveryState, Fires, Parked, Timer, TimerKey, Undelivered};
use crate::model::time::Timestamp;
use crate::ports::store::StoreError;

impl Chain<'_> {
    /// Puts a message to be delivered later into the commit.
    pub(in crate::flow) fn keep(&mut self, message: Message, target: Option<Suffix>, state: DeliveryState) {
        let failed = (message.id == self.input.id).then(|| self.failed.clone()).flatten();
        self.keep_as(message, target, state, failed);
    }

    /// The number that it is kept under.
    fn keep_as(&mut self, message: Message, target: Option<Suffix>, state: DeliveryState, failed: Option<Attempts>) -> u64 {
        let seq = self.own_seq(&message).unwrap_or_else(|| self.next_seq());
        self.undelivered.push(Undelivered { owner: self.lane.row.id.clone(), seq, message, target, state, failed });
        seq
    }

    /// Keeps a message that this chain has taken off in its place, as it is to be from now on.
    pub(in crate::flow) fn keep_again(&mut self, kept: &Undelivered, message: Message, state: DeliveryState) {
        self.undelivered.push(Undelivered { message, state, ..kept.clone() });
    }

    /// Keeps a reply, delivered when its time has come.
    pub(in crate::flow) fn keep_until(&mut self, due: Timestamp, message: Message) {
        let seq = self.next_seq();
        self.delay(due, seq, Fires::Message(message));
    }

    fn delay(&mut self, due: Timestamp, seq: u64, fires: Fires) {
        self.timers_set.push(Timer { key: TimerKey { due, process: self.lane.row.id.clone(), seq }, fires });
        self.lane.row.delayed.push(Delayed { due, seq });
    }

    /// The number of the input, where it is a message of this process that was delivered just now and is kept once more: its place in the order stays.
    fn own_seq(&mut self, message: &Message) -> Option<u64> {
        let own = self.lane.row.id.clone();
        let (_, seq) = self.delivered.iter().find(|(owner, _)| *owner == own).filter(|_| message.id == self.input.id)?;
        // It stays among the delivered: the store takes it off and puts it back, and refuses both where it is gone.
        (!self.undelivered.iter().any(|kept| kept.seq == *seq)).then_some(*seq)
    }

    /// Puts a message off, and notes it the first time.
    pub(super) fn put_off_until_next(&mut self, message: Message, target: &Target, reason: String) {
        let was_kept = self.delivered.iter().any(|(owner, _)| *owner == self.lane.row.id) && message.id == self.input.id;
        if !was_kept {
            self.note(Happening::Deferred, &message, Some(target.suffix.clone()), reason.clone(), None);
        }
        self.defer(message, target, reason);
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
    pub(in crate::flow) fn park(&mut self, message: Message, target: Option<Suffix>, failure: Failure) -> Result<(), StoreError> {
        let (definition, error) = match failure {
            Failure::Store(error) => return Err(error),
            Failure::Guest(definition, error) => (definition, error.to_string()),
            Failure::Apart(_) => {
                self.keep(message, target, DeliveryState::Due);
                return Ok(());
            }
        };
        let reason = format!("{definition}: {error}");
        tracing::error!(process = %message.process, message_id = %message.id, kind = %message.kind, reason, "process parked");
        let before = self.failed.take().filter(|_| message.id == self.input.id);
        let failed = Attempts::after(before.as_ref(), self.tried, definition, error, self.now);
        let (id, attempts) = (message.id.clone(), failed.count);
        Counters::count(&self.shared.counters.dead_letters);
        self.note(Happening::Died, &message, target.clone(), reason.clone(), None);
        let seq = self.keep_as(message, target, DeliveryState::Dead, Some(failed));
        self.lane.row.parked = Some(Parked { message: id, reason, attempts, since: self.now, seq });
        Ok(())
    }

    /// Keeps a command whose adapter rests: tried when that is over, and no attempt was made.
    pub(in crate::flow) fn keep_for_ms(&mut self, for_ms: u64, command: Message, target: Option<Suffix>) {
        let due = self.now.plus_ms(for_ms);
        let failed = self.failed.clone();
        let seq = self.keep_as(command, target, DeliveryState::Retrying(due), failed);
        self.delay(due, seq, Fires::Retry(seq));
    }

    /// Keeps a command that its adapter failed on: for another attempt later, or as a dead letter.
    pub(in crate::flow) fn try_later(&mut self, command: Message, target: Option<Suffix>, definition: String, error: String) {
        let failed = Attempts::after(self.failed.as_ref(), 1, definition, error, self.now);
        if failed.count >= self.shared.limits.delivery_attempts_max {
            let reason = format!("{}: {}", failed.definition, failed.error);
            tracing::error!(process = %command.process, message_id = %command.id, kind = %command.kind, reason, attempts = failed.count, "a command is a dead letter");
            Counters::count(&self.shared.counters.dead_letters);
            self.note(Happening::Died, &command, target.clone(), reason, None);
            self.keep_as(command, target, DeliveryState::Dead, Some(failed));
            return;
        }
        let due = self.now.plus_ms(self.shared.retry_after_ms(&command.id, failed.count));
        let seq = self.keep_as(command, target, DeliveryState::Retrying(due), Some(failed));
        self.delay(due, seq, Fires::Retry(seq));
    }

    /// Takes a kept message off: it is delivered, dropped or kept anew by this chain.
    pub(in crate::flow) fn take_off(&mut self, one: &Undelivered) {
        self.delivered.push((one.owner.clone(), one.seq));
        // The row knows of a next attempt that is set by a commit which the store may not show yet.
        if one.owner == self.lane.row.id
            && let Some(at) = self.lane.row.delayed.iter().position(|delayed| delayed.seq == one.seq)
        {
            let Delayed { due, .. } = self.lane.row.delayed.remove(at);
            self.unset(due, one.seq);
        }
    }

    /// Notes what happened to a message.
    pub(in crate::flow) fn note(&mut self, what: Happening, message: &Message, stream: Option<Suffix>, reason: String, data: Option<Json>) {
        let seq = self.lane.row.next_note;
        self.lane.row.next_note += 1;
        let (id, kind) = (message.id.clone(), message.kind.clone());
        self.notes.push(Note { seq, time: self.now, what, message: id, kind, stream, reason, data });
    }

    pub(super) fn next_seq(&mut self) -> u64 {
        let seq = self.lane.row.next_seq;
        self.lane.row.next_seq += 1;
        seq
    }
}
