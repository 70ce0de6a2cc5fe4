//! What a query sees of a process.
//! A view is made by the definition; the engine only knows the phases.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::json::Json;

/// Where a process is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Under way, or waiting.
    Running,
    /// Undoing what was done.
    Compensating,
    /// Ended as intended.
    Completed,
    /// Ended otherwise; a later message may still take it up again.
    Failed,
    /// Ended on request.
    Cancelled,
}

impl Phase {
    /// Every phase, in the order of its stored number.
    pub const ALL: [Self; 5] = [Self::Running, Self::Compensating, Self::Completed, Self::Failed, Self::Cancelled];

    /// Whether a process in this phase has come to an end.
    #[must_use]
    pub fn has_ended(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }

    /// The phase as it is written everywhere.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Compensating => "compensating",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Reads a phase as it is written; nothing else is a phase.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|phase| phase.as_str() == text)
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.as_str())
    }
}

/// What a query sees of one stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// Where the process is in its life.
    pub phase: Phase,
    /// The step that it is at, in the definition's own words.
    pub step: Option<String>,
    /// What the process has brought about so far.
    pub outcome: Option<Json>,
    /// Searchable names and values.
    pub tags: Vec<Tag>,
}

/// A searchable name and value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tag {
    /// The name.
    pub name: String,
    /// The value.
    pub value: String,
}
