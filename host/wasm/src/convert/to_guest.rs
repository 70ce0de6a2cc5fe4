//! What the engine says, as the guest reads it.
//! Everything is borrowed: wasmtime copies the text straight into the guest's memory.

use std::borrow::Cow;

use procession_engine::model::decision::{Context, Trigger};
use procession_engine::model::event::StreamEvent;
use procession_engine::model::message::Message;

use crate::bindings::procession::process::types as wit;
use crate::rules::Rules;

pub(crate) fn message(message: &Message) -> wit::Message<'_> {
    wit::Message {
        id: message.id.as_str(),
        kind: message.kind.as_str(),
        source: message.source.as_deref(),
        time: message.time.0,
        data: message.data.as_str(),
    }
}

/// `category` is the text of the context's category.
pub(crate) fn context<'a>(context: &'a Context, category: &'a str) -> wit::Context<'a> {
    wit::Context { process_id: context.process.as_str(), category, version: context.version, now: context.now.0, seed: context.seed }
}

/// `decided_by` is the text of the event's category.
pub(crate) fn event<'a>(event: &'a StreamEvent, decided_by: &'a str) -> wit::RecordedEvent<'a> {
    wit::RecordedEvent {
        version: event.version,
        time: event.time.0,
        decided_by,
        event: wit::EventParam { kind: event.event.kind.as_str(), schema: event.event.schema, data: event.event.data.as_str() },
    }
}

/// The category that a trigger names, as text: who decided an offered event, or where a moved stream comes from.
pub(crate) fn category_of<'a>(trigger: &Trigger, rules: &'a Rules) -> Cow<'a, str> {
    match trigger {
        Trigger::Recorded(event) => rules.text_of(&event.decided_by),
        Trigger::Migrated(from) => rules.text_of(from),
        Trigger::Start(_) | Trigger::Message(_) | Trigger::Timer { .. } | Trigger::Undelivered { .. } | Trigger::Cancel(_) => {
            Cow::Borrowed("")
        }
    }
}

/// `category` comes from [`category_of`].
pub(crate) fn trigger<'a>(trigger: &'a Trigger, category: &'a str) -> wit::Trigger<'a> {
    match trigger {
        Trigger::Start(start) => wit::Trigger::Start(message(start)),
        Trigger::Message(other) => wit::Trigger::Message(message(other)),
        Trigger::Recorded(own) => wit::Trigger::Recorded(event(own, category)),
        Trigger::Timer { name, due, data } => wit::Trigger::Timer(wit::TimerFired { name, due: due.0, data: data.as_str() }),
        Trigger::Undelivered { id, kind, reason, data } => {
            wit::Trigger::Undelivered(wit::Undelivered { id: id.as_str(), kind: kind.as_str(), reason, data: data.as_str() })
        }
        Trigger::Cancel(reason) => wit::Trigger::Cancel(reason),
        Trigger::Migrated(_) => wit::Trigger::Migrated(category),
    }
}
