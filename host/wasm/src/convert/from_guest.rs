//! What the guest answers, held against the contract, its own manifest and the limits.
//! A guest that breaks one of them gets an error that names the place; nothing is repaired silently.

use procession_engine::model::decision::{Command, Decision, Effect, Rejection, RejectionReason, Reply, Start};
use procession_engine::model::event::{Event, StreamEvent};
use procession_engine::model::id::{Category, Kind, ProcessId};
use procession_engine::model::json::Json;
use procession_engine::model::time::Timestamp;
use procession_engine::model::view::{Phase, Tag, View};
use procession_engine::ports::definition::GuestError;

use crate::bindings::procession::process::types as wit;
use crate::rules::Rules;
use crate::text;

/// Longest text for people, in bytes; the rest is cut off, since an explanation is no reason to fail.
const EXPLANATION_BYTES_MAX: usize = 4 * 1024;

/// Longest code for programs, in bytes; the rest is cut off for the same reason.
const CODE_BYTES_MAX: usize = 128;

/// Longest name of a timer, step or tag, in bytes: they are keys of indexes.
const NAME_BYTES_MAX: usize = 256;

type Checked<T> = Result<T, GuestError>;

fn contract<T>(text: String) -> Checked<T> {
    Err(GuestError::Contract(text))
}

/// What `decide` answered.
pub(crate) fn decision(answer: wit::Decision, rules: &Rules) -> Checked<Decision> {
    match answer {
        wit::Decision::Accept(accepted) => accept(accepted, rules),
        wit::Decision::Ignore(reason) => Ok(Decision::Ignore(clip(reason))),
        wit::Decision::Reject(refused) => Ok(Decision::Reject(rejection(refused))),
        wit::Decision::Defer(reason) => Ok(Decision::Defer(clip(reason))),
    }
}

fn accept(accepted: wit::Accepted, rules: &Rules) -> Checked<Decision> {
    let wit::Accepted { events, effects } = accepted;
    if events.is_empty() && !effects.is_empty() {
        return contract(format!("it accepts with {} effects but no event; nothing leaves without a record", effects.len()));
    }
    count("events of one decision", events.len(), rules.limits.events_per_decision_max)?;
    count("effects of one decision", effects.len(), rules.limits.effects_per_decision_max)?;
    Ok(Decision::Accept {
        events: events.into_iter().map(|each| event(each, rules)).collect::<Checked<_>>()?,
        effects: effects.into_iter().map(|each| effect(each, rules)).collect::<Checked<_>>()?,
    })
}

fn event(event: wit::EventResult, rules: &Rules) -> Checked<Event> {
    promised(event, "it records", rules)
}

/// What `upcast` makes of an event of another version.
pub(crate) fn upcast(said: Vec<wit::EventResult>, old: &StreamEvent, rules: &Rules) -> Checked<Vec<Event>> {
    count("events that `upcast` makes of one", said.len(), rules.limits.events_per_decision_max)?;
    let doing = format!("its `upcast` makes of event {} ({} with schema {})", old.version, old.event.kind, old.event.schema);
    said.into_iter().map(|event| promised(event, &doing, rules)).collect()
}

/// An event of a kind and schema that the manifest promises.
fn promised(event: wit::EventResult, doing: &str, rules: &Rules) -> Checked<Event> {
    // The kind is taken from the manifest, so that it is checked and costs no new text.
    let Some(promised) = rules.manifest.records.iter().find(|promised| promised.kind.as_str() == event.kind) else {
        return contract(format!("{doing} an event of kind {:?}, which its manifest does not list under `records`", clip(event.kind)));
    };
    if promised.schema != event.schema {
        return contract(format!("{doing} {} with schema {}, its manifest says {}", promised.kind, event.schema, promised.schema));
    }
    let data = payload(event.data, "the event", promised.kind.as_str(), rules)?;
    Ok(Event { kind: promised.kind.clone(), schema: event.schema, data })
}

fn effect(effect: wit::Effect, rules: &Rules) -> Checked<Effect> {
    match effect {
        wit::Effect::Send(sent) => command(sent, rules).map(Effect::Send),
        wit::Effect::SetTimer(timer) => {
            let name = name(timer.name, "timer")?;
            let data = payload(timer.data, "the timer", &name, rules)?;
            Ok(Effect::SetTimer { name, at: Timestamp(timer.at), data })
        }
        wit::Effect::ClearTimer(timer) => name(timer, "timer").map(Effect::ClearTimer),
    }
}

fn command(command: wit::Command, rules: &Rules) -> Checked<Command> {
    let kind = sent_kind(&command.kind, "a command", rules)?;
    let process = command.process_id.map(|id| ProcessId::parse(&id)).transpose();
    let process = process.map_err(|error| GuestError::Contract(format!("it sends {kind} to nobody: {error}")))?;
    let data = payload(command.data, "the command", kind.as_str(), rules)?;
    Ok(Command { kind, process, data, expires_after_ms: command.expires_after })
}

/// A refusal, as it is told to the caller.
pub(crate) fn rejection(rejection: wit::Rejection) -> Rejection {
    let reason = match rejection.reason {
        wit::RejectionReason::Invalid => RejectionReason::Invalid,
        wit::RejectionReason::NotApplicable => RejectionReason::NotApplicable,
    };
    Rejection { reason, code: text::explanation(rejection.code, CODE_BYTES_MAX), message: clip(rejection.message) }
}

/// A fault that the guest reports of itself.
pub(crate) fn fault(fault: wit::Fault) -> GuestError {
    GuestError::Fault { code: text::explanation(fault.code, CODE_BYTES_MAX), message: clip(fault.message) }
}

/// What `look` answered.
pub(crate) fn view(view: wit::View, rules: &Rules) -> Checked<View> {
    count("tags of one view", view.tags.len(), rules.limits.tags_per_view_max)?;
    let phase = match view.phase {
        wit::Phase::Running => Phase::Running,
        wit::Phase::Compensating => Phase::Compensating,
        wit::Phase::Completed => Phase::Completed,
        wit::Phase::Failed => Phase::Failed,
        wit::Phase::Cancelled => Phase::Cancelled,
    };
    Ok(View {
        phase,
        step: view.step.map(|step| name(step, "step")).transpose()?,
        outcome: view.outcome.map(|outcome| payload(outcome, "the view's", "outcome", rules)).transpose()?,
        tags: view.tags.into_iter().map(tag).collect::<Checked<_>>()?,
    })
}

fn tag(tag: wit::Tag) -> Checked<Tag> {
    Ok(Tag { name: name(tag.name, "tag")?, value: name(tag.value, "value of a tag")? })
}

/// What `snapshot` answered.
pub(crate) fn snapshot(text: Option<String>, rules: &Rules) -> Checked<Option<Json>> {
    text.map(|text| json(text, "the snapshot", "of its state", rules.limits.snapshot_bytes_max)).transpose()
}

/// What `classify` chose.
pub(crate) fn start(start: wit::Start, rules: &Rules) -> Checked<Start> {
    let bare_name = || Category::parse(&format!("{}-0.0", start.category));
    if Category::parse(&start.category).is_err() && bare_name().is_err() {
        return contract(format!("it chooses {:?}, which is neither a category nor the name of one", clip(start.category)));
    }
    let kind = Kind::parse(&start.kind).map_err(|error| GuestError::Contract(error.to_string()))?;
    let data = payload(start.data, "the message", kind.as_str(), rules)?;
    Ok(Start { category: start.category, kind, data })
}

/// What `handle` answered.
pub(crate) fn replies(replies: Vec<wit::Reply>, rules: &Rules) -> Checked<Vec<Reply>> {
    count("replies of one call", replies.len(), rules.limits.effects_per_decision_max)?;
    let reply = |reply: wit::Reply| {
        let kind = sent_kind(&reply.kind, "a reply", rules)?;
        let data = payload(reply.data, "the reply", kind.as_str(), rules)?;
        Ok(Reply { kind, data, after_ms: reply.after })
    };
    replies.into_iter().map(reply).collect()
}

fn sent_kind(text: &str, what: &str, rules: &Rules) -> Checked<Kind> {
    let promised = rules.manifest.sends.iter().find(|kind| kind.as_str() == text);
    promised.cloned().ok_or_else(|| {
        let text: String = text.chars().take(128).collect();
        GuestError::Contract(format!("it sends {what} of kind {text:?}, which its manifest does not list under `sends`"))
    })
}

fn payload(text: String, whose: &str, name: &str, rules: &Rules) -> Checked<Json> {
    json(text, whose, name, rules.limits.payload_bytes_max)
}

fn json(text: String, whose: &str, name: &str, bytes_max: usize) -> Checked<Json> {
    if text.len() > bytes_max {
        return Err(GuestError::Limit(format!("{whose} {name} carries {} bytes, the most is {bytes_max}", text.len())));
    }
    Json::parse(text).map_err(|error| GuestError::Contract(format!("the data of {whose} {name}: {error}")))
}

fn name(text: String, what: &str) -> Checked<String> {
    if text.is_empty() && what != "value of a tag" {
        return contract(format!("a {what} has an empty name"));
    }
    if text.len() > NAME_BYTES_MAX {
        return Err(GuestError::Limit(format!("the name of a {what} has {} bytes, the most is {NAME_BYTES_MAX}", text.len())));
    }
    Ok(text)
}

fn count(what: &str, found: usize, max: usize) -> Checked<()> {
    if found > max { Err(GuestError::Limit(format!("{what}: {found}, the most is {max}"))) } else { Ok(()) }
}

fn clip(text: String) -> String {
    text::explanation(text, EXPLANATION_BYTES_MAX)
}
