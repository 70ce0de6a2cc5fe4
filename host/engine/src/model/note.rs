//! Notes: what happened to a process and is no decision, kept for whoever looks into it.
//! A note changes nothing; the events alone are the truth.

use serde::{Deserialize, Serialize};

use super::id::{Kind, MessageId, Suffix};
use super::json::Json;
use super::time::Timestamp;

/// Notes that are kept of one process: the latest ones. Enough to see what an unruly sender or an operator did,
/// and a bound, because triggers that do not apply can come for ever.
pub const NOTES_PER_PROCESS_MAX: u64 = 64;

/// What happened to a process and is no decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// Its number within the process, from 1; dense, although only the latest are kept.
    pub seq: u64,
    /// When.
    pub time: Timestamp,
    /// What happened.
    pub what: Happening,
    /// The message that it happened to.
    pub message: MessageId,
    /// What that one said or asked for.
    pub kind: Kind,
    /// The stream that it was for, where that is known.
    pub stream: Option<Suffix>,
    /// Why, in a sentence.
    pub reason: String,
    /// What the message carried before an operator edited or dropped it.
    pub data: Option<Json>,
}

impl Note {
    /// Where it is kept: later notes take the place of the oldest.
    #[must_use]
    pub fn slot(&self) -> u64 {
        self.seq % NOTES_PER_PROCESS_MAX
    }
}

/// What can happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Happening {
    /// The definition had no use for a trigger.
    Ignored,
    /// The definition turned a trigger down.
    Rejected,
    /// The definition put a trigger off.
    Deferred,
    /// A message became a dead letter.
    Died,
    /// A command still waited when the time for its answer was over, and was withdrawn.
    Withdrawn,
    /// An operator let a message be tried again.
    Replayed,
    /// An operator changed what a message carries and let it be tried again.
    Edited,
    /// An operator dropped a message: it will have no effect.
    Dropped,
}

impl Happening {
    /// The word that it is written as everywhere.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ignored => "ignored",
            Self::Rejected => "rejected",
            Self::Deferred => "deferred",
            Self::Died => "died",
            Self::Withdrawn => "withdrawn",
            Self::Replayed => "replayed",
            Self::Edited => "edited",
            Self::Dropped => "dropped",
        }
    }
}
