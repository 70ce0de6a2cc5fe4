//! What a process waits for, as JSON: timers, answers with a deadline, delayed messages, and messages that have not had their effect.
//! A process that is under way and shows none of these is stuck.

use procession_engine::model::process::{Deadline, DeliveryState, Fires, ProcessRow, SetTimer, StreamHead, Timer, Undelivered};
use serde::Serialize;

use super::dead_letters;
use super::shapes::rfc3339;

/// All that a process waits for; what there is none of is left out.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Waits {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    timers: Vec<Set>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    deadlines: Vec<Expected>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    delayed: Vec<Later>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    waiting: Vec<Waiting>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    dead_letters: Vec<String>,
}

/// A timer that is set.
#[derive(Serialize)]
struct Set {
    stream: String,
    name: String,
    due: String,
}

/// The answer to a command, which may take so long and no longer.
#[derive(Serialize)]
struct Expected {
    stream: String,
    /// The command.
    message: String,
    /// Its kind.
    kind: String,
    due: String,
}

/// A message that was told to take its time.
#[derive(Serialize)]
struct Later {
    message: String,
    kind: String,
    due: String,
}

/// A message that is recorded and has not had its effect.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Waiting {
    message: String,
    kind: String,
    since: String,
    reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    attempts: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_attempt: Option<String>,
}

impl Waits {
    pub(super) fn of(row: &ProcessRow, undelivered: Vec<Undelivered>, delayed: Vec<Timer>) -> Self {
        let is_dead = |one: &&Undelivered| one.state.is_dead_letter();
        let dead_letters = undelivered.iter().filter(is_dead).map(|one| dead_letters::Id::of(one).to_string()).collect();
        Self {
            delayed: delayed.into_iter().filter_map(Later::of).collect(),
            waiting: undelivered.into_iter().map(Waiting::of).collect(),
            dead_letters,
            ..Self::set(row)
        }
    }

    /// What the row alone says: timers and deadlines.
    pub(super) fn set(row: &ProcessRow) -> Self {
        let named = |head: &StreamHead| format!("{}-{}", row.id, head.suffix);
        let timers = row.streams.iter().flat_map(|head| head.timers.iter().map(move |timer| Set::of(named(head), timer)));
        let deadlines = row.streams.iter().flat_map(|head| head.deadlines.iter().map(move |deadline| Expected::of(named(head), deadline)));
        Self { timers: timers.collect(), deadlines: deadlines.collect(), ..Self::default() }
    }
}

impl Set {
    fn of(stream: String, timer: &SetTimer) -> Self {
        Self { stream, name: timer.name.clone(), due: rfc3339(timer.due) }
    }
}

impl Expected {
    fn of(stream: String, deadline: &Deadline) -> Self {
        Self { stream, message: deadline.command.to_string(), kind: deadline.kind.to_string(), due: rfc3339(deadline.due) }
    }
}

impl Later {
    /// None for what is shown otherwise: timers, deadlines, next attempts.
    fn of(timer: Timer) -> Option<Self> {
        match timer.fires {
            Fires::Message(message) => {
                Some(Self { message: message.id.to_string(), kind: message.kind.to_string(), due: rfc3339(timer.key.due) })
            }
            Fires::Trigger { .. } | Fires::Retry(_) | Fires::Deadline { .. } => None,
        }
    }
}

impl Waiting {
    fn of(undelivered: Undelivered) -> Self {
        let (reason, next_attempt) = match undelivered.state {
            DeliveryState::Due => ("it is about to be delivered".to_owned(), None),
            DeliveryState::Unhandled => (format!("no definition takes {} here yet", undelivered.message.kind), None),
            DeliveryState::Deferred(reason) => (format!("its definition puts it off: {reason}"), None),
            DeliveryState::Parked => ("the process is parked".to_owned(), None),
            DeliveryState::Retrying(due) => (format!("it failed and is tried again at {}", rfc3339(due)), Some(rfc3339(due))),
            DeliveryState::Dead => ("it is a dead letter: an operator may replay or drop it".to_owned(), None),
        };
        let (message, failed) = (undelivered.message, undelivered.failed);
        Self {
            message: message.id.to_string(),
            kind: message.kind.to_string(),
            since: rfc3339(message.time),
            reason,
            attempts: failed.as_ref().map(|failed| failed.count),
            last_error: failed.map(|failed| failed.error),
            next_attempt,
        }
    }
}
