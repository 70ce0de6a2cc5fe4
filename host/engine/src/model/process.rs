//! What the store keeps about one process besides its events: the heads of its streams, and what it waits for.
//! The events are the truth; this row is what they fold to, kept so that a query folds nothing.

use serde::{Deserialize, Serialize};

use super::id::{Category, Digest, Kind, MessageId, ProcessId, Suffix};
use super::json::Json;
use super::message::Message;
use super::time::Timestamp;
use super::view::View;

/// The row of one process.
///
/// Invariant: `revision` grows by one with every commit of the process; `streams[0]` is the stream that it began with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessRow {
    /// The process.
    pub id: ProcessId,
    /// How many commits there have been; what a later commit expects.
    pub revision: u64,
    /// The number that the next undelivered message or timer takes; never used twice in a process.
    pub next_seq: u64,
    /// Its streams, in the order in which they began; the first one is the process as its caller sees it.
    pub streams: Vec<StreamHead>,
    /// Set while its messages wait because one of them cannot be processed.
    pub parked: Option<Parked>,
    /// Messages that take their time: delayed replies, and deliveries that are tried again.
    pub delayed: Vec<Delayed>,
    /// The number that its next note takes.
    pub next_note: u64,
}

impl ProcessRow {
    /// A process of which nothing is recorded yet.
    #[must_use]
    pub fn unknown(id: ProcessId) -> Self {
        Self { id, revision: 0, next_seq: 1, streams: Vec::new(), parked: None, delayed: Vec::new(), next_note: 1 }
    }

    /// The head of one of its streams.
    #[must_use]
    pub fn stream(&self, suffix: &Suffix) -> Option<&StreamHead> {
        self.streams.iter().find(|head| head.suffix == *suffix)
    }

    /// Whether the process has come to its end: the stream that it began with has.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.root().is_some_and(|root| root.view.phase.has_ended())
    }

    /// The stream that the process began with; none where nothing is recorded yet.
    #[must_use]
    pub fn root(&self) -> Option<&StreamHead> {
        self.streams.first()
    }

    /// The modules that a stream of it is on, and was not on before.
    pub fn newly_on<'a>(&'a self, before: &'a Self) -> impl Iterator<Item = &'a Digest> {
        let was_there = |head: &StreamHead| before.stream(&head.suffix).is_some_and(|was| was.module == head.module);
        self.streams.iter().filter(move |head| !was_there(head)).map(|head| &head.module)
    }

    /// Whether nothing is under way that could move it by itself: no timer, no deadline, no delayed message, and it is not parked.
    /// If no undelivered message waits for it either, a process that has not ended is stuck.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        let waits = |head: &StreamHead| !head.timers.is_empty() || !head.deadlines.is_empty();
        self.root().is_some() && !self.has_ended() && self.parked.is_none() && self.delayed.is_empty() && !self.streams.iter().any(waits)
    }
}

/// A message that takes its time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delayed {
    /// When it comes.
    pub due: Timestamp,
    /// The number of the timer that brings it.
    pub seq: u64,
}

/// Where one stream stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamHead {
    /// Which stream of the process.
    pub suffix: Suffix,
    /// Version of its last event.
    pub version: u64,
    /// The category that it is on.
    pub category: Category,
    /// The module that it is pinned to.
    pub module: Digest,
    /// When its first event was recorded.
    pub started_at: Timestamp,
    /// When its last event was recorded.
    pub updated_at: Timestamp,
    /// What a query sees.
    pub view: View,
    /// Timers that are set.
    pub timers: Vec<SetTimer>,
    /// Numbers of the undelivered messages that its next event makes due.
    pub deferred: Vec<u64>,
    /// Commands of this stream whose answers may take so long and no longer, oldest first.
    pub deadlines: Vec<Deadline>,
}

/// The end of the time that the answer to a command may take, as the command's stream remembers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deadline {
    /// The kind of the command.
    pub kind: Kind,
    /// The command.
    pub command: MessageId,
    /// When the time is over.
    pub due: Timestamp,
    /// The number that the deadline was set under.
    pub seq: u64,
}

impl Deadline {
    /// What stands before the kind of a command in the name by which its stream lifts the deadline.
    pub const PREFIX: &str = "undelivered:";
}

/// A timer that is set, as its stream remembers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetTimer {
    /// The name that it was set under.
    pub name: String,
    /// When it comes due.
    pub due: Timestamp,
    /// The number that it was set under.
    pub seq: u64,
}

/// Why a process is parked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parked {
    /// The message that cannot be processed.
    pub message: MessageId,
    /// What happened when it was tried last.
    pub reason: String,
    /// How often it was tried.
    pub attempts: u32,
    /// Since when.
    pub since: Timestamp,
    /// The number of the message among the process's undelivered ones.
    pub seq: u64,
}

impl Parked {
    /// Whether this is the message: by its number, since two streams may keep one message; by its id where an older release did not keep the number.
    #[must_use]
    pub fn is_on(&self, kept: &Undelivered) -> bool {
        kept.message.id == self.message && (kept.seq == self.seq || self.seq == 0)
    }
}

/// A recorded message that has not had its effect yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undelivered {
    /// The process whose commit recorded it.
    pub owner: ProcessId,
    /// Its number among the owner's undelivered messages and timers; first deliveries follow it.
    pub seq: u64,
    /// The message; it may be for another process.
    pub message: Message,
    /// The one stream that it is still for; none where its kind decides.
    pub target: Option<Suffix>,
    /// What it waits for.
    pub state: DeliveryState,
    /// What came of the attempts so far; none where none has failed.
    pub failed: Option<Attempts>,
}

/// Attempts at a message, all of which failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempts {
    /// How often it was tried.
    pub count: u32,
    /// Who failed the last time: category and module.
    pub definition: String,
    /// What happened the last time.
    pub error: String,
    /// When it failed first.
    pub first: Timestamp,
    /// When it failed last.
    pub last: Timestamp,
}

impl Attempts {
    /// So many more attempts that failed, after those before.
    #[must_use]
    pub fn after(before: Option<&Self>, count: u32, definition: String, error: String, now: Timestamp) -> Self {
        let first = before.map_or(now, |before| before.first);
        Self { count: before.map_or(0, |before| before.count).saturating_add(count), definition, error, first, last: now }
    }
}

/// What an undelivered message waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeliveryState {
    /// Its delivery.
    Due,
    /// A definition that handles its kind.
    Unhandled,
    /// The next event of its target, because that one's definition asked for it. The text says why.
    Deferred(String),
    /// The end of the trouble with a message before it, which cannot be processed.
    Parked,
    /// The next attempt, at this moment: the last one failed.
    Retrying(Timestamp),
    /// An operator: it cannot be processed. This is a dead letter.
    Dead,
}

impl DeliveryState {
    /// Whether only an operator, or a definition to come, can help: such a message is listed among the dead letters.
    #[must_use]
    pub fn is_dead_letter(&self) -> bool {
        matches!(self, Self::Dead | Self::Unhandled)
    }
}

/// A durable timer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timer {
    /// When and whose.
    pub key: TimerKey,
    /// What happens when it comes due.
    pub fires: Fires,
}

/// Where a timer stands; ordered by due time first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TimerKey {
    /// When it comes due.
    pub due: Timestamp,
    /// The process that it belongs to.
    pub process: ProcessId,
    /// Its number within the process.
    pub seq: u64,
}

/// What a timer does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fires {
    /// Calls `decide` of the stream that set it.
    Trigger {
        /// The stream.
        suffix: Suffix,
        /// The name that it was set under.
        name: String,
        /// What was given when it was set.
        data: Json,
    },
    /// Delivers a message that was told to take its time.
    Message(Message),
    /// Tries the undelivered message of this number again.
    Retry(u64),
    /// Tells the stream that sent a command that its answer has not come in time.
    Deadline {
        /// The stream.
        suffix: Suffix,
        /// The command.
        command: MessageId,
        /// Its kind.
        kind: Kind,
        /// What it carried.
        data: Json,
    },
}
