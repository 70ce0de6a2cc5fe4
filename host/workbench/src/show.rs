//! Decisions, triggers and views as documents and as words: how they look in a report and in a scenario file.
//! Nothing is compared here.

use procession_engine::model::decision::{Command, Effect, Rejection, RejectionReason, Reply, Start, Trigger};
use procession_engine::model::event::Event;
use procession_engine::model::json::Json;
use procession_engine::model::view::View;
use procession_engine::ports::definition::GuestError;
use serde_json::{Map, Value, json};

use crate::bench::Answer;
use crate::scenario::{Moment, Span};

/// A document as a value. One that no value can hold (half a surrogate pair, a number beyond all bounds) is shown as its text.
#[must_use]
pub fn value(json: &Json) -> Value {
    serde_json::from_str(json.as_str()).unwrap_or_else(|_| Value::String(json.as_str().to_owned()))
}

/// A reason as it is written.
#[must_use]
pub fn reason(reason: RejectionReason) -> &'static str {
    match reason {
        RejectionReason::Invalid => "invalid",
        RejectionReason::NotApplicable => "not-applicable",
    }
}

/// An answer, in the words of `then`.
#[must_use]
pub fn answer(answer: &Answer) -> Value {
    match answer {
        Answer::Accepted { events, effects } => json!({
            "events": events.iter().map(event).collect::<Vec<_>>(),
            "effects": effects.iter().map(effect).collect::<Vec<_>>(),
        }),
        Answer::Ignored(why) => json!({ "ignored": why }),
        Answer::Rejected(why) => json!({ "rejected": rejection(why) }),
        Answer::Deferred(why) => json!({ "deferred": why }),
        Answer::Starts(chosen) => json!({ "starts": start(chosen) }),
        Answer::Replies(replies) => json!({ "replies": replies.iter().map(reply).collect::<Vec<_>>() }),
    }
}

/// A rejection.
#[must_use]
pub fn rejection(why: &Rejection) -> Value {
    json!({ "code": why.code, "reason": reason(why.reason), "message": why.message })
}

/// A definition that did not do its work.
#[must_use]
pub fn fault(error: &GuestError) -> Value {
    match error {
        GuestError::Fault { code, message } => json!({ "fault": { "code": code, "message": message } }),
        GuestError::Trap(text) => json!({ "trap": text }),
        GuestError::Limit(text) => json!({ "limit": text }),
        GuestError::Overlong => json!({ "limit": error.to_string() }),
        GuestError::Contract(text) => json!({ "contract": text }),
    }
}

fn event(event: &Event) -> Value {
    json!({ "kind": event.kind.as_str(), "schema": event.schema, "data": value(&event.data) })
}

fn effect(effect: &Effect) -> Value {
    match effect {
        Effect::Send(command) => json!({ "send": self::command(command) }),
        Effect::SetTimer { name, at, data } => {
            json!({ "set-timer": { "name": name, "at": Moment(*at).to_string(), "data": value(data) } })
        }
        Effect::ClearTimer(name) => json!({ "clear-timer": name }),
    }
}

fn command(command: &Command) -> Value {
    let mut shown = Map::from_iter([("kind".to_owned(), json!(command.kind.as_str())), ("data".to_owned(), value(&command.data))]);
    if let Some(process) = &command.process {
        shown.insert("process".to_owned(), json!(process.as_str()));
    }
    if let Some(ms) = command.expires_after_ms {
        shown.insert("expiresAfter".to_owned(), json!(Span { ms }.to_string()));
    }
    Value::Object(shown)
}

fn start(start: &Start) -> Value {
    json!({ "category": start.category, "kind": start.kind.as_str(), "data": value(&start.data) })
}

fn reply(reply: &Reply) -> Value {
    json!({ "kind": reply.kind.as_str(), "data": value(&reply.data), "after": Span { ms: reply.after_ms }.to_string() })
}

/// What a query sees.
#[must_use]
pub fn view(view: &View) -> Value {
    let tags: Map<String, Value> = view.tags.iter().map(|tag| (tag.name.clone(), json!(tag.value))).collect();
    json!({ "phase": view.phase.as_str(), "step": view.step, "outcome": view.outcome.as_ref().map(value), "tags": tags })
}

/// What happens, in a few words: `message PayOrder`.
#[must_use]
pub fn trigger(trigger: &Trigger) -> String {
    match trigger {
        Trigger::Start(message) => format!("start {}", message.kind),
        Trigger::Message(message) => format!("message {}", message.kind),
        Trigger::Recorded(event) => format!("its own event {}", event.event.kind),
        Trigger::Timer { name, .. } => format!("timer {name}"),
        Trigger::Undelivered { kind, .. } => format!("undelivered {kind}"),
        Trigger::Cancel(_) => "cancel".to_owned(),
        Trigger::Migrated(from) => format!("migrated from {from}"),
    }
}
