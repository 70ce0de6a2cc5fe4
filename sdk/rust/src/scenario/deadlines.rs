//! Deadlines of commands in a scenario, kept as the host keeps them.
//!
//! A deadline ends in one of three ways: it passes, the process lifts it, or the process ends.

use super::Scenario;
use crate::contract::{Command, Phase, Trigger, Undelivered};
use crate::{Process, deadline};

/// Why a command comes back whose deadline has passed.
pub(super) const NO_ANSWER: &str = "no answer in time";

/// The open deadline of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deadline {
    /// The kind of the command.
    pub kind: String,
    /// What the command carried.
    pub data: String,
    /// When it passes, in milliseconds since 1970.
    pub due: u64,
}

impl<P: Process> Scenario<P> {
    /// The oldest open deadline of this kind of command passes; the clock moves on to it.
    ///
    /// # Panics
    /// When there is none: the command was sent without a deadline, was answered, or the process has ended.
    #[must_use]
    pub fn when_undelivered(mut self, kind: &str) -> Self {
        let Some(place) = self.deadlines.iter().position(|deadline| deadline.kind == kind) else {
            panic!("no deadline of a `{kind}` is open; open are {:?}", self.deadlines);
        };
        let Deadline { kind, data, due } = self.deadlines.remove(place);
        self.now = self.now.max(due);
        self.when_triggered(came_back(&kind, NO_ANSWER, &data))
    }

    /// An operator drops a command that nobody could carry out; it comes back whether it had a deadline or not.
    #[must_use]
    pub fn when_dropped(self, kind: &str, data: &str) -> Self {
        self.when_triggered(came_back(kind, "dropped by an operator", data))
    }

    /// Exactly these kinds of commands have an open deadline, the oldest first.
    ///
    /// # Panics
    /// When others have, or fewer.
    pub fn then_awaits<const N: usize>(self, kinds: [&str; N]) -> Self {
        let open: Vec<&str> = self.deadlines.iter().map(|deadline| deadline.kind.as_str()).collect();
        assert_eq!(open, kinds, "the open deadlines (left) are not the expected ones (right)\n{}", self.story());
        self
    }

    /// The newest open deadline of this kind of command passes so many milliseconds from now.
    ///
    /// # Panics
    /// When there is none, or it passes at another time.
    pub fn then_expires_after(self, kind: &str, ms: u64) -> Self {
        let due = self.deadlines.iter().rfind(|deadline| deadline.kind == kind).map(|deadline| deadline.due);
        assert_eq!(due, Some(self.now.saturating_add(ms)), "`{kind}` has another deadline, or none\n{}", self.story());
        self
    }

    /// The open deadlines, the oldest first.
    #[must_use]
    pub fn deadlines(&self) -> &[Deadline] {
        &self.deadlines
    }

    /// Takes note of a command.
    pub(super) fn send(&mut self, command: Command) {
        if let Some(ms) = command.expires_after {
            let due = self.now.saturating_add(ms);
            self.deadlines.push(Deadline { kind: command.kind.clone(), data: command.data.clone(), due });
        }
        if !self.sent_ever.contains(&command) {
            self.sent_ever.push(command.clone());
        }
        self.last.sent.push(command);
    }

    /// Clears a timer, or lifts the oldest deadline of a kind.
    pub(super) fn clear(&mut self, name: &str) {
        let Some(kind) = name.strip_prefix(deadline::PREFIX) else {
            return self.timers.retain(|timer| timer.name != name);
        };
        if let Some(place) = self.deadlines.iter().position(|deadline| deadline.kind == kind) {
            self.deadlines.remove(place);
        }
    }

    /// A process that has ended waits for nothing.
    pub(super) fn lift_at_the_end(&mut self) {
        if matches!(self.view().phase, Phase::Completed | Phase::Failed | Phase::Cancelled) {
            self.deadlines.clear();
        }
    }
}

pub(super) fn came_back(kind: &str, reason: &str, data: &str) -> Trigger {
    Trigger::Undelivered(Undelivered { id: "command".to_owned(), kind: kind.to_owned(), reason: reason.to_owned(), data: data.to_owned() })
}
