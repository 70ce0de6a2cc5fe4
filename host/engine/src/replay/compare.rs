//! What was recorded and what is decided now, event by event and effect by effect.
//! Texts that say the same are the same decision; that they are spelled otherwise is told apart.

use serde_json::Value;

use super::json;
use crate::model::commit::DecisionRecord;
use crate::model::decision::{Command, Decision, Effect};
use crate::model::event::Event;
use crate::model::json::Json;

/// Letters of a value that a difference shows.
const SHOWN_MAX: usize = 400;

/// The first difference between a recorded decision and the one that is made now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// `answer`, or which one of the events or effects: `event 1`, `effect 2`.
    pub place: String,
    /// Where within it: `kind`, `schema`, or `data` and a JSON pointer; empty for the whole.
    pub path: String,
    /// What was recorded there, or `nothing`.
    pub recorded: String,
    /// What is decided now, or `nothing`.
    pub decided: String,
}

/// What a comparison comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Compared {
    /// The same bytes.
    Same,
    /// The same values in other bytes.
    SpelledOtherwise,
    Otherwise(Difference),
}

pub(super) fn compare(recorded: &DecisionRecord, decided: &Decision) -> Compared {
    let answer = match decided {
        Decision::Accept { events, effects } => return accepted(recorded, events, effects),
        Decision::Ignore(reason) => format!("ignored: {reason}"),
        Decision::Reject(rejection) => format!("rejected: {rejection}"),
        Decision::Defer(reason) => format!("put off: {reason}"),
    };
    let kinds: Vec<&str> = recorded.events.iter().map(|event| event.kind.as_str()).collect();
    Compared::Otherwise(found("answer", "", Some(format!("accepted: {}", kinds.join(", "))), Some(answer)))
}

fn accepted(recorded: &DecisionRecord, events: &[Event], effects: &[Effect]) -> Compared {
    let mut is_spelled_otherwise = false;
    let mut same = |one: Option<Told>| match one {
        Some(Told::Spelled) => {
            is_spelled_otherwise = true;
            None
        }
        Some(Told::Difference(difference)) => Some(difference),
        None => None,
    };
    let events = (0..recorded.events.len().max(events.len()))
        .find_map(|at| same(pair(&format_args!("event {}", at + 1), recorded.events.get(at), events.get(at), event, event_text)));
    let difference = events.or_else(|| {
        (0..recorded.effects.len().max(effects.len()))
            .find_map(|at| same(pair(&format_args!("effect {}", at + 1), recorded.effects.get(at), effects.get(at), effect, effect_text)))
    });
    match difference {
        Some(difference) => Compared::Otherwise(difference),
        None if is_spelled_otherwise => Compared::SpelledOtherwise,
        None => Compared::Same,
    }
}

/// What two events or effects have to tell of each other, where they are not the same to the byte.
enum Told {
    Spelled,
    Difference(Difference),
}

type Within = (&'static str, String, String);

fn pair<T: PartialEq>(
    place: &dyn std::fmt::Display,
    recorded: Option<&T>,
    decided: Option<&T>,
    within: impl Fn(&T, &T) -> Result<Option<Told>, Within>,
    text: impl Fn(&T) -> String,
) -> Option<Told> {
    let (Some(one), Some(other)) = (recorded, decided) else {
        return Some(Told::Difference(found(&place.to_string(), "", recorded.map(&text), decided.map(&text))));
    };
    if one == other {
        return None;
    }
    match within(one, other) {
        Ok(Some(Told::Difference(difference))) => Some(Told::Difference(Difference { place: place.to_string(), ..difference })),
        Ok(told) => told,
        Err((path, recorded, decided)) => Some(Told::Difference(found(&place.to_string(), path, Some(recorded), Some(decided)))),
    }
}

fn event(recorded: &Event, decided: &Event) -> Result<Option<Told>, Within> {
    same("kind", &recorded.kind, &decided.kind)?;
    same("schema", &recorded.schema, &decided.schema)?;
    Ok(data(&recorded.data, &decided.data))
}

fn effect(recorded: &Effect, decided: &Effect) -> Result<Option<Told>, Within> {
    match (recorded, decided) {
        (Effect::Send(one), Effect::Send(other)) => {
            same("kind", &one.kind, &other.kind)?;
            let process = |command: &Command| command.process.as_ref().map_or_else(|| "its own".to_owned(), ToString::to_string);
            same("process", &process(one), &process(other))?;
            let expires = |command: &Command| command.expires_after_ms.map_or_else(|| "never".to_owned(), |ms| ms.to_string());
            same("expiresAfterMs", &expires(one), &expires(other))?;
            Ok(data(&one.data, &other.data))
        }
        (Effect::SetTimer { name, at, data: one }, Effect::SetTimer { name: other_name, at: other_at, data: other }) => {
            same("name", name, other_name)?;
            same("at", &at.0, &other_at.0)?;
            Ok(data(one, other))
        }
        _ => Err(("", effect_text(recorded), effect_text(decided))),
    }
}

fn same<T: PartialEq + ToString>(path: &'static str, recorded: &T, decided: &T) -> Result<(), Within> {
    if recorded == decided { Ok(()) } else { Err((path, recorded.to_string(), decided.to_string())) }
}

fn data(recorded: &Json, decided: &Json) -> Option<Told> {
    if recorded == decided {
        return None;
    }
    let read = |json: &Json| serde_json::from_str::<Value>(json.as_str());
    let (Ok(one), Ok(other)) = (read(recorded), read(decided)) else {
        // Deeper than can be read: only the texts are left to be compared.
        let texts = (recorded.as_str().to_owned(), decided.as_str().to_owned());
        return Some(Told::Difference(found("", "data", Some(texts.0), Some(texts.1))));
    };
    let Some(place) = json::difference(&one, &other) else { return Some(Told::Spelled) };
    let text = |value: Option<&Value>| value.map(Value::to_string);
    Some(Told::Difference(found("", &format!("data{}", place.pointer), text(place.recorded), text(place.decided))))
}

fn event_text(event: &Event) -> String {
    format!("{} {}", event.kind, event.data.as_str())
}

fn effect_text(effect: &Effect) -> String {
    match effect {
        Effect::Send(command) => format!("send {} {}", command.kind, command.data.as_str()),
        Effect::SetTimer { name, at, data } => format!("set timer {name} at {} {}", at.0, data.as_str()),
        Effect::ClearTimer(name) => format!("clear timer {name}"),
    }
}

fn found(place: &str, path: &str, recorded: Option<String>, decided: Option<String>) -> Difference {
    let shown = |text: Option<String>| {
        let text = text.unwrap_or_else(|| "nothing".to_owned());
        match text.char_indices().nth(SHOWN_MAX) {
            Some((end, _)) => format!("{}…", &text[..end]),
            None => text,
        }
    };
    Difference { place: place.to_owned(), path: path.to_owned(), recorded: shown(recorded), decided: shown(decided) }
}
