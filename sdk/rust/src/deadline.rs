//! Deadlines of commands, as a process meets them: the name that lifts one, and the command that came back.
//!
//! Who keeps them is the host; what counts as an answer is the definition's word.

use serde::de::DeserializeOwned;

use crate::contract::Undelivered;
use crate::wire;

/// What the names of deadlines begin with; no timer of a process may.
pub const PREFIX: &str = "undelivered:";

/// The name under which the oldest open deadline of a kind of command is cleared.
#[must_use]
pub fn name(kind: &str) -> String {
    [PREFIX, kind].concat()
}

impl Undelivered {
    /// The command that came back; none when it is not one of `C`.
    #[must_use]
    pub fn command<C: DeserializeOwned>(&self) -> Option<C> {
        wire::read_own(&self.kind, &self.data).ok()
    }
}
