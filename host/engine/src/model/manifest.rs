//! What a definition says of itself.
//! The contract in `wit/` explains every field; this is the same thing as checked types.

use serde::{Deserialize, Serialize};

use super::decision::Effect;
use super::event::Event;
use super::id::{Category, Kind, Suffix};
use super::process::Deadline;

/// What a definition says of itself, checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Name and version.
    pub category: Category,
    /// Suffix of the stream that it writes; only a process has one.
    pub stream: Option<Suffix>,
    /// Kinds of messages that begin a stream where there is none yet.
    pub starts: Vec<Kind>,
    /// Kinds of messages that it takes.
    pub handles: Vec<Kind>,
    /// Kinds of its own events that are offered to it again.
    pub reacts_to: Vec<Kind>,
    /// Kinds of events that it may record.
    pub records: Vec<EventSchema>,
    /// Kinds of commands or replies that it may send.
    pub sends: Vec<Kind>,
    /// Version of the text of its snapshots.
    pub state_format: u32,
    /// Categories whose running processes it can carry on.
    pub takes_over: Vec<Category>,
    /// How its processes share instances.
    pub sharing: Sharing,
    /// Linear memory of one instance that it wishes for, in bytes.
    pub memory_bytes: Option<u64>,
    /// Fuel of one call that it wishes for.
    pub fuel_per_call: Option<u64>,
}

impl Manifest {
    /// Whether a message of this kind is for a stream of this definition that exists.
    #[must_use]
    pub fn takes(&self, kind: &Kind) -> bool {
        self.handles.contains(kind) || self.starts.contains(kind)
    }

    /// Whether a decision keeps to what this manifest and the contract promise.
    ///
    /// # Errors
    /// A sentence that says what it does instead.
    pub fn permits(&self, events: &[Event], effects: &[Effect]) -> Result<(), String> {
        if events.is_empty() && !effects.is_empty() {
            return Err("it wants effects without an event to record them with".to_owned());
        }
        if let Some(event) = events.iter().find(|event| !self.may_record(&event.kind, event.schema)) {
            return Err(format!("it records {} with schema {}, which its manifest does not list", event.kind, event.schema));
        }
        for effect in effects {
            match effect {
                Effect::Send(command) if !self.sends.contains(&command.kind) => {
                    return Err(format!("it sends {}, which its manifest does not list", command.kind));
                }
                Effect::SetTimer { name, .. } if name.starts_with(Deadline::PREFIX) => {
                    return Err(format!("it sets a timer {name:?}; names of that kind stand for the deadlines of its commands"));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Whether it may record an event of this kind and schema.
    #[must_use]
    pub fn may_record(&self, kind: &Kind, schema: u32) -> bool {
        self.records.iter().any(|event| event.kind == *kind && event.schema == schema)
    }
}

/// A kind of event and the version of its shape.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventSchema {
    /// The kind.
    pub kind: Kind,
    /// Version of the shape of its data, from 1.
    pub schema: u32,
}

/// How processes share instances of a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sharing {
    /// One instance a process while it is warm.
    PerProcess,
    /// Many processes in one instance.
    Shared,
    /// A fresh instance every turn.
    Fresh,
}
