//! Messages that a chain keeps for later: for another process, for an adapter, for a definition to come, or because a guest broke.
//! Each gets a number, and first deliveries follow the numbers.

use super::{Chain, Failure};
use crate::flow::outbox::Target;
use crate::model::id::Suffix;
use crate::model::message::Message;
use crate::model::process::{DeliveryState, Fires, Parked, Timer, TimerKey, Undelivered};
use crate::model::time::Timestamp;
use crate::ports::store::StoreError;

impl Chain<'_> {
    /// Puts a message to be delivered later into the commit.
    pub(in crate::flow) fn keep(&mut self, message: Message, target: Option<Suffix>, state: DeliveryState) {
        let seq = self.own_seq(&message).unwrap_or_else(|| self.next_seq());
        self.undelivered.push(Undelivered { owner: self.lane.row.id.clone(), seq, message, target, state });
    }

    /// Keeps a reply, delivered when its time has come.
    pub(in crate::flow) fn keep_until(&mut self, due: Timestamp, message: Message) {
        let key = TimerKey { due, process: self.lane.row.id.clone(), seq: self.next_seq() };
        self.timers_set.push(Timer { key, fires: Fires::Message(message) });
    }

    /// The number of the input, where it is a message of this process that was delivered just now and is kept once more: its place in the order stays.
    fn own_seq(&mut self, message: &Message) -> Option<u64> {
        let own = self.lane.row.id.clone();
        let (_, seq) = self.delivered.iter().find(|(owner, _)| *owner == own).filter(|_| message.id == self.input.id)?;
        // It stays among the delivered: the store takes it off and puts it back, and refuses both where it is gone.
        (!self.undelivered.iter().any(|kept| kept.seq == *seq)).then_some(*seq)
    }

    pub(super) fn defer(&mut self, message: Message, target: &Target, reason: String) {
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
        let reason = match failure {
            Failure::Store(error) => return Err(error),
            Failure::Guest(definition, error) => format!("{definition}: {error}"),
        };
        tracing::error!(process = %message.process, message_id = %message.id, kind = %message.kind, reason, "process parked");
        let attempts = self.shared.limits.attempts_max;
        self.lane.row.parked = Some(Parked { message: message.id.clone(), reason, attempts, since: self.now });
        self.keep(message, target, DeliveryState::Parked);
        Ok(())
    }

    pub(super) fn next_seq(&mut self) -> u64 {
        let seq = self.lane.row.next_seq;
        self.lane.row.next_seq += 1;
        seq
    }
}
