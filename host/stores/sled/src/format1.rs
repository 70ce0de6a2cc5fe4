//! The shapes of format 1 that format 2 has changed, and how each is read as what it is today.
//! Nothing is written in these shapes any more; what one value cannot tell of itself is completed by `upgrade` when the store is opened.

use procession_engine::model::id::{Category, Digest, MessageId, ProcessId, Suffix};
use procession_engine::model::message::Message;
use procession_engine::model::process::{self as today, SetTimer};
use procession_engine::model::time::Timestamp;
use procession_engine::model::view::View;
use serde::{Deserialize, Serialize};

/// Had no delayed messages and no notes.
#[derive(Serialize, Deserialize)]
pub(crate) struct ProcessRow {
    id: ProcessId,
    revision: u64,
    next_seq: u64,
    streams: Vec<StreamHead>,
    parked: Option<Parked>,
}

/// Had no deadlines.
#[derive(Serialize, Deserialize)]
struct StreamHead {
    suffix: Suffix,
    version: u64,
    category: Category,
    module: Digest,
    started_at: Timestamp,
    updated_at: Timestamp,
    view: View,
    timers: Vec<SetTimer>,
    deferred: Vec<u64>,
}

/// Did not say under which number the message is kept.
#[derive(Serialize, Deserialize)]
pub(crate) struct Parked {
    message: MessageId,
    reason: String,
    attempts: u32,
    since: Timestamp,
}

/// Did not tell of attempts.
#[derive(Serialize, Deserialize)]
pub(crate) struct Undelivered {
    owner: ProcessId,
    seq: u64,
    message: Message,
    target: Option<Suffix>,
    state: DeliveryState,
}

/// Called what a process is parked on, and what waits behind it, by one name.
#[derive(Serialize, Deserialize)]
enum DeliveryState {
    Due,
    Unhandled,
    Deferred(String),
    Parked,
}

impl From<ProcessRow> for today::ProcessRow {
    fn from(row: ProcessRow) -> Self {
        let ProcessRow { id, revision, next_seq, streams, parked } = row;
        let (streams, parked) = (streams.into_iter().map(today::StreamHead::from).collect(), parked.map(today::Parked::from));
        Self { id, revision, next_seq, streams, parked, delayed: Vec::new(), next_note: 1 }
    }
}

impl From<StreamHead> for today::StreamHead {
    fn from(head: StreamHead) -> Self {
        let StreamHead { suffix, version, category, module, started_at, updated_at, view, timers, deferred } = head;
        Self { suffix, version, category, module, started_at, updated_at, view, timers, deferred, deadlines: Vec::new() }
    }
}

impl From<Parked> for today::Parked {
    fn from(parked: Parked) -> Self {
        let Parked { message, reason, attempts, since } = parked;
        // No message has the number 0: `upgrade` finds the right one.
        Self { message, reason, attempts, since, seq: 0 }
    }
}

impl From<Undelivered> for today::Undelivered {
    fn from(kept: Undelivered) -> Self {
        let Undelivered { owner, seq, message, target, state } = kept;
        Self { owner, seq, message, target, state: state.into(), failed: None }
    }
}

impl From<DeliveryState> for today::DeliveryState {
    fn from(state: DeliveryState) -> Self {
        match state {
            DeliveryState::Due => Self::Due,
            DeliveryState::Unhandled => Self::Unhandled,
            DeliveryState::Deferred(why) => Self::Deferred(why),
            DeliveryState::Parked => Self::Parked,
        }
    }
}

/// How tests write what only an earlier release would.
#[cfg(test)]
mod samples {
    use super::{DeliveryState, MessageId, Parked, ProcessRow, StreamHead, Timestamp, Undelivered, today};

    impl ProcessRow {
        pub(crate) fn of(row: today::ProcessRow, parked: Parked) -> Self {
            let today::ProcessRow { id, revision, next_seq, streams, .. } = row;
            Self { id, revision, next_seq, streams: streams.into_iter().map(StreamHead::of).collect(), parked: Some(parked) }
        }
    }

    impl StreamHead {
        fn of(head: today::StreamHead) -> Self {
            let today::StreamHead { suffix, version, category, module, started_at, updated_at, view, timers, deferred, .. } = head;
            Self { suffix, version, category, module, started_at, updated_at, view, timers, deferred }
        }
    }

    impl Parked {
        pub(crate) fn sample(message: MessageId, reason: &str) -> Self {
            Self { message, reason: reason.to_owned(), attempts: 3, since: Timestamp(9) }
        }
    }

    impl Undelivered {
        pub(crate) fn parked(kept: today::Undelivered) -> Self {
            let today::Undelivered { owner, seq, message, target, .. } = kept;
            Self { owner, seq, message, target, state: DeliveryState::Parked }
        }
    }
}
