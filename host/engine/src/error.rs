//! Why the engine did not do what it was asked, split by what the caller can do about it.
//! A definition's refusal travels here to its caller, but it is a decision, not a fault.

use crate::model::decision::{Rejection, RejectionReason};
use crate::model::id::{Category, InvalidName, ProcessId};
use crate::ports::definition::{GuestError, LoadError};
use crate::ports::store::StoreError;

/// A request that had no effect; nothing of it is recorded.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Refusal {
    /// The request itself is wrong: the caller mends it.
    #[error("{code}: {message}")]
    Invalid {
        /// For programs.
        code: String,
        /// For people.
        message: String,
    },
    /// The definition turned it down in the present state, or it clashes with an earlier request.
    #[error("{code}: {message}")]
    Rejected {
        /// For programs.
        code: String,
        /// For people.
        message: String,
    },
    /// Nothing is recorded of this process.
    #[error("nothing is recorded of process {0}")]
    UnknownProcess(ProcessId),
    /// The process keeps no message of this number.
    #[error("process {process} keeps no message {seq}; it may have had its effect, or have been dropped")]
    UnknownMessage {
        /// The process.
        process: ProcessId,
        /// The number.
        seq: u64,
    },
    /// Too much is waiting: the caller tries again later.
    #[error("the host has as much work waiting as it may hold; try again later")]
    Busy,
    /// The definition broke on this request: its author mends it.
    #[error("{definition} could not decide for process {process}: {source}")]
    Guest {
        /// Category and module.
        definition: String,
        /// The process.
        process: ProcessId,
        /// What happened.
        #[source]
        source: GuestError,
    },
    /// The definition has wasted too much time in calls that came to nothing: the caller tries again later, its author mends it.
    #[error(
        "the definition {definition} rests for {for_s} more seconds: too many calls of it came to nothing; nothing is recorded of this request"
    )]
    Resting {
        /// Category and module.
        definition: String,
        /// Seconds.
        for_s: u64,
    },
    /// The process is on a module that is being compiled, which happens after an upgrade: the caller tries again later.
    #[error("the definition {definition} is being compiled; nothing is recorded of this request, try again in some seconds")]
    NotCompiled {
        /// Category and module.
        definition: String,
    },
    /// The store could not do its work: the operator mends it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The host is stopping.
    #[error("the host is stopping")]
    Stopping,
}

impl Refusal {
    /// A request that is wrong in itself.
    pub fn invalid(code: &str, message: impl Into<String>) -> Self {
        Self::Invalid { code: code.to_owned(), message: message.into() }
    }

    /// A request that clashes with what is there.
    pub fn rejected(code: &str, message: impl Into<String>) -> Self {
        Self::Rejected { code: code.to_owned(), message: message.into() }
    }
}

impl From<Rejection> for Refusal {
    fn from(rejection: Rejection) -> Self {
        let Rejection { reason, code, message } = rejection;
        match reason {
            RejectionReason::Invalid => Self::Invalid { code, message },
            RejectionReason::NotApplicable => Self::Rejected { code, message },
        }
    }
}

impl From<InvalidName> for Refusal {
    fn from(name: InvalidName) -> Self {
        Self::invalid("invalid-name", name.to_string())
    }
}

/// A module that was not taken; what was active stays active.
#[derive(Debug, Clone, thiserror::Error)]
pub enum DeployError {
    /// It cannot be loaded: its author mends it.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// It clashes with another definition: the operator decides between them.
    #[error("{0}")]
    Clash(String),
    /// It does not keep what it owes to histories that are recorded: its author mends it, or the operator opens the gate.
    #[error("the gate refuses {category}: {reasons}")]
    Gate {
        /// What it says it is.
        category: Category,
        /// What it does not keep, with the first places where that shows.
        reasons: String,
    },
    /// No module has this name.
    #[error("no definition is known as {0}; `procession definitions list` shows what there is")]
    Unknown(String),
    /// There is nothing to go back to.
    #[error("nothing was active before {0} that could take new processes again; deploy it, or activate another module by its digest")]
    NothingBefore(Category),
    /// The shelf could not keep it.
    #[error(transparent)]
    Store(#[from] StoreError),
}
