//! Why a host did not start, and why it did not do what it was asked.
//! What a definition refuses arrives here as the engine's own refusal.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use procession_engine::error::{DeployError, Refusal};
use procession_engine::model::id::InvalidName;
use procession_engine::ports::store::StoreError;

/// A host that could not be started; nothing of it is left running.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Another host works on the data folder.
    #[error("the data folder {folder} is in use by another host; stop that one, or choose another folder")]
    DataInUse {
        /// The folder.
        folder: PathBuf,
    },
    /// The data folder cannot be used. The text names it and says why.
    #[error("the data folder cannot be used: {reason}")]
    Data {
        /// What the system or the store says.
        reason: String,
    },
    /// The definitions folder is missing or cannot be read. The text names it and says why.
    #[error("the definitions folder cannot be used: {reason}")]
    Definitions {
        /// What the system says.
        reason: String,
    },
    /// A setting that no definition could receive.
    #[error("the setting {name}: {reason}")]
    Setting {
        /// The category and the key.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The sandbox cannot be set up.
    #[error("the sandbox for definitions cannot be set up: {0}")]
    Runtime(String),
    /// The start itself broke.
    #[error("the start did not come to its end: {0}")]
    Broken(String),
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Somebody else listens there.
    #[error("the address {address} is in use by another program; stop that one, or choose another address")]
    AddressInUse {
        /// The address.
        address: String,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {reason}")]
    Address {
        /// The address.
        address: String,
        /// What the system says.
        reason: String,
    },
    /// Everybody who reaches the address could do everything.
    #[error("{address} can be reached from other machines, and no token is set; set a token, or say that it shall be insecure")]
    Open {
        /// The address.
        address: SocketAddr,
    },
    /// The system gives no thread.
    #[error("the system gives no thread: {0}")]
    Thread(#[source] std::io::Error),
}

/// A question that was not answered, or a message that was not taken.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// The engine or the definition turned it down.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The definition has no use for the message, now or ever; nothing is recorded.
    #[error("the message was ignored: {0}")]
    Ignored(String),
    /// The payload cannot be written as JSON.
    #[error("the payload cannot be written as JSON: {0}")]
    Payload(#[from] serde_json::Error),
    /// The process has not ended in time. It goes on.
    #[error("process {process} has not ended within {waited:?}")]
    NotYet {
        /// The process.
        process: String,
        /// How long it was waited for.
        waited: Duration,
    },
    /// The module was not taken.
    #[error(transparent)]
    Deploy(#[from] DeployError),
    /// A thread of the host broke.
    #[error("the host could not do its work: {0}")]
    Broken(String),
}

/// A stop that did not come to its end in time. Nothing that was acknowledged is lost: it is on the disk, and the next start carries on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the stop took longer than {within:?}: {commits} commits were not durable yet and {waiting} pieces of work still waited; \
     none of these was acknowledged, and the next start finds what was recorded"
)]
pub struct Unfinished {
    /// How long it was waited for.
    pub within: Duration,
    /// Commits that were not durable yet.
    pub commits: usize,
    /// Pieces of work that waited for the workers.
    pub waiting: usize,
}

/// An error with its causes, in one line.
pub(crate) fn told(error: &dyn std::error::Error) -> String {
    let mut texts: Vec<String> = std::iter::successors(Some(error), |error| error.source()).map(ToString::to_string).collect();
    texts.dedup();
    texts.join(": ")
}

impl From<InvalidName> for AskError {
    fn from(name: InvalidName) -> Self {
        Self::Refused(name.into())
    }
}

impl From<StoreError> for AskError {
    fn from(error: StoreError) -> Self {
        Self::Refused(error.into())
    }
}
