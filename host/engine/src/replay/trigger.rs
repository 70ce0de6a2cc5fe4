//! What a definition was called with, put together again from what the log keeps.
//! Whatever leads to a decision stands in the decision's own entry: its input, or what earlier decisions of the entry brought about.

use serde::Deserialize;

use crate::flow::worker::{cancel_reason, is_cancel, returned_to};
use crate::model::commit::{DecisionRecord, Entry};
use crate::model::decision::{Effect, Trigger};
use crate::model::event::StreamEvent;
use crate::model::id::{Category, Kind, MessageId, StreamName};
use crate::model::json::Json;
use crate::model::manifest::Manifest;
use crate::model::message::Message;

/// Why a trigger cannot be put together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Lost {
    #[error("its cause {0} is neither the input of its commit nor brought about by an earlier decision of it")]
    Cause(MessageId),
    #[error("the move that it answers cannot be read")]
    Move,
}

/// The trigger of a decision of an entry, as a definition with this manifest would be given it.
pub(super) fn of(entry: &Entry, at: usize, stream: &StreamName, manifest: &Manifest) -> Result<Trigger, Lost> {
    let decision = &entry.decisions[at];
    if decision.cause == entry.input.id {
        return of_input(entry, at, stream, manifest);
    }
    brought(entry, at, stream, manifest).ok_or_else(|| Lost::Cause(decision.cause.clone()))
}

fn of_input(entry: &Entry, at: usize, stream: &StreamName, manifest: &Manifest) -> Result<Trigger, Lost> {
    let input = &entry.input;
    if is_cancel(input) {
        return Ok(Trigger::Cancel(cancel_reason(input)));
    }
    if input.kind == Kind::migrate() && input.is_of(&format!("{}/migrate", input.process)) {
        return moved_from(entry, at, stream).map(Trigger::Migrated).ok_or(Lost::Move);
    }
    Ok(returned_to(stream, input).unwrap_or_else(|| addressed(input.clone(), manifest)))
}

/// A message of a kind that begins a stream is a start, also when it arrives again later.
fn addressed(message: Message, manifest: &Manifest) -> Trigger {
    if manifest.starts.contains(&message.kind) { Trigger::Start(message) } else { Trigger::Message(message) }
}

/// The category that the stream was on before the move that the same entry records.
fn moved_from(entry: &Entry, at: usize, stream: &StreamName) -> Option<Category> {
    #[derive(Deserialize)]
    struct Moved {
        from: Category,
    }
    let of_stream = entry.decisions[..at].iter().rev().filter(|decision| entry.pins[decision.pin].suffix == stream.suffix);
    let moved = of_stream.flat_map(|decision| &decision.events).find(|event| event.is_of_the_host())?;
    serde_json::from_str::<Moved>(moved.data.as_str()).ok().map(|moved| moved.from)
}

/// An event or a command of an earlier decision of the entry: its id says of which.
fn brought(entry: &Entry, at: usize, stream: &StreamName, manifest: &Manifest) -> Option<Trigger> {
    let id = &entry.decisions[at].cause;
    let (sender, way) = id.as_str().strip_prefix(entry.input.process.as_str())?.strip_prefix('-')?.split_once('/')?;
    let (version, index) = way.split_once('/').map_or((way, None), |(version, index)| (version, Some(index)));
    let version: u64 = version.parse().ok()?;
    let earlier = entry.decisions[..at].iter().rev();
    let decision = earlier.into_iter().find(|decision| entry.pins[decision.pin].suffix.as_str() == sender && holds(decision, version))?;
    let Some(index) = index else {
        let event = &decision.events[usize::try_from(version - decision.first_version).ok()?];
        if stream.suffix.as_str() == sender {
            let decided_by = entry.pins[decision.pin].category.clone();
            return Some(Trigger::Recorded(StreamEvent { version, time: entry.time, decided_by, event: event.clone() }));
        }
        return Some(addressed(message(entry, id, sender, &event.kind, &event.data), manifest));
    };
    match decision.effects.get(index.parse::<usize>().ok()?)? {
        Effect::Send(command) => Some(addressed(message(entry, id, sender, &command.kind, &command.data), manifest)),
        Effect::SetTimer { .. } | Effect::ClearTimer(_) => None,
    }
}

fn holds(decision: &DecisionRecord, version: u64) -> bool {
    (decision.first_version..decision.first_version + decision.events.len() as u64).contains(&version)
}

fn message(entry: &Entry, id: &MessageId, sender: &str, kind: &Kind, data: &Json) -> Message {
    let process = entry.input.process.clone();
    let source = Some(format!("{process}-{sender}").into());
    let (id, kind, data, correlation) = (id.clone(), kind.clone(), data.clone(), entry.input.correlation.clone());
    Message { id, process, kind, source, time: entry.time, data, correlation }
}
