//! An answer and a view held against what is expected of them.
//! What is not said is not compared.

use procession_engine::model::decision::{Command, Effect, Rejection, Reply, Start};
use procession_engine::model::event::Event;
use procession_engine::model::id::ProcessId;
use procession_engine::model::time::Timestamp;
use procession_engine::model::view::View;
use procession_engine::ports::definition::GuestError;
use serde_json::{Value, json};

use super::{Difference, Path, values};
use crate::bench::Answer;
use crate::scenario::{
    ExpectedCommand, ExpectedEffect, ExpectedEvent, ExpectedRejection, ExpectedReply, ExpectedStart, ExpectedTimer, Fault, Look, Moment,
    Span, Then, Wanted, matches_text,
};
use crate::show;

/// Compares an answer; `process` and `now` are those of the decision.
#[must_use]
pub fn of_answer(then: &Then, answer: &Answer, process: &ProcessId, now: Timestamp) -> Vec<Difference> {
    let mut found = Vec::new();
    match (then, answer) {
        (Then::Accepted { events, effects }, Answer::Accepted { events: recorded, effects: wanted }) => {
            if let Some(expected) = events {
                of_events(expected, recorded, &mut found);
            }
            if let Some(expected) = effects {
                of_effects(expected, wanted, &Place { process, now }, &mut found);
            }
        }
        (Then::Ignored(wanted), Answer::Ignored(why)) => of_text("ignored", wanted, why, &mut found),
        (Then::Deferred(wanted), Answer::Deferred(why)) => of_text("deferred", wanted, why, &mut found),
        (Then::Rejected(Wanted::Any), Answer::Rejected(_)) => {}
        (Then::Rejected(Wanted::This(expected)), Answer::Rejected(why)) => of_rejection(expected, why, &mut found),
        (Then::Starts(expected), Answer::Starts(chosen)) => of_start(expected, chosen, &mut found),
        (Then::Replies(expected), Answer::Replies(replies)) => of_replies(expected, replies, &mut found),
        _ => found.push(Difference::new("", Some(json!(sort(then))), Some(json!(show_sort(answer))))),
    }
    found
}

/// Compares a failure; a definition that fails otherwise than by a fault of its own fits only `true`.
#[must_use]
pub fn of_fault(wanted: &Wanted<Fault>, error: &GuestError) -> Vec<Difference> {
    let mut found = Vec::new();
    match (wanted, error) {
        (Wanted::Any, _) => {}
        (Wanted::This(expected), GuestError::Fault { code, message }) => {
            of_words("fault.code", expected.code.as_deref(), code, &mut found);
            of_words("fault.message", expected.message.as_deref(), message, &mut found);
        }
        (Wanted::This(_), _) => found.push(Difference::new("", Some(json!("a fault of its own")), Some(show::fault(error)))),
    }
    found
}

/// Compares what a query sees.
#[must_use]
pub fn of_view(look: &Look, view: &View) -> Vec<Difference> {
    let mut found = Vec::new();
    let root = Path::Root("look");
    let shown = show::view(view);
    let said = [("phase", look.phase.map(|phase| json!(phase.as_str()))), ("step", look.step.clone()), ("outcome", look.outcome.clone())];
    for (field, expected) in said {
        if let Some(expected) = expected {
            values(root.field(field), &expected, &shown[field], &mut found);
        }
    }
    let tags = root.field("tags");
    for (name, expected) in look.tags.iter().flatten() {
        let values_of_it: Vec<Value> = view.tags.iter().filter(|tag| tag.name == *name).map(|tag| json!(tag.value)).collect();
        let fits = match expected {
            Value::Null => values_of_it.is_empty(),
            Value::String(any) if any == "*" => !values_of_it.is_empty(),
            other => values_of_it.contains(other),
        };
        if !fits {
            found.push(Difference::new(tags.field(name).to_string(), Some(expected.clone()), values_of_it.first().cloned()));
        }
    }
    found
}

struct Place<'a> {
    process: &'a ProcessId,
    now: Timestamp,
}

fn sort(then: &Then) -> &'static str {
    match then {
        Then::Accepted { .. } => "accepted",
        Then::Ignored(_) => "ignored",
        Then::Rejected(_) => "rejected",
        Then::Deferred(_) => "deferred",
        Then::Fault(_) => "a fault",
        Then::Starts(_) => "starts",
        Then::Replies(_) => "replies",
    }
}

fn show_sort(answer: &Answer) -> String {
    match answer {
        Answer::Accepted { .. } => "accepted".to_owned(),
        Answer::Ignored(why) => format!("ignored: {why}"),
        Answer::Rejected(why) => format!("rejected: {why}"),
        Answer::Deferred(why) => format!("deferred: {why}"),
        Answer::Starts(chosen) => format!("starts {}", chosen.category),
        Answer::Replies(replies) => format!("{} replies", replies.len()),
    }
}

/// Lists whose kinds differ are told apart by their kinds alone: comparing the data of unlike things would only make noise.
fn are_alike(name: &str, expected: &[String], decided: &[String], found: &mut Vec<Difference>) -> bool {
    let are_alike = expected == decided;
    if !are_alike {
        found.push(Difference::new(name, Some(json!(expected)), Some(json!(decided))));
    }
    are_alike
}

fn of_events(expected: &[ExpectedEvent], recorded: &[Event], found: &mut Vec<Difference>) {
    let kinds = |texts: &mut dyn Iterator<Item = &str>| texts.map(str::to_owned).collect::<Vec<_>>();
    let wanted = kinds(&mut expected.iter().map(|event| event.kind.as_str()));
    let decided = kinds(&mut recorded.iter().map(|event| event.kind.as_str()));
    if !are_alike("events", &wanted, &decided, found) {
        return;
    }
    let root = Path::Root("events");
    for (at, (expected, event)) in expected.iter().zip(recorded).enumerate() {
        let here = root.index(at);
        of_data(here, expected.data.as_ref(), &show::value(&event.data), found);
        if let Some(schema) = expected.schema {
            values(here.field("schema"), &json!(schema), &json!(event.schema), found);
        }
    }
}

fn of_data(here: Path<'_>, expected: Option<&Value>, decided: &Value, found: &mut Vec<Difference>) {
    if let Some(expected) = expected {
        values(here.field("data"), expected, decided, found);
    }
}

fn of_effects(expected: &[ExpectedEffect], wanted: &[Effect], place: &Place<'_>, found: &mut Vec<Difference>) {
    let expected_words = expected.iter().map(|effect| match effect {
        ExpectedEffect::Send(command) => format!("send {}", command.kind.0),
        ExpectedEffect::SetTimer(timer) => format!("set-timer {}", timer.name),
        ExpectedEffect::ClearTimer(name) => format!("clear-timer {name}"),
    });
    let words = wanted.iter().map(|effect| match effect {
        Effect::Send(command) => format!("send {}", command.kind),
        Effect::SetTimer { name, .. } => format!("set-timer {name}"),
        Effect::ClearTimer(name) => format!("clear-timer {name}"),
    });
    if !are_alike("effects", &expected_words.collect::<Vec<_>>(), &words.collect::<Vec<_>>(), found) {
        return;
    }
    let root = Path::Root("effects");
    for (at, pair) in expected.iter().zip(wanted).enumerate() {
        match pair {
            (ExpectedEffect::Send(expected), Effect::Send(command)) => of_command(root.index(at), expected, command, place, found),
            (ExpectedEffect::SetTimer(expected), Effect::SetTimer { at: due, data, .. }) => {
                of_timer(root.index(at), expected, (*due, &show::value(data)), place, found);
            }
            // Their words are all that there is to them.
            _ => {}
        }
    }
}

fn of_command(here: Path<'_>, expected: &ExpectedCommand, command: &Command, place: &Place<'_>, found: &mut Vec<Difference>) {
    of_data(here, expected.data.as_ref(), &show::value(&command.data), found);
    let receiver = |process: Option<&ProcessId>| process.unwrap_or(place.process).to_string();
    let (wanted, decided) = (receiver(expected.process.as_deref()), receiver(command.process.as_ref()));
    if wanted != decided {
        found.push(Difference::new(here.field("process").to_string(), Some(json!(wanted)), Some(json!(decided))));
    }
    if let Some(span) = expected.expires_after
        && command.expires_after_ms != Some(span.ms)
    {
        let decided = command.expires_after_ms.map(|ms| json!(Span { ms }.to_string()));
        found.push(Difference::new(here.field("expiresAfter").to_string(), Some(json!(span.to_string())), decided));
    }
}

fn of_timer(here: Path<'_>, expected: &ExpectedTimer, (due, data): (Timestamp, &Value), place: &Place<'_>, found: &mut Vec<Difference>) {
    let dues = [expected.at.map(|at| at.0), expected.after.map(|after| place.now.plus_ms(after.ms))];
    for wanted in dues.into_iter().flatten().filter(|wanted| *wanted != due) {
        let shown = |moment| Some(json!(Moment(moment).to_string()));
        found.push(Difference::new(here.field("at").to_string(), shown(wanted), shown(due)));
    }
    of_data(here, expected.data.as_ref(), data, found);
}

fn of_text(path: &str, wanted: &Wanted<String>, text: &str, found: &mut Vec<Difference>) {
    if let Wanted::This(wanted) = wanted {
        of_words(path, Some(wanted), text, found);
    }
}

fn of_words(path: &str, wanted: Option<&str>, text: &str, found: &mut Vec<Difference>) {
    if let Some(wanted) = wanted.filter(|wanted| !matches_text(wanted, text)) {
        found.push(Difference::new(path, Some(json!(wanted)), Some(json!(text))));
    }
}

fn of_rejection(expected: &ExpectedRejection, why: &Rejection, found: &mut Vec<Difference>) {
    of_words("rejected.code", expected.code.as_deref(), &why.code, found);
    of_words("rejected.reason", expected.reason.map(show::reason), show::reason(why.reason), found);
    of_words("rejected.message", expected.message.as_deref(), &why.message, found);
}

fn of_start(expected: &ExpectedStart, chosen: &Start, found: &mut Vec<Difference>) {
    let root = Path::Root("starts");
    of_words("starts.category", Some(&expected.category), &chosen.category, found);
    of_words("starts.kind", expected.kind.as_ref().map(|kind| kind.as_str()), chosen.kind.as_str(), found);
    of_data(root, expected.data.as_ref(), &show::value(&chosen.data), found);
}

fn of_replies(expected: &[ExpectedReply], replies: &[Reply], found: &mut Vec<Difference>) {
    let wanted: Vec<String> = expected.iter().map(|reply| reply.kind.to_string()).collect();
    let decided: Vec<String> = replies.iter().map(|reply| reply.kind.to_string()).collect();
    if !are_alike("replies", &wanted, &decided, found) {
        return;
    }
    let root = Path::Root("replies");
    for (at, (expected, reply)) in expected.iter().zip(replies).enumerate() {
        let here = root.index(at);
        of_data(here, expected.data.as_ref(), &show::value(&reply.data), found);
        let after = expected.after.filter(|after| after.ms != reply.after_ms);
        if let Some(after) = after {
            let shown = |span: Span| Some(json!(span.to_string()));
            found.push(Difference::new(here.field("after").to_string(), shown(after), shown(Span { ms: reply.after_ms })));
        }
    }
}
