//! A commit: all that one chain of turns changes, taken by the store all or nothing.
//! Nothing reaches the store by another way.

use serde::{Deserialize, Serialize};

use super::decision::Effect;
use super::event::{Event, RecordedEvent};
use super::id::{Category, Digest, MessageId, StreamName, Suffix};
use super::json::Json;
use super::message::Message;
use super::note::Note;
use super::process::{ProcessRow, Timer, TimerKey, Undelivered};
use super::time::Timestamp;

/// All that one chain of turns of one process changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// The process's row as it will be. The store expects the row before it to have the revision one lower.
    pub row: ProcessRow,
    /// What goes into the log; none where nothing was decided.
    pub entry: Option<Entry>,
    /// The request that is answered by this commit; its key is taken once.
    pub receipt: Option<Receipt>,
    /// Undelivered messages that have had their effect: their owner and number. They must be there.
    pub delivered: Vec<(super::id::ProcessId, u64)>,
    /// Messages that are recorded here and have their effect later, or whose state changes.
    pub undelivered: Vec<Undelivered>,
    /// Timers that fired or were cleared. They must be there.
    pub timers_cleared: Vec<TimerKey>,
    /// Timers that are set.
    pub timers_set: Vec<Timer>,
    /// What happened to the process and is no decision.
    pub notes: Vec<Note>,
    /// Folded states to be kept, so that a long stream need not be folded from its beginning.
    pub snapshots: Vec<Snapshot>,
}

impl Commit {
    /// About how much it holds in memory, in bytes: its texts, and something for the rest.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let decisions = self.entry.iter().flat_map(|entry| &entry.decisions);
        let texts = decisions.flat_map(|decision| {
            let events = decision.events.iter().map(|event| event.data.as_str().len());
            events.chain(decision.effects.iter().map(|effect| match effect {
                Effect::Send(command) => command.data.as_str().len(),
                Effect::SetTimer { data, .. } => data.as_str().len(),
                Effect::ClearTimer(_) => 0,
            }))
        });
        let snapshots = self.snapshots.iter().map(|kept| kept.state.as_str().len());
        let pieces = self.undelivered.len() + self.timers_set.len();
        // A piece is a message or a timer with its names; what it carries is shared with the effect that it comes from.
        1_024 + texts.sum::<usize>() + snapshots.sum::<usize>() + pieces * 512
    }
}

/// The folded state of a stream at one version. Only a cache: the events are the truth.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The stream.
    pub suffix: Suffix,
    /// The version of the last event that it contains.
    pub version: u64,
    /// The module that made it.
    pub module: Digest,
    /// The format of the text, as the module's manifest names it.
    pub state_format: u32,
    /// The state as the definition wrote it.
    pub state: Json,
}

/// What a commit adds to the log: the decisions of one process at one moment, and what led to them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The message from outside, the reply or the fired timer that set the chain off; kept, so that every decision can be made again.
    pub input: Message,
    /// When.
    pub time: Timestamp,
    /// The modules that decided, by stream.
    pub pins: Vec<Pin>,
    /// In order.
    pub decisions: Vec<DecisionRecord>,
}

/// The module that decided for a stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pin {
    /// The stream.
    pub suffix: Suffix,
    /// The category that the module was loaded under.
    pub category: Category,
    /// The module.
    pub module: Digest,
}

/// One accepted decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecisionRecord {
    /// Index of the stream and module among the entry's pins.
    pub pin: usize,
    /// The id of the message or event that it answers.
    pub cause: MessageId,
    /// The seed that it was given.
    pub seed: u64,
    /// Version of its first event.
    pub first_version: u64,
    /// What it recorded; versions are dense.
    pub events: Vec<Event>,
    /// What followed from it.
    pub effects: Vec<Effect>,
}

impl Entry {
    /// How many events it holds.
    #[must_use]
    pub fn event_count(&self) -> u64 {
        self.decisions.iter().map(|decision| decision.events.len() as u64).sum()
    }

    /// Bytes of JSON text that it holds: what led to it, its events and what they carried on.
    #[must_use]
    pub fn payload_bytes(&self) -> usize {
        let effect = |effect: &Effect| match effect {
            Effect::Send(command) => command.data.as_str().len(),
            Effect::SetTimer { data, .. } => data.as_str().len(),
            Effect::ClearTimer(_) => 0,
        };
        let decision = |decision: &DecisionRecord| {
            let events: usize = decision.events.iter().map(|event| event.data.as_str().len()).sum();
            events + decision.effects.iter().map(effect).sum::<usize>()
        };
        self.input.data.as_str().len() + self.decisions.iter().map(decision).sum::<usize>()
    }

    /// Its events as a reader of the log sees them; the first one stands at `first_position`.
    pub fn events(&self, first_position: u64) -> impl Iterator<Item = RecordedEvent> + '_ {
        self.decisions
            .iter()
            .flat_map(move |decision| {
                decision.events.iter().zip(decision.first_version..).map(move |(event, version)| (decision, event, version))
            })
            .zip(first_position..)
            .map(|((decision, event, version), position)| {
                let pin = &self.pins[decision.pin];
                RecordedEvent {
                    stream: StreamName { process: self.input.process.clone(), suffix: pin.suffix.clone() },
                    version,
                    position,
                    time: self.time,
                    event: event.clone(),
                    category: pin.category.clone(),
                    module: pin.module,
                    cause: decision.cause.clone(),
                    correlation: self.input.correlation.clone(),
                }
            })
    }
}

/// The durable answer to a request; the same request gets the same answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// What makes the request the same one: its `Idempotency-Key`, its message id, or `start`.
    pub key: String,
    /// Hash of what was asked, so that another request under the same key is told apart.
    pub fingerprint: u64,
    /// The id of the message.
    pub message: MessageId,
    /// The category that took it; none where the message waits.
    pub category: Option<Category>,
    /// The stream that took it.
    pub stream: Option<Suffix>,
    /// Version of the first event that it led to.
    pub version: Option<u64>,
    /// When it was taken.
    pub time: Timestamp,
}
