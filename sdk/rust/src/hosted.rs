//! Between the contract's text and the author's types: what a call of the host comes down to.
//!
//! It is the same natively and in a component, so a scenario tests exactly what the host will run.

use serde::de::DeserializeOwned;

use crate::contract::{self, Accepted, Context, Event, Fault, RecordedEvent, Rejection};
use crate::wire::{self, Unread};
use crate::{Decision, Effect, Process, Recorded, Trigger, invalid};

/// The state before the first event, or the one that a snapshot holds.
///
/// # Errors
/// A fault when the snapshot cannot be read; the host then folds the events instead.
pub fn restore<P: Process>(snapshot: Option<&str>) -> Result<P::State, Fault> {
    snapshot.map_or_else(
        || Ok(P::State::default()),
        |text| P::restore(text).ok_or_else(|| fault("unreadable-snapshot", "the snapshot does not fit the state".to_owned())),
    )
}

/// Takes recorded events in, in order.
///
/// # Errors
/// A fault when an event cannot be read; the state is then half-way and must be dropped, as the host does.
pub fn evolve<P: Process>(state: &mut P::State, events: &[RecordedEvent]) -> Result<(), Fault> {
    for recorded in events {
        let event = event::<P>(recorded)?;
        P::evolve(state, event, &Recorded { version: recorded.version, time: recorded.time, decided_by: &recorded.decided_by });
    }
    Ok(())
}

/// Answers a trigger; a message that cannot be read is rejected before the author's `decide` sees it.
///
/// # Errors
/// A fault when an own event cannot be read, or a decision cannot be written.
pub fn decide<P: Process>(state: &P::State, ctx: &Context, trigger: contract::Trigger) -> Result<contract::Decision, Fault> {
    let trigger = match typed::<P>(trigger)? {
        Ok(trigger) => trigger,
        Err(rejection) => return Ok(contract::Decision::Reject(rejection)),
    };
    match P::decide(state, ctx, trigger) {
        Decision::Accept { events, effects } => accepted::<P>(ctx, &events, effects).map(contract::Decision::Accept),
        Decision::Ignore(why) => Ok(contract::Decision::Ignore(why)),
        Decision::Reject(rejection) => Ok(contract::Decision::Reject(rejection)),
        Decision::Defer(why) => Ok(contract::Decision::Defer(why)),
    }
}

/// Settings from the host's configuration; nothing configured means the default.
///
/// # Errors
/// A fault when they do not fit; the message is serde's.
pub fn settings<S: Default + DeserializeOwned>(text: &str) -> Result<S, Fault> {
    match text.trim() {
        "" | "null" | "{}" => Ok(S::default()),
        text => serde_json::from_str(text).map_err(|error| fault("invalid-settings", error.to_string())),
    }
}

/// A message in the receiver's own type.
///
/// # Errors
/// A rejection that says whether the kind is unknown or which field is wrong.
pub fn message<M: DeserializeOwned>(kind: &str, data: &str) -> Result<M, Rejection> {
    wire::read(kind, data).map_err(|unread| match unread {
        Unread::UnknownKind => invalid("unknown-kind", format!("`{kind}` is not a message that this definition takes")),
        Unread::InvalidData(what) => invalid("invalid-data", what),
    })
}

/// The outer error is the history's fault, the inner one the sender's.
type Typed<P> = Result<Trigger<<P as Process>::Message, <P as Process>::Event>, Rejection>;

fn typed<P: Process>(trigger: contract::Trigger) -> Result<Typed<P>, Fault> {
    Ok(match trigger {
        contract::Trigger::Start(start) => message(&start.kind, &start.data).map(Trigger::Start),
        contract::Trigger::Message(other) => message(&other.kind, &other.data).map(Trigger::Message),
        contract::Trigger::Recorded(recorded) => Ok(Trigger::Recorded(event::<P>(&recorded)?)),
        contract::Trigger::Timer(timer) => Ok(Trigger::Timer(timer)),
        contract::Trigger::Undelivered(undelivered) => Ok(Trigger::Undelivered(undelivered)),
        contract::Trigger::Cancel(reason) => Ok(Trigger::Cancel(reason)),
        contract::Trigger::Migrated(from) => Ok(Trigger::Migrated(from)),
    })
}

fn event<P: Process>(recorded: &RecordedEvent) -> Result<P::Event, Fault> {
    wire::read_own(&recorded.event.kind, &recorded.event.data).map_err(|unread| {
        let why = match unread {
            Unread::UnknownKind => "this definition knows no such kind".to_owned(),
            Unread::InvalidData(what) => what,
        };
        fault("broken-history", format!("event {} ({}) cannot be read: {why}", recorded.version, recorded.event.kind))
    })
}

fn accepted<P: Process>(ctx: &Context, events: &[P::Event], effects: Vec<Effect<P::Command>>) -> Result<Accepted, Fault> {
    let unwritable = |message| fault("unwritable-decision", message);
    let stamp = Stamp::of(&P::stamp(ctx));
    let events = events
        .iter()
        .map(|event| {
            let (kind, data) = wire::write(event)?;
            Ok(Event { kind: kind.to_owned(), schema: P::schema(kind), data: stamp.on(data) })
        })
        .collect::<Result<_, String>>()
        .map_err(unwritable)?;
    let effects = effects.into_iter().map(effect).collect::<Result<_, String>>().map_err(unwritable)?;
    Ok(Accepted { events, effects })
}

fn effect<C: serde::Serialize + DeserializeOwned>(effect: Effect<C>) -> Result<contract::Effect, String> {
    Ok(match effect {
        Effect::Send { command, process_id, expires_after } => {
            let (kind, data) = wire::write(&command)?;
            contract::Effect::Send(contract::Command { kind: kind.to_owned(), process_id, data, expires_after })
        }
        Effect::SetTimer(timer) => contract::Effect::SetTimer(timer),
        Effect::ClearTimer(name) => contract::Effect::ClearTimer(name),
    })
}

fn fault(code: &str, message: String) -> Fault {
    Fault { code: code.to_owned(), message }
}

/// The fields that every event carries, as JSON text without braces, and the beginning of an event that writes them itself.
struct Stamp {
    fields: String,
    written_already: String,
}

impl Stamp {
    fn of(fields: &[(&'static str, String)]) -> Self {
        let mut text = String::new();
        for (name, value) in fields {
            if !text.is_empty() {
                text.push(',');
            }
            // A JSON string of a Rust string: `Value` writes it without a way to fail.
            text.push_str(&format!("\"{name}\":{}", serde_json::Value::from(value.as_str())));
        }
        let written_already = fields.first().map(|(name, _)| format!("{{\"{name}\":")).unwrap_or_default();
        Self { fields: text, written_already }
    }

    /// Only objects are stamped: data of another shape has no place for a field.
    fn on(&self, mut data: String) -> String {
        if self.fields.is_empty() || !data.starts_with('{') || data.starts_with(&self.written_already) {
            return data;
        }
        if data != "{}" {
            data.insert(1, ',');
        }
        data.insert_str(1, &self.fields);
        data
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_stands_before_the_fields_of_an_event() {
        let stamp = Stamp::of(&[("id", "a\"b".to_owned()), ("by", "c".to_owned())]);
        assert_eq!(stamp.on("{}".to_owned()), r#"{"id":"a\"b","by":"c"}"#);
        assert_eq!(stamp.on(r#"{"x":1}"#.to_owned()), r#"{"id":"a\"b","by":"c","x":1}"#);
        assert_eq!(stamp.on(r#"{"id":"own"}"#.to_owned()), r#"{"id":"own"}"#);
        assert_eq!(stamp.on("[1]".to_owned()), "[1]");
        assert_eq!(Stamp::of(&[]).on(r#"{"x":1}"#.to_owned()), r#"{"x":1}"#);
    }

    #[test]
    fn settings_default_and_wrong_ones_are_named() {
        #[derive(Default, Debug, PartialEq, serde::Deserialize)]
        struct Settings {
            delay: u64,
        }
        for nothing in ["", "null", "{}", " {} "] {
            assert_eq!(settings::<Settings>(nothing), Ok(Settings::default()));
        }
        assert_eq!(settings(r#"{"delay":3}"#), Ok(Settings { delay: 3 }));
        assert_eq!(settings::<Settings>(r#"{"delay":"x"}"#).map_err(|fault| fault.code), Err("invalid-settings".to_owned()));
    }
}
