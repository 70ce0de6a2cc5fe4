//! A message: what reaches a process, from outside or from another stream.
//! Where it goes is the outbox's matter.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::id::{Kind, MessageId, ProcessId};
use super::json::Json;
use super::time::Timestamp;

/// A message on its way to one process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Unique; a stream takes each id once.
    pub id: MessageId,
    /// The process that it is for.
    pub process: ProcessId,
    /// What it says or asks for.
    pub kind: Kind,
    /// The stream or the outside party that sent it.
    pub source: Option<Arc<str>>,
    /// When it was recorded or received.
    pub time: Timestamp,
    /// What it carries.
    pub data: Json,
    /// The id of the message from outside that began the chain that this one belongs to.
    pub correlation: MessageId,
}

impl Message {
    /// Whether the host recorded it for this stream or adapter: such an id begins with `{source}/`, which no sender from outside can write over HTTP.
    #[must_use]
    pub fn is_of(&self, source: &str) -> bool {
        self.id.as_str().strip_prefix(source).is_some_and(|rest| rest.starts_with('/'))
    }

    /// Whether it is a recorded event on its way to whom it may interest: its id is `{source}/{version}`.
    /// Everything else asks for something and must reach somebody.
    #[must_use]
    pub fn is_event(&self) -> bool {
        let version = self.source.as_deref().and_then(|source| self.id.as_str().strip_prefix(source)?.strip_prefix('/'));
        version.is_some_and(|version| version.bytes().all(|digit| digit.is_ascii_digit()))
    }
}
