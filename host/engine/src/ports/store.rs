//! The event store port: one ordered writer, and reads.
//! What a commit means is said in `model::commit`; what every store must keep is said by the conformance suite.

use crate::model::commit::{Commit, Receipt, Snapshot};
use crate::model::event::RecordedEvent;
use crate::model::id::{Digest, ProcessId, StreamName};
use crate::model::note::Note;
use crate::model::process::{ProcessRow, Timer, TimerKey, Undelivered};
use crate::model::view::Phase;

/// Called once, from any thread, when a commit is durable or has failed. It must not block.
pub type Done = Box<dyn FnOnce(Result<(), CommitError>) + Send>;

/// Keeps streams, undelivered messages, timers, receipts and rows.
///
/// Order is the promise that everything else rests on: commits take effect in the order in which they are submitted,
/// and a crash can only cut off a suffix of that order.
pub trait EventStore: Send + Sync {
    /// Hands a commit to the ordered writer and returns at once; `done` is called after the sync to disk.
    /// Only where as many commits wait as the store has room for does it wait for a place.
    /// A commit may build on submitted commits that are not durable yet: where one fails, those that build on it fail too.
    fn submit(&self, commit: Commit, done: Done);

    /// Calls `done` when everything that reads could see at the moment of this call is durable.
    fn barrier(&self, done: Done);

    /// The row of a process; none where nothing is recorded.
    /// Sees commits that are applied but perhaps not durable, as all reads do: what leaves the host waits for a `barrier`.
    ///
    /// # Errors
    /// [`StoreError`] where the store cannot be read.
    fn process(&self, id: &ProcessId) -> Result<Option<ProcessRow>, StoreError>;

    /// The receipt that a process gave under a key.
    ///
    /// # Errors
    /// [`StoreError`] where the store cannot be read.
    fn receipt(&self, id: &ProcessId, key: &str) -> Result<Option<Receipt>, StoreError>;

    /// Events in order, from `from` on (or from it backwards), at most `limit`.
    /// `from` is a version for a stream and a position for a process or the whole log.
    ///
    /// # Errors
    /// [`StoreError`] where the store cannot be read.
    fn read(&self, scope: &Scope, from: u64, direction: Direction, limit: usize) -> Result<Vec<RecordedEvent>, StoreError>;

    /// Undelivered messages in order of owner and number: those after `after`, at most `limit`; with an owner, only that one's.
    ///
    /// # Errors
    /// [`StoreError`] where the store cannot be read.
    fn undelivered(&self, owner: Option<&ProcessId>, after: Option<(ProcessId, u64)>, limit: usize)
    -> Result<Vec<Undelivered>, StoreError>;

    /// Timers due before or at `until`, earliest first: those after `after`, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] where the store cannot be read.
    fn timers(&self, until: crate::model::time::Timestamp, after: Option<&TimerKey>, limit: usize) -> Result<Vec<Timer>, StoreError>;

    /// Rows of processes in order of id: those after `after`, at most `limit`; with a phase, only those whose first stream is in it.
    ///
    /// # Errors
    /// [`StoreError`] where the store cannot be read.
    fn processes(&self, phase: Option<Phase>, after: Option<&ProcessId>, limit: usize) -> Result<Vec<ProcessRow>, StoreError>;

    /// The notes that are kept of a process, oldest first; at most `model::note::NOTES_PER_PROCESS_MAX`.
    ///
    /// # Errors
    /// [`StoreError`] where the store cannot be read.
    fn notes(&self, id: &ProcessId) -> Result<Vec<Note>, StoreError>;

    /// The latest snapshot of a stream; none where there is none.
    ///
    /// # Errors
    /// [`StoreError`] where the store cannot be read.
    fn snapshot(&self, stream: &StreamName) -> Result<Option<Snapshot>, StoreError>;
}

/// Whose events to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// One stream, by version.
    Stream(StreamName),
    /// All streams of one process, by position.
    Process(ProcessId),
    /// The whole log, by position.
    All,
}

/// Which way to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Oldest first.
    Forward,
    /// Newest first.
    Backward,
}

/// A commit that did not happen; nothing of it is there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    /// Somebody else committed first: load and decide again.
    #[error("process {process} is not at revision {expected}: {found} was found")]
    Stale {
        /// The process.
        process: ProcessId,
        /// The revision that the commit builds on.
        expected: u64,
        /// The revision that it found.
        found: u64,
    },
    /// The request's key was taken before: answer with the first receipt.
    #[error("process {process} has taken a request under the key {key:?} before")]
    Taken {
        /// The process.
        process: ProcessId,
        /// The key.
        key: String,
    },
    /// An undelivered message or a timer has had its effect before: drop this one.
    #[error("process {process} has no undelivered message or timer with the number {seq}")]
    Gone {
        /// Whose message or timer.
        process: ProcessId,
        /// Its number.
        seq: u64,
    },
    /// It puts a stream on a module that was removed meanwhile: decide again with what there is now.
    #[error("the module {} was removed", .module.short())]
    Removed {
        /// The module.
        module: Digest,
    },
    /// The store could not write; nothing of this commit may be acknowledged.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A store that cannot do its work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Reading or writing failed: a full disk, a broken device. The text names file and cause.
    #[error("the event store failed: {0}")]
    Io(String),
    /// What was read is not what was written. The text names the key.
    #[error("the event store is damaged: {0}")]
    Damaged(String),
    /// The store is shut, or stopped after a failure that it cannot come back from.
    #[error("the event store is closed: {0}")]
    Closed(String),
}
