//! Triggers that the host itself makes, as messages that can be kept, and back: a fired timer, a command that came back, the wish to cancel.
//! Only what the host made is such a trigger; a message that merely looks like one is a message.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::flow::lanes::Lane;
use crate::flow::outbox::Target;
use crate::model::decision::Trigger;
use crate::model::id::{Kind, MessageId, StreamName, Suffix};
use crate::model::json::Json;
use crate::model::message::Message;
use crate::model::process::{StreamHead, TimerKey};
use crate::model::time::Timestamp;

/// The stream of a head, as a target.
pub(super) fn target_of(head: &StreamHead) -> Target {
    Target { suffix: head.suffix.clone(), category: head.category.clone(), module: head.module, begins: false }
}

/// Takes a timer off its stream's head; none where the stream no longer has it.
pub(super) fn take_set_timer(lane: &mut Lane, suffix: &Suffix, key: &TimerKey) -> Option<Target> {
    let head = lane.row.streams.iter_mut().find(|head| head.suffix == *suffix)?;
    let at = head.timers.iter().position(|timer| timer.seq == key.seq)?;
    head.timers.remove(at);
    Some(target_of(head))
}

/// Takes a deadline off its stream's head; none where it was lifted.
pub(super) fn take_deadline(lane: &mut Lane, suffix: &Suffix, key: &TimerKey) -> Option<Target> {
    let head = lane.row.streams.iter_mut().find(|head| head.suffix == *suffix)?;
    let at = head.deadlines.iter().position(|deadline| deadline.seq == key.seq)?;
    head.deadlines.remove(at);
    Some(target_of(head))
}

#[derive(Serialize, Deserialize)]
struct Fired<'a> {
    name: String,
    due: Timestamp,
    #[serde(borrow)]
    data: &'a RawValue,
}

#[derive(Serialize, Deserialize)]
struct CameBack<'a> {
    id: String,
    kind: String,
    reason: String,
    #[serde(borrow)]
    data: &'a RawValue,
}

/// A fired timer as the log keeps it: all that is needed to decide again.
pub(super) fn timer_message(key: &TimerKey, suffix: &Suffix, name: &str, data: &Json, time: Timestamp) -> Message {
    let stream = StreamName { process: key.process.clone(), suffix: suffix.clone() };
    let text = raw(data).and_then(|data| serde_json::to_string(&Fired { name: name.to_owned(), due: key.due, data }));
    of_the_host(MessageId::of_timer(&stream, key.seq), Kind::timer(), &stream, text, time)
}

/// A command that came back, as the log keeps it; `seq` is the number of its deadline, or its own.
pub(super) fn undelivered_message(
    stream: &StreamName,
    seq: u64,
    command: (&MessageId, &Kind, &Json),
    reason: &str,
    time: Timestamp,
) -> Message {
    let (id, kind, data) = command;
    let text = raw(data)
        .and_then(|data| serde_json::to_string(&CameBack { id: id.to_string(), kind: kind.to_string(), reason: reason.to_owned(), data }));
    of_the_host(MessageId::of_undelivered(stream, seq), Kind::undelivered(), stream, text, time)
}

fn raw(data: &Json) -> Result<&RawValue, serde_json::Error> {
    serde_json::from_str(data.as_str())
}

fn of_the_host(id: MessageId, kind: Kind, stream: &StreamName, text: Result<String, serde_json::Error>, time: Timestamp) -> Message {
    // A payload that exists is well-formed, so the text always is; a null would be a trigger without data, and no lost one.
    let data = text.map_or_else(|_| Json::null(), Json::of_the_host);
    let source = Some(stream.to_string().into());
    Message { process: stream.process.clone(), kind, source, time, data, correlation: id.clone(), id }
}

/// The other way round: what was put off or parked on, as its stream is to see it.
pub(super) fn trigger_of(lane: &Lane, message: &Message, target: Option<&Suffix>) -> Option<(Target, Trigger)> {
    if is_cancel(message) {
        return Some((target_of(lane.row.root()?), Trigger::Cancel(cancel_reason(message))));
    }
    let head = lane.row.stream(target?)?;
    let stream = StreamName { process: message.process.clone(), suffix: head.suffix.clone() };
    Some((target_of(head), returned_to(&stream, message)?))
}

/// A fired timer or a command that came back, as the stream that it returns to is to see it; none for any other message.
pub(crate) fn returned_to(stream: &StreamName, message: &Message) -> Option<Trigger> {
    let rest = message.id.as_str().strip_prefix(stream.process.as_str())?;
    let way = rest.strip_prefix('-')?.strip_prefix(stream.suffix.as_str())?;
    if way.starts_with("/timer/") && message.kind == Kind::timer() {
        let Fired { name, due, data } = serde_json::from_str(message.data.as_str()).ok()?;
        Some(Trigger::Timer { name, due, data: Json::of_the_host(data.get()) })
    } else if way.starts_with("/undelivered/") && message.kind == Kind::undelivered() {
        let CameBack { id, kind, reason, data } = serde_json::from_str(message.data.as_str()).ok()?;
        let (id, kind) = (MessageId::parse(&id).ok()?, Kind::parse(&kind).ok()?);
        Some(Trigger::Undelivered { id, kind, reason, data: Json::of_the_host(data.get()) })
    } else {
        None
    }
}

/// Whether a message is the wish to cancel its process: no sender from outside can write such an id.
pub(crate) fn is_cancel(message: &Message) -> bool {
    message.kind == Kind::cancel() && message.is_of(&format!("{}/cancel", message.process))
}

/// Why somebody wants a process to be cancelled.
pub(crate) fn cancel_reason(message: &Message) -> String {
    serde_json::from_str(message.data.as_str()).unwrap_or_default()
}
