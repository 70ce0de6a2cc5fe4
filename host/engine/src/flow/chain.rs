//! A chain: the turns that one input sets off within its process, up to the point where only the outside can go on.
//! All of it becomes one commit, so an inner hop costs no sync; nothing here is visible before that commit.

mod apart;
mod bounds;
mod close;
mod decide;
mod keep;
mod migrate;
mod stage;

use std::collections::VecDeque;

use self::apart::Redo;
use super::apart::{Errand, MadeTurn, Seen};
use super::lanes::Lane;
use super::outbox::{self, Route, Target};
use super::shared::Shared;
use super::turn::Outcome;
use crate::error::Refusal;
use crate::model::commit::{DecisionRecord, Pin, Receipt, Snapshot as Kept};
use crate::model::decision::{Rejection, Trigger};
use crate::model::id::{Category, ProcessId, Suffix};
use crate::model::message::Message;
use crate::model::note::{Happening, Note};
use crate::model::process::{Attempts, DeliveryState, Timer, TimerKey, Undelivered};
use crate::model::time::Timestamp;
use crate::ports::definition::{GuestError, Pace};
use crate::ports::store::StoreError;
use crate::registry::Snapshot;

/// What one input has set off so far; staged, not recorded.
pub(super) struct Chain<'a> {
    shared: &'a Shared,
    snapshot: &'a Snapshot,
    pub(super) lane: &'a mut Lane,
    pub(super) now: Timestamp,
    input: Message,
    pins: Vec<Pin>,
    decisions: Vec<DecisionRecord>,
    /// Messages that the chain itself brought about.
    queue: VecDeque<Message>,
    pub(super) receipt: Option<Receipt>,
    pub(super) delivered: Vec<(ProcessId, u64)>,
    pub(super) undelivered: Vec<Undelivered>,
    pub(super) timers_cleared: Vec<TimerKey>,
    pub(super) timers_set: Vec<Timer>,
    notes: Vec<Note>,
    snapshots: Vec<Kept>,
    /// Earlier attempts at the input that failed.
    pub(super) failed: Option<Attempts>,
    /// Attempts that the last failed turn took.
    tried: u32,
    /// How long the calls of its turns may take.
    pace: Pace,
    /// What becomes of it where a turn takes longer.
    redo: Redo,
    /// A turn that was made apart for this chain.
    made: Option<Box<MadeTurn>>,
    /// What a stream shows after a turn that was made apart.
    seen: Option<(Suffix, Seen)>,
    /// Whether every stream that changed was looked at.
    has_looked: bool,
    /// Whether the process had come to its end before.
    pub(super) had_ended: bool,
    /// Deferred messages that an event of their stream has made due.
    pub(super) due_again: Vec<u64>,
    /// Whether a stream began: what waited for one may have a receiver now.
    pub(super) begun: bool,
}

/// What came of the input itself.
#[derive(Debug)]
pub(super) enum Verdict {
    Accepted { stream: Suffix, category: Category, version: u64 },
    Ignored(String),
    Rejected(Rejection),
    Deferred(String),
}

/// A turn that could not be made.
#[derive(Debug)]
pub(super) enum Failure {
    /// The guest is at fault. The text names the definition.
    Guest(String, GuestError),
    Store(StoreError),
    /// It has to be made apart; none where that cannot be waited for, so that what wants it is kept for later.
    Apart(Option<Box<Errand>>),
}

/// Why a chain does not come to its end now. All of it is done again, and nothing of it is recorded before.
#[derive(Debug)]
pub(super) enum Halt {
    Store(StoreError),
    /// When a turn has been made apart.
    Apart(Box<Errand>),
    /// At once: a definition that was looked at takes longer than a slice.
    Again,
}

impl From<StoreError> for Halt {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Halt> for Refusal {
    fn from(halt: Halt) -> Self {
        match halt {
            Halt::Store(error) => Self::Store(error),
            Halt::Apart(_) | Halt::Again => Self::Busy,
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Failure {
    pub(super) fn into_refusal(self, process: &ProcessId) -> Refusal {
        match self {
            Self::Guest(definition, source) => Refusal::Guest { definition, process: process.clone(), source },
            Self::Store(error) => Refusal::Store(error),
            Self::Apart(_) => Refusal::Busy,
        }
    }
}

impl<'a> Chain<'a> {
    pub(super) fn new(shared: &'a Shared, snapshot: &'a Snapshot, lane: &'a mut Lane, input: Message) -> Self {
        // Time never goes back within a process, whatever the system's clock does.
        let latest = lane.row.streams.iter().map(|head| head.updated_at).max().unwrap_or_default();
        // What was made apart for this input was made at its time.
        let made = lane.made.take().filter(|made| made.input == input && made.now >= latest);
        let now = made.as_ref().map_or_else(|| shared.clock.now().max(latest), |made| made.now);
        let had_ended = lane.row.has_ended();
        Self {
            shared,
            snapshot,
            lane,
            now,
            input,
            pins: Vec::new(),
            decisions: Vec::new(),
            queue: VecDeque::new(),
            receipt: None,
            delivered: Vec::new(),
            undelivered: Vec::new(),
            timers_cleared: Vec::new(),
            timers_set: Vec::new(),
            notes: Vec::new(),
            snapshots: Vec::new(),
            failed: None,
            tried: 1,
            pace: Pace::Slice,
            redo: Redo::Possible,
            made,
            seen: None,
            has_looked: false,
            had_ended,
            due_again: Vec::new(),
            begun: false,
        }
    }

    /// Whether the commit would change anything but notes.
    pub(super) fn has_only_noted(&self) -> bool {
        self.decisions.is_empty() && self.undelivered.is_empty() && self.delivered.is_empty() && !self.notes.is_empty()
    }

    /// The same, where what led to it must not be done once more.
    pub(super) fn only_once(self) -> Self {
        Self { redo: Redo::Impossible, ..self }
    }

    /// The same, with all the time that its definitions may use: somebody has asked for just this.
    pub(super) fn unhurried(self) -> Self {
        Self { pace: Pace::Whole, ..self }
    }

    /// A timer rang: whatever the clock says by now, its moment has come.
    pub(super) fn not_before(&mut self, due: Timestamp) {
        self.now = self.now.max(due);
    }

    /// Whether anything was decided.
    pub(super) fn has_decided(&self) -> bool {
        !self.decisions.is_empty()
    }

    /// Says what set the chain off, where that is known only now.
    pub(super) fn replace_input(&mut self, input: Message) {
        self.input = input;
    }

    /// Takes the input to its targets. A failure means that nothing was decided or put off; what was before one stays.
    pub(super) fn begin(&mut self, targets: &[Target], trigger: &Trigger) -> Result<Verdict, Failure> {
        let input = self.input.clone();
        let mut verdict = None;
        for target in targets {
            let one = match self.attempt(target, trigger, &input.id) {
                Err(Failure::Apart(None)) => {
                    self.keep(input.clone(), Some(target.suffix.clone()), DeliveryState::Due);
                    Verdict::Deferred("it takes long to decide".to_owned())
                }
                Err(failure) if !self.has_decided() && self.undelivered.is_empty() => return Err(failure),
                Err(failure) => {
                    self.park(input.clone(), Some(target.suffix.clone()), failure)?;
                    continue;
                }
                Ok(outcome) => self.stage(target, &input, outcome),
            };
            // With several targets the most effective answer counts, in the order of the variants.
            verdict = Some(match verdict {
                Some(Verdict::Accepted { .. }) => continue,
                Some(first @ Verdict::Deferred(_)) if !matches!(one, Verdict::Accepted { .. }) => first,
                _ => one,
            });
        }
        Ok(verdict.unwrap_or_else(|| Verdict::Ignored("no stream takes it".to_owned())))
    }

    /// Stages what a target made of the input.
    fn stage(&mut self, target: &Target, input: &Message, outcome: Outcome) -> Verdict {
        match outcome {
            Outcome::Accepted(decisions) => {
                let version = decisions.first().map_or(0, |decision| decision.first_version);
                self.accept(target, decisions);
                Verdict::Accepted { stream: target.suffix.clone(), category: target.category.clone(), version }
            }
            Outcome::Ignored(reason) => {
                self.note(Happening::Ignored, input, Some(target.suffix.clone()), reason.clone(), None);
                Verdict::Ignored(reason)
            }
            Outcome::Rejected(rejection) => {
                self.note(Happening::Rejected, input, Some(target.suffix.clone()), rejection.to_string(), None);
                Verdict::Rejected(rejection)
            }
            Outcome::Deferred(reason) => {
                self.put_off_until_next(input.clone(), target, reason.clone());
                Verdict::Deferred(reason)
            }
        }
    }

    /// Follows the messages that were brought about until only the outside can go on, or the chain is long enough, and looks at what has changed.
    pub(super) fn follow(&mut self) -> Result<(), Halt> {
        while let Some(message) = self.queue.pop_front() {
            if message.process != self.lane.row.id {
                // Another process does not wait for this one to be mended.
                self.keep(message, None, DeliveryState::Due);
            } else if self.lane.row.parked.is_some() {
                self.keep(message, None, DeliveryState::Parked);
            } else if self.decisions.len() >= self.shared.limits.decisions_per_chain_max {
                self.keep(message, None, DeliveryState::Due);
            } else {
                self.hop(message)?;
            }
        }
        self.look()
    }

    fn hop(&mut self, message: Message) -> Result<(), StoreError> {
        match outbox::route(&self.shared.registry, self.snapshot, &self.lane.row, &message, None) {
            // The outside hears of it when it is durable.
            Route::Adapter(_) => self.keep(message, None, DeliveryState::Due),
            Route::Nobody(_) if message.is_event() => {}
            Route::Nobody(why) => {
                tracing::warn!(process = %message.process, message_id = %message.id, kind = %message.kind, why, "a command waits for a definition");
                self.keep(message, None, DeliveryState::Unhandled);
            }
            Route::Streams(targets) => {
                for target in targets {
                    self.hop_to(&target, &message)?;
                }
            }
        }
        Ok(())
    }

    fn hop_to(&mut self, target: &Target, message: &Message) -> Result<(), StoreError> {
        if self.lane.row.parked.is_some() {
            self.keep(message.clone(), Some(target.suffix.clone()), DeliveryState::Parked);
            return Ok(());
        }
        if self.shared.rests(&target.module).is_some() || self.shared.is_slow(&target.module) {
            self.keep(message.clone(), Some(target.suffix.clone()), DeliveryState::Due);
            return Ok(());
        }
        match self.attempt(target, &Trigger::Message(message.clone()), &message.id) {
            Ok(Outcome::Accepted(decisions)) => self.accept(target, decisions),
            Ok(Outcome::Deferred(reason)) => self.put_off_until_next(message.clone(), target, reason),
            Ok(Outcome::Ignored(reason)) => self.note(Happening::Ignored, message, Some(target.suffix.clone()), reason, None),
            Ok(Outcome::Rejected(rejection)) => {
                self.note(Happening::Rejected, message, Some(target.suffix.clone()), rejection.to_string(), None);
            }
            Err(Failure::Apart(_)) => self.keep(message.clone(), Some(target.suffix.clone()), DeliveryState::Due),
            Err(failure) => self.park(message.clone(), Some(target.suffix.clone()), failure)?,
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Failure;
    use crate::error::Refusal;
    use crate::model::id::ProcessId;
    use crate::ports::definition::GuestError;

    #[test]
    fn a_caller_hears_which_definition_broke_on_its_request() {
        let failure = Failure::Guest("domestic-1.0 (abc)".to_owned(), GuestError::Trap("unreachable".to_owned()));
        let refusal = failure.into_refusal(&ProcessId::parse("P1").unwrap());
        assert!(matches!(&refusal, Refusal::Guest { .. }));
        assert!(refusal.to_string().contains("domestic-1.0 (abc)") && refusal.to_string().contains("P1"), "{refusal}");
    }
}
