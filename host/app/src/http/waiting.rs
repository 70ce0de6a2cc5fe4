//! What a process waits for, as JSON: timers that are set, and messages that have not had their effect.
//! A process that is under way always shows one of these, or waits for its adapters.

use procession_engine::model::process::{DeliveryState, ProcessRow, Undelivered};
use serde::Serialize;

use super::shapes::rfc3339;

/// A timer that is set.
#[derive(Serialize)]
pub(super) struct SetTimer {
    stream: String,
    name: String,
    due: String,
}

/// A message that is recorded and has not had its effect.
#[derive(Serialize)]
pub(super) struct Waiting {
    message: String,
    kind: String,
    since: String,
    reason: String,
}

/// The timers of all streams of a process.
pub(super) fn timers(row: &ProcessRow) -> Vec<SetTimer> {
    let of_stream = |head: &procession_engine::model::process::StreamHead| {
        let stream = format!("{}-{}", row.id, head.suffix);
        let set =
            head.timers.iter().map(move |timer| SetTimer { stream: stream.clone(), name: timer.name.clone(), due: rfc3339(timer.due) });
        set.collect::<Vec<_>>()
    };
    row.streams.iter().flat_map(of_stream).collect()
}

impl Waiting {
    pub(super) fn of(undelivered: Undelivered) -> Self {
        let reason = match undelivered.state {
            DeliveryState::Due => "it is about to be delivered".to_owned(),
            DeliveryState::Unhandled => format!("no definition takes {} here yet", undelivered.message.kind),
            DeliveryState::Deferred(reason) => format!("its definition puts it off: {reason}"),
            DeliveryState::Parked => "the process is parked".to_owned(),
            DeliveryState::Retrying(due) => format!("it is tried again at {}", rfc3339(due)),
            DeliveryState::Dead => "it is a dead letter: an operator may replay or drop it".to_owned(),
        };
        let message = undelivered.message;
        Self { message: message.id.to_string(), kind: message.kind.to_string(), since: rfc3339(message.time), reason }
    }
}
