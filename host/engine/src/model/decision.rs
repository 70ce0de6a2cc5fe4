//! What a definition is asked and what it answers.
//! Every trigger is one of a closed set; every answer is a decision, and a refusal is one too.

use serde::{Deserialize, Serialize};

use super::event::{Event, StreamEvent};
use super::id::{Category, Kind, MessageId, ProcessId};
use super::json::Json;
use super::message::Message;
use super::time::Timestamp;

/// Why `decide` is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// A message that begins the stream, or arrives again later.
    Start(Message),
    /// A message for a stream that exists.
    Message(Message),
    /// One of its own events, offered in the same commit.
    Recorded(StreamEvent),
    /// A timer that it set has come due.
    Timer {
        /// The name that it was set under.
        name: String,
        /// When it was due.
        due: Timestamp,
        /// What was given when it was set.
        data: Json,
    },
    /// A command that it sent had no answer in time, or will not be delivered.
    Undelivered {
        /// The id of the command.
        id: MessageId,
        /// The kind of the command.
        kind: Kind,
        /// Why it came back.
        reason: String,
        /// What the command carried.
        data: Json,
    },
    /// Somebody asks for the process to be cancelled; the text is the reason.
    Cancel(String),
    /// The stream has been moved to this module, from that category.
    Migrated(Category),
}

impl Trigger {
    /// What it is about, in a word, for log lines and notes.
    #[must_use]
    pub fn kind(&self) -> &str {
        match self {
            Self::Start(message) | Self::Message(message) => message.kind.as_str(),
            Self::Recorded(event) => event.event.kind.as_str(),
            Self::Timer { name, .. } => name,
            Self::Undelivered { kind, .. } => kind.as_str(),
            Self::Cancel(_) => "Cancel",
            Self::Migrated(_) => "Migrated",
        }
    }
}

/// What a decision may depend on besides the state and the trigger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    /// The process.
    pub process: ProcessId,
    /// The category that the module was loaded under.
    pub category: Category,
    /// Version of the last event that the state contains.
    pub version: u64,
    /// The time of this decision.
    pub now: Timestamp,
    /// Different for every decision; recorded with it.
    pub seed: u64,
}

/// What `decide` answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Record these events, and then do what follows from them.
    Accept {
        /// In order.
        events: Vec<Event>,
        /// In order; they ride on the last event.
        effects: Vec<Effect>,
    },
    /// A duplicate or a late message: acknowledged and counted, nothing is recorded.
    Ignore(String),
    /// Turned down, and told to the caller.
    Reject(Rejection),
    /// Not yet: offered again after the next event of this stream.
    Defer(String),
}

/// What happens because of a decision; recorded with its events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Effect {
    /// Send a command.
    Send(Command),
    /// Set a timer, or replace the one of the same name.
    SetTimer {
        /// The name within the stream.
        name: String,
        /// When it comes due.
        at: Timestamp,
        /// Given back when it fires.
        data: Json,
    },
    /// Clear the timer of this name.
    ClearTimer(String),
}

/// A message to be sent once the decision is recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// What is asked for.
    pub kind: Kind,
    /// The process to send it to; none for the sender's own.
    pub process: Option<ProcessId>,
    /// What it carries.
    pub data: Json,
    /// How long an answer may take, in milliseconds.
    pub expires_after_ms: Option<u64>,
}

/// A trigger that was turned down.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Rejection {
    /// Whose matter it is.
    pub reason: RejectionReason,
    /// For programs.
    pub code: String,
    /// For people.
    pub message: String,
}

/// Why a trigger was turned down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RejectionReason {
    /// The message itself is wrong and will never be taken.
    Invalid,
    /// The message is right, but not in the present state.
    NotApplicable,
}

/// Which process a request begins, as a router says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Start {
    /// A category or a bare name.
    pub category: String,
    /// Kind of the first message.
    pub kind: Kind,
    /// What the first message carries.
    pub data: Json,
}

/// What an adapter answers to a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Kind of the message.
    pub kind: Kind,
    /// What it carries.
    pub data: Json,
    /// How long it takes, in milliseconds.
    pub after_ms: u64,
}
