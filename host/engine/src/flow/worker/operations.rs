//! What an operator asks for: to take up a parked process, to replay, edit or drop a dead letter, to move a stream to another module.
//! An operation is a commit like any other, and leaves a note.

use std::sync::Arc;

use super::Worker;
use super::in_flight::{Job, TakesUp};
use super::triggers::{target_of, undelivered_message};
use crate::error::Refusal;
use crate::flow::chain::Chain;
use crate::flow::inbox::{Move, OperatedTo, Operation, Work};
use crate::flow::lanes::Lane;
use crate::flow::moving;
use crate::flow::shared::Shared;
use crate::model::decision::Trigger;
use crate::model::id::{Kind, MessageId, ProcessId, StreamName, Suffix};
use crate::model::json::Json;
use crate::model::message::Message;
use crate::model::note::Happening;
use crate::model::process::{DeliveryState, Undelivered};

impl Worker {
    /// Does what an operator asks for.
    pub(super) fn operate(&mut self, process: &ProcessId, operation: Operation, answer: OperatedTo) {
        let mut lane = match self.lanes.take(process, &*self.shared.store) {
            Ok(lane) => lane,
            // Who asked may have gone away; so below.
            Err(error) => return drop(answer.send(Err(error.into()))),
        };
        if lane.is_held() {
            lane.waiting.push_back(Work::Operate { process: process.clone(), operation, answer });
        } else if lane.row.revision == 0 {
            drop(answer.send(Err(Refusal::UnknownProcess(process.clone()))));
        } else {
            self.operate_in(&mut lane, operation, answer);
        }
        self.lanes.put(lane);
    }

    fn operate_in(&mut self, lane: &mut Lane, operation: Operation, answer: OperatedTo) {
        let shared = Arc::clone(&self.shared);
        let snapshot = shared.registry.snapshot();
        let before = lane.row.clone();
        let was_parked = before.parked.is_some();
        let mut chain = Chain::new(&shared, &snapshot, lane, order(&before.id, &operation, before.revision, &shared)).unhurried();
        match operated(&mut chain, &shared, &operation) {
            Ok(()) => {
                let takes_up = if was_parked && chain.lane.row.parked.is_none() { TakesUp::Yes } else { TakesUp::No };
                let in_flight = self.submit(chain, Job::Operate { operation, takes_up, answer });
                if takes_up == TakesUp::Yes {
                    lane.revive();
                }
                lane.in_flight.push_back(in_flight);
            }
            Err(refusal) => {
                drop(chain);
                Self::abandon(lane, before);
                drop(answer.send(Err(refusal)));
            }
        }
    }
}

fn operated(chain: &mut Chain<'_>, shared: &Shared, operation: &Operation) -> Result<(), Refusal> {
    match operation {
        Operation::Retry => retry(chain, shared),
        Operation::Replay { seq, data } => replay(chain, &operable(chain, shared, *seq)?, data.clone()),
        Operation::Drop { seq, reason } => {
            let dropped = operable(chain, shared, *seq)?;
            drop_letter(chain, shared, &dropped, reason)
        }
        Operation::Migrate(wanted) => migrate(chain, shared, *wanted),
    }
}

/// Takes up the process: the message that it is parked on is tried again, and the others follow in their order.
fn retry(chain: &mut Chain<'_>, shared: &Shared) -> Result<(), Refusal> {
    let process = chain.lane.row.id.clone();
    let Some(parked) = chain.lane.row.parked.clone() else {
        return Err(Refusal::rejected("not-parked", format!("process {process} is not parked; there is nothing to try again")));
    };
    let kept = shared.all_undelivered(&process)?.into_iter().find(|one| parked.is_on(one));
    match kept {
        Some(kept) => replay(chain, &kept, None),
        // It was withdrawn meanwhile: the process goes on without it.
        None => {
            chain.lane.row.parked = None;
            Ok(())
        }
    }
}

/// A message that an operator may replay or drop.
fn operable(chain: &Chain<'_>, shared: &Shared, seq: u64) -> Result<Undelivered, Refusal> {
    let process = &chain.lane.row.id;
    let unknown = || Refusal::UnknownMessage { process: process.clone(), seq };
    let kept = shared.undelivered(process, seq)?.ok_or_else(unknown)?;
    if kept.state.is_dead_letter() || matches!(kept.state, DeliveryState::Retrying(_)) || is_parked_on(chain, &kept) {
        return Ok(kept);
    }
    let text = format!("message {seq} of process {process} is no dead letter: it is on its way, or waits for another message");
    Err(Refusal::rejected("not-a-dead-letter", text))
}

fn is_parked_on(chain: &Chain<'_>, kept: &Undelivered) -> bool {
    chain.lane.row.parked.as_ref().is_some_and(|parked| parked.is_on(kept))
}

fn replay(chain: &mut Chain<'_>, kept: &Undelivered, data: Option<Json>) -> Result<(), Refusal> {
    if is_parked_on(chain, kept) {
        chain.lane.row.parked = None;
    }
    chain.take_off(kept);
    let mut message = kept.message.clone();
    let (what, before) = match data {
        Some(data) => (Happening::Edited, Some(std::mem::replace(&mut message.data, data))),
        None => (Happening::Replayed, None),
    };
    chain.note(what, &message, kept.target.clone(), "an operator lets it be tried again".to_owned(), before);
    let state = if chain.lane.row.parked.is_some() { DeliveryState::Parked } else { DeliveryState::Due };
    chain.keep_again(kept, message, state);
    Ok(())
}

/// Drops a message, and tells the stream that sent it: it would wait for an answer that cannot come.
fn drop_letter(chain: &mut Chain<'_>, shared: &Shared, kept: &Undelivered, reason: &str) -> Result<(), Refusal> {
    if is_parked_on(chain, kept) {
        chain.lane.row.parked = None;
    }
    chain.take_off(kept);
    let data = Some(kept.message.data.clone());
    chain.note(Happening::Dropped, &kept.message, kept.target.clone(), reason.to_owned(), data);
    let Some(sender) = sender(chain, &kept.message) else { return Ok(()) };
    let told = format!("it was dropped: {reason}");
    let command = (&kept.message.id, &kept.message.kind, &kept.message.data);
    let stream = StreamName { process: chain.lane.row.id.clone(), suffix: sender.clone() };
    let input = undelivered_message(&stream, kept.seq, command, &told, shared.clock.now());
    chain.lift_deadline_of(&sender, &kept.message.id);
    chain.replace_input(input.clone());
    if chain.lane.row.parked.is_some() {
        chain.keep(input, Some(sender), DeliveryState::Parked);
        return Ok(());
    }
    let Some(target) = chain.lane.row.stream(&sender).map(target_of) else { return Ok(()) };
    let (id, kind, data) = (command.0.clone(), command.1.clone(), command.2.clone());
    let trigger = Trigger::Undelivered { id, kind, reason: told, data };
    if let Err(failure) = chain.begin(&[target], &trigger) {
        chain.park(input, Some(sender), failure)?;
    }
    Ok(chain.follow()?)
}

/// The stream of this process that sent a message as a command.
fn sender(chain: &Chain<'_>, message: &Message) -> Option<Suffix> {
    let source = message.source.as_deref().filter(|source| message.is_of(source))?;
    let stream = StreamName::parse(source).ok().filter(|stream| stream.process == chain.lane.row.id)?;
    let is_command = !message.is_event() && ![Kind::timer(), Kind::undelivered()].contains(&message.kind);
    (is_command && chain.lane.row.stream(&stream.suffix).is_some()).then_some(stream.suffix)
}

fn migrate(chain: &mut Chain<'_>, shared: &Shared, wanted: Move) -> Result<(), Refusal> {
    let module = moving::module(shared, &wanted.to)?;
    chain.migrate(wanted, &module)?;
    Ok(chain.follow()?)
}

/// What an operation is called where a chain needs an input; only a migration is recorded under it.
fn order(process: &ProcessId, operation: &Operation, revision: u64, shared: &Shared) -> Message {
    let (id, kind) = match operation {
        Operation::Migrate(_) => (MessageId::of_migration(process, revision), Kind::migrate()),
        _ => (MessageId::of_retry(process), Kind::timer()),
    };
    Message { process: process.clone(), kind, source: None, time: shared.clock.now(), data: Json::null(), correlation: id.clone(), id }
}
