//! A fired timer as a message that can be kept, and back.
//! Only the timer of a stream is a trigger for that stream; a message that merely looks like one is a message.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::flow::lanes::Lane;
use crate::flow::outbox::Target;
use crate::flow::shared::Shared;
use crate::model::decision::Trigger;
use crate::model::id::{Kind, MessageId, StreamName, Suffix};
use crate::model::json::Json;
use crate::model::message::Message;
use crate::model::process::TimerKey;
use crate::model::time::Timestamp;

/// Takes a timer off its stream's head; none where the stream no longer has it.
pub(super) fn take_set_timer(lane: &mut Lane, suffix: &Suffix, key: &TimerKey) -> Option<Target> {
    let head = lane.row.streams.iter_mut().find(|head| head.suffix == *suffix)?;
    let at = head.timers.iter().position(|timer| timer.seq == key.seq)?;
    head.timers.remove(at);
    Some(Target { suffix: suffix.clone(), category: head.category.clone(), module: head.module, begins: false })
}

/// A fired timer as the log keeps it: all that is needed to decide again.
pub(super) fn timer_message(key: &TimerKey, suffix: &Suffix, name: &str, data: &Json, shared: &Shared) -> Message {
    let stream = StreamName { process: key.process.clone(), suffix: suffix.clone() };
    let id = MessageId::of_timer(&stream, key.seq);
    let name = serde_json::Value::from(name);
    let text = format!("{{\"name\":{name},\"due\":{},\"data\":{}}}", key.due.0, data.as_str());
    Message {
        process: key.process.clone(),
        kind: Kind::timer(),
        source: Some(stream.to_string().into()),
        time: shared.clock.now(),
        data: Json::parse(text).unwrap_or_else(|_| Json::null()),
        correlation: id.clone(),
        id,
    }
}

/// The other way round: a fired timer that was put off or parked on, as its stream is to see it. Only a timer of that very stream is one.
pub(super) fn timer_of(lane: &Lane, message: &Message, target: Option<&Suffix>) -> Option<(Target, Trigger)> {
    #[derive(Deserialize)]
    struct Fired<'a> {
        name: String,
        due: Timestamp,
        #[serde(borrow)]
        data: &'a RawValue,
    }
    let head = lane.row.stream(target?)?;
    let stream = StreamName { process: message.process.clone(), suffix: head.suffix.clone() };
    let is_its_own = message.id.as_str().strip_prefix(&stream.to_string()).is_some_and(|rest| rest.starts_with("/timer/"));
    if message.kind != Kind::timer() || !is_its_own {
        return None;
    }
    let Fired { name, due, data } = serde_json::from_str(message.data.as_str()).ok()?;
    let data = Json::parse(data.get()).ok()?;
    let target = Target { suffix: head.suffix.clone(), category: head.category.clone(), module: head.module, begins: false };
    Some((target, Trigger::Timer { name, due, data }))
}
