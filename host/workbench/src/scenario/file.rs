//! A scenario file: what is given, what happens, step by step.
//! What is expected of a step stands in `expect`.

use procession_engine::model::id::{Category, Kind, MessageId, ProcessId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::expect::{Look, Then};
use super::words::{Data, Moment, Name, Seed, Span};

/// A file of scenarios, and what holds for all of them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct File {
    /// The process that the scenarios are about; `process-1` where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process: Option<Name<ProcessId>>,
    /// When they begin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Moment>,
    /// The seed of the first decision of each; every further decision has the next one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<Seed>,
    /// Settings of a router or an adapter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<Value>,
    /// Categories that are active, for a router.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loaded: Option<Vec<Name<Category>>>,
    /// The scenarios.
    pub scenarios: Vec<Scenario>,
}

/// One scenario.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Written")]
#[serde(rename_all = "camelCase")]
pub struct Scenario {
    /// A sentence that says what holds.
    pub name: String,
    /// Instead of the file's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub process: Option<Name<ProcessId>>,
    /// Instead of the file's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Moment>,
    /// Instead of the file's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<Seed>,
    /// Instead of the file's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settings: Option<Value>,
    /// Instead of the file's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loaded: Option<Vec<Name<Category>>>,
    /// A snapshot to begin from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<Data>,
    /// The version of the last event in that snapshot; 0 where nothing is said.
    #[serde(skip_serializing_if = "is_zero")]
    pub snapshot_version: u64,
    /// Events that are recorded already, after those in the snapshot.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub given: Vec<Given>,
    /// What happens, in order.
    pub steps: Vec<Step>,
}

/// A scenario as it may be written: with steps, or as a single step itself.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Written {
    name: String,
    process: Option<Name<ProcessId>>,
    at: Option<Moment>,
    seed: Option<Seed>,
    settings: Option<Value>,
    loaded: Option<Vec<Name<Category>>>,
    #[serde(default, deserialize_with = "said")]
    snapshot: Option<Data>,
    #[serde(default)]
    snapshot_version: u64,
    #[serde(default)]
    given: Vec<Given>,
    steps: Option<Vec<Step>>,
    after: Option<Span>,
    when: Option<When>,
    then: Option<Then>,
    look: Option<Look>,
}

impl TryFrom<Written> for Scenario {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let Written { name, process, at, seed, settings, loaded, snapshot, snapshot_version, given, steps, after, when, then, look } =
            written;
        let is_a_step = after.is_some() || when.is_some() || then.is_some() || look.is_some();
        let steps = match steps {
            Some(_) if is_a_step => return Err(format!("scenario {name:?} has `steps`, so when, then, look and after belong into them")),
            Some(steps) => steps,
            None => vec![Step { after, seed: None, when, then, look }],
        };
        if steps.is_empty() {
            return Err(format!("scenario {name:?} has no steps"));
        }
        if steps.iter().any(|step| step.when.is_none() && (step.look.is_none() || step.then.is_some())) {
            return Err(format!("a step of scenario {name:?} has no `when`; only a `look` can be alone"));
        }
        Ok(Self { name, process, at, seed, settings, loaded, snapshot, snapshot_version, given, steps })
    }
}

/// An event that is recorded already.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Given {
    /// What was decided.
    pub kind: Name<Kind>,
    /// The version of its shape; the manifest's where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<u32>,
    /// What there is to say about it.
    #[serde(default)]
    pub data: Data,
    /// When it was decided; when the scenario begins, where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<Moment>,
    /// Who decided it; the definition itself where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<Name<Category>>,
}

/// Something that happens, and what is to come of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Step {
    /// Time that passes before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Span>,
    /// The seed of this step's first decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<Seed>,
    /// What happens; nothing for a step that only looks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<When>,
    /// What the definition is to answer; nothing means anything but a failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub then: Option<Then>,
    /// What the process is to look like then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub look: Option<Look>,
}

/// What happens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum When {
    /// A message that begins the process.
    Start(MessageIn),
    /// A message for it.
    Message(MessageIn),
    /// A timer comes due.
    Timer(TimerIn),
    /// A command comes back.
    Undelivered(UndeliveredIn),
    /// Somebody asks for the process to be cancelled, for this reason.
    Cancel(String),
    /// The process has been moved to this definition, from that category.
    Migrated(Name<Category>),
    /// A request reaches a router.
    Request(MessageIn),
    /// A command reaches an adapter.
    Command(MessageIn),
}

/// A message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct MessageIn {
    /// What it says or asks for.
    pub kind: Name<Kind>,
    /// What it carries.
    #[serde(default)]
    pub data: Data,
    /// Who sent it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Its id; one of its own where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Name<MessageId>>,
}

/// A timer that comes due.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct TimerIn {
    /// The name that it was set under.
    pub name: String,
    /// What comes back with it; what it was set with in this scenario, where nothing is said.
    #[serde(default, deserialize_with = "said", skip_serializing_if = "Option::is_none")]
    pub data: Option<Data>,
}

/// A command that comes back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct UndeliveredIn {
    /// Its kind.
    pub kind: Name<Kind>,
    /// Why it comes back.
    #[serde(default = "expired")]
    pub reason: String,
    /// What it carried; what it was last sent with in this scenario, where nothing is said.
    #[serde(default, deserialize_with = "said", skip_serializing_if = "Option::is_none")]
    pub data: Option<Data>,
}

fn expired() -> String {
    "no answer in time".to_owned()
}

/// A field whose `null` is a value, and not the same as no field.
pub(super) fn said<'de, T: Deserialize<'de>, D: serde::Deserializer<'de>>(from: D) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// A file that is no scenario file; its author is at fault. The text says what, where, and in which line.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0}")]
pub struct Unreadable(String);

impl File {
    /// Reads a file.
    ///
    /// # Errors
    /// [`Unreadable`] names the path of the field and its line.
    pub fn parse(text: &[u8]) -> Result<Self, Unreadable> {
        let mut from = serde_json::Deserializer::from_slice(text);
        let file: Self = serde_path_to_error::deserialize(&mut from).map_err(|error| {
            let path = brief(error.path().to_string());
            let cause = brief(error.into_inner().to_string());
            Unreadable(if path == "." { cause } else { format!("{path}: {cause}") })
        })?;
        from.end().map_err(|error| Unreadable(brief(error.to_string())))?;
        Ok(file)
    }
}

/// The most that is said of a path or of a cause, in characters: both repeat names out of the file, which may be as long as the file.
const SAID_CHARS_MAX: usize = 1_000;

/// The end of it stays: that is where the line and the column stand.
const SAID_END_CHARS: usize = 200;

fn brief(text: String) -> String {
    let chars = text.chars().count();
    if chars <= SAID_CHARS_MAX {
        return text;
    }
    let begin: String = text.chars().take(SAID_CHARS_MAX - SAID_END_CHARS).collect();
    let end: String = text.chars().skip(chars - SAID_END_CHARS).collect();
    format!("{begin} … {end}")
}
