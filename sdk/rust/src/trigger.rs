//! Why `decide` is called, in the author's own types.

use crate::contract::{TimerFired, Undelivered};

/// Why `decide` is called: `M` are the messages that the process takes, `E` its own events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trigger<M, E> {
    /// A message that begins the stream, or arrives again later.
    Start(M),
    /// A message for a stream that exists.
    Message(M),
    /// One of its own events, offered in the same commit because the manifest asks for it.
    Recorded(E),
    /// A timer that it set has come due.
    Timer(TimerFired),
    /// A command that it sent had no answer in time, or an operator dropped it; its [`command`](Undelivered::command) tells which one.
    Undelivered(Undelivered),
    /// Somebody asks for the process to be cancelled; the text is the reason.
    Cancel(String),
    /// The process has been moved to this module; the text is the category that it comes from.
    Migrated(String),
}
