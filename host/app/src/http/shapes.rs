//! The documents of the HTTP interface, as they stand in the answers.
//! Payloads stand in them as their authors wrote them; they are never taken apart.

use procession_engine::model::commit::Receipt;
use procession_engine::model::event::RecordedEvent;
use procession_engine::model::id::ProcessId;
use procession_engine::model::json::Json;
use procession_engine::model::process::{Parked, ProcessRow, StreamHead};
use procession_engine::model::time::Timestamp;
use serde::ser::Error as _;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::waiting::Waits;

/// Writes a payload as it is.
pub(super) fn raw<S: Serializer>(json: &Json, to: S) -> Result<S::Ok, S::Error> {
    let raw: &RawValue = serde_json::from_str(json.as_str()).map_err(S::Error::custom)?;
    raw.serialize(to)
}

/// Writes a payload as it is, and none as `null`.
pub(super) fn raw_or_null<S: Serializer>(json: &Option<Json>, to: S) -> Result<S::Ok, S::Error> {
    match json {
        Some(json) => raw(json, to),
        None => to.serialize_none(),
    }
}

/// A moment as RFC 3339 with milliseconds.
pub(super) fn rfc3339(time: Timestamp) -> String {
    let ms = i64::try_from(time.0).unwrap_or(i64::MAX);
    let moment = jiff::Timestamp::from_millisecond(ms).unwrap_or(jiff::Timestamp::MAX);
    format!("{moment:.3}")
}

/// An event.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Event {
    stream: String,
    version: u64,
    position: u64,
    kind: String,
    #[serde(serialize_with = "raw")]
    data: Json,
    time: String,
    category: String,
    module: String,
    cause: String,
    correlation: String,
}

impl Event {
    pub(super) fn of(event: RecordedEvent) -> Self {
        Self {
            stream: event.stream.to_string(),
            version: event.version,
            position: event.position,
            kind: event.event.kind.to_string(),
            data: event.event.data,
            time: rfc3339(event.time),
            category: event.category.to_string(),
            module: event.module.to_string(),
            cause: event.cause.to_string(),
            correlation: event.correlation.to_string(),
        }
    }
}

/// One stream.
#[derive(Serialize)]
pub(super) struct Stream {
    pub(super) stream: String,
    /// Version of its last event, whatever part of it is shown.
    pub(super) version: u64,
    pub(super) events: Vec<Event>,
}

/// A part of a list, and where the next part begins.
#[derive(Serialize)]
pub(super) struct List<T> {
    pub(super) items: Vec<T>,
    pub(super) next: Option<String>,
}

/// All events of a process in recorded order.
#[derive(Serialize)]
pub(super) struct History {
    pub(super) id: String,
    pub(super) items: Vec<Event>,
    pub(super) next: Option<String>,
}

/// A process as its caller sees it: the stream that it began with, and the heads of all its streams.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Process {
    id: String,
    category: String,
    module: String,
    phase: &'static str,
    step: Option<String>,
    version: u64,
    started_at: String,
    updated_at: String,
    #[serde(serialize_with = "raw_or_null")]
    outcome: Option<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parked: Option<ParkedOn>,
    streams: Vec<Head>,
    #[serde(flatten)]
    waits: Waits,
}

/// What a process is parked on.
#[derive(Serialize)]
struct ParkedOn {
    message: String,
    reason: String,
    attempts: u32,
    since: String,
}

/// Where one stream of a process stands.
#[derive(Serialize)]
struct Head {
    stream: String,
    version: u64,
    category: String,
    module: String,
    phase: &'static str,
}

impl Process {
    /// None where nothing has begun.
    pub(super) fn of(row: ProcessRow) -> Option<Self> {
        let updated_at = row.streams.iter().map(|head| head.updated_at).max()?;
        let streams = row.streams.iter().map(|head| Head::of(&row.id, head)).collect();
        let waits = Waits::set(&row);
        let root = row.streams.into_iter().next()?;
        Some(Self {
            id: row.id.to_string(),
            category: root.category.to_string(),
            module: root.module.to_string(),
            phase: root.view.phase.as_str(),
            step: root.view.step,
            version: root.version,
            started_at: rfc3339(root.started_at),
            updated_at: rfc3339(updated_at),
            outcome: root.view.outcome,
            parked: row.parked.map(ParkedOn::of),
            streams,
            waits,
        })
    }

    /// With all that it waits for, where its row alone does not say it.
    pub(super) fn that_waits(self, waits: Waits) -> Self {
        Self { waits, ..self }
    }
}

impl ParkedOn {
    fn of(parked: Parked) -> Self {
        let Parked { message, reason, attempts, since, .. } = parked;
        Self { message: message.to_string(), reason, attempts, since: rfc3339(since) }
    }
}

impl Head {
    fn of(process: &ProcessId, head: &StreamHead) -> Self {
        Self {
            stream: format!("{process}-{}", head.suffix),
            version: head.version,
            category: head.category.to_string(),
            module: head.module.to_string(),
            phase: head.view.phase.as_str(),
        }
    }
}

/// The answer to a request that was taken; the same request gets the same bytes.
#[derive(Serialize)]
pub(super) struct Accepted {
    process: String,
    message: String,
    category: Option<String>,
    stream: Option<String>,
    version: Option<u64>,
    time: String,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl Accepted {
    /// `waits_for` is known to the first answer only; that it waits is in the receipt.
    pub(super) fn of(process: &ProcessId, receipt: Receipt, waits_for: Option<String>) -> Self {
        Self {
            process: process.to_string(),
            message: receipt.message.to_string(),
            category: receipt.category.map(|category| category.to_string()),
            status: if receipt.stream.is_some() { "accepted" } else { "waiting" },
            stream: receipt.stream.map(|suffix| format!("{process}-{suffix}")),
            version: receipt.version,
            time: rfc3339(receipt.time),
            reason: waits_for,
        }
    }
}

/// The answer to a request that changes nothing, now or ever.
#[derive(Serialize)]
pub(super) struct Ignored {
    status: &'static str,
    reason: String,
}

impl Ignored {
    pub(super) fn because(reason: String) -> Self {
        Self { status: "ignored", reason }
    }
}

#[cfg(test)]
mod tests {
    use procession_engine::model::time::Timestamp;

    use super::rfc3339;

    #[test]
    fn times_are_rfc_3339_with_milliseconds() {
        assert_eq!(rfc3339(Timestamp(1_700_000_000_007)), "2023-11-14T22:13:20.007Z");
        assert_eq!(rfc3339(Timestamp(0)), "1970-01-01T00:00:00.000Z");
        assert!(rfc3339(Timestamp(u64::MAX)).starts_with("9999-"));
    }
}
