//! What a definition was called with, put together again from what is recorded.
//! Nothing here asks the engine.

use std::collections::BTreeMap;

use procession_engine::model::commit::{DecisionRecord, Entry};
use procession_engine::model::decision::Trigger;
use procession_engine::model::event::StreamEvent;
use procession_engine::model::id::{Category, Kind, MessageId, StreamName};
use procession_engine::model::json::Json;
use procession_engine::model::manifest::Manifest;
use procession_engine::model::message::Message;
use procession_engine::model::time::Timestamp;

use super::Seen;

/// The trigger of a decision; none where the log does not tell it.
pub(super) fn trigger(
    seen: &Seen,
    entry: &Entry,
    decision: &DecisionRecord,
    stream: &StreamName,
    brought: &BTreeMap<MessageId, Message>,
    manifest: &Manifest,
) -> Option<Trigger> {
    let message = if decision.cause == entry.input.id { &entry.input } else { brought.get(&decision.cause)? };
    if let Some(trigger) = of_the_host(seen, message, stream) {
        return Some(trigger);
    }
    if message.is_event() && message.is_of(&stream.to_string()) {
        let version: u64 = message.id.as_str().rsplit_once('/')?.1.parse().ok()?;
        let known = seen.streams.get(&stream.to_string())?;
        let event = known.events.get(usize::try_from(version).ok()?.checked_sub(1)?)?.event.clone();
        let decided_by = entry.pins[decision.pin].category.clone();
        return Some(Trigger::Recorded(StreamEvent { version, time: entry.time, decided_by, event }));
    }
    let starts = manifest.starts.contains(&message.kind);
    Some(if starts { Trigger::Start(message.clone()) } else { Trigger::Message(message.clone()) })
}

/// A fired timer, a command that came back, the wish to cancel, or a move.
fn of_the_host(seen: &Seen, message: &Message, stream: &StreamName) -> Option<Trigger> {
    if message.kind == Kind::cancel() && message.id.as_str().starts_with(&format!("{}/cancel/", stream.process)) {
        return Some(Trigger::Cancel(serde_json::from_str(message.data.as_str()).unwrap_or_default()));
    }
    if message.kind == Kind::migrate() && message.id.as_str().starts_with(&format!("{}/migrate/", stream.process)) {
        let moved = seen.streams.get(&stream.to_string())?.events.last()?;
        let said: serde_json::Value = serde_json::from_str(moved.event.data.as_str()).ok()?;
        return Some(Trigger::Migrated(Category::parse(said.get("from")?.as_str()?).ok()?));
    }
    let way = message.id.as_str().strip_prefix(&stream.to_string())?;
    let said: serde_json::Value = serde_json::from_str(message.data.as_str()).ok()?;
    let word = |name: &str| said.get(name)?.as_str().map(str::to_owned);
    let data = || Json::parse(said.get("data")?.to_string()).ok();
    if message.kind == Kind::timer() && way.starts_with("/timer/") {
        return Some(Trigger::Timer { name: word("name")?, due: Timestamp(said.get("due")?.as_u64()?), data: data()? });
    }
    if message.kind == Kind::undelivered() && way.starts_with("/undelivered/") {
        let (id, kind) = (MessageId::parse(&word("id")?).ok()?, Kind::parse(&word("kind")?).ok()?);
        return Some(Trigger::Undelivered { id, kind, reason: word("reason")?, data: data()? });
    }
    None
}
