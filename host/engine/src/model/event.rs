//! Events: as decided, as they stand in their stream, and as a reader of the log sees them.
//! An event never changes once it is recorded.

use serde::{Deserialize, Serialize};

use super::id::{Category, Digest, Kind, MessageId, StreamName};
use super::json::Json;
use super::time::Timestamp;

/// A decision to be recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// What was decided.
    pub kind: Kind,
    /// Version of the shape of the data.
    pub schema: u32,
    /// What there is to say about it.
    pub data: Json,
}

/// An event as the definition that folds it sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamEvent {
    /// Its place in the stream: dense, from 1.
    pub version: u64,
    /// When it was decided.
    pub time: Timestamp,
    /// The category that decided it.
    pub decided_by: Category,
    /// The decision itself.
    pub event: Event,
}

/// An event with all that was recorded about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedEvent {
    /// The stream that it stands in.
    pub stream: StreamName,
    /// Its place in the stream: dense, from 1.
    pub version: u64,
    /// Its place among all events of the store: dense, from 1.
    pub position: u64,
    /// When it was decided.
    pub time: Timestamp,
    /// The decision itself.
    pub event: Event,
    /// The category that decided it.
    pub category: Category,
    /// The module that decided it.
    pub module: Digest,
    /// The id of the message or event that led to it.
    pub cause: MessageId,
    /// The id of the message from outside that began the chain.
    pub correlation: MessageId,
}

impl Event {
    /// Whether the host recorded it and no definition: definitions are not shown it.
    #[must_use]
    pub fn is_of_the_host(&self) -> bool {
        self.kind.as_str() == "ProcessCategoryChanged"
    }
}

impl StreamEvent {
    /// Whether the host recorded it and no definition: definitions are not shown it.
    #[must_use]
    pub fn is_of_the_host(&self) -> bool {
        self.event.is_of_the_host()
    }
}

impl RecordedEvent {
    /// The event as the definition that folds it sees it.
    #[must_use]
    pub fn into_stream_event(self) -> StreamEvent {
        StreamEvent { version: self.version, time: self.time, decided_by: self.category, event: self.event }
    }
}
