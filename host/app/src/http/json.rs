//! Bodies: read within a bound, parsed with the place of the error, written as JSON.
//! What the documents look like is the matter of `shapes`.

use std::ops::Deref;

use axum::body::{Body, HttpBody as _};
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use http_body_util::BodyExt as _;
use procession_engine::error::Refusal;
use procession_engine::model::json::Json;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::doors::Room;
use super::problem::Problem;
use super::router::Desk;

/// Bytes beyond the bound that are still read and thrown away.
/// A client that is cut off while it writes never reads the answer that tells it why.
const OVERRUN_BYTES_MAX: usize = 8 * 1_024 * 1_024;

/// A body that was read, and its room.
pub(super) struct Whole {
    bytes: Vec<u8>,
    _room: Room,
}

impl Deref for Whole {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

/// Reads a body of at most `bytes_max`, as long as there is room for it and the host does not stop.
pub(super) async fn read(desk: &Desk, body: Body, bytes_max: usize) -> Result<Whole, Problem> {
    let mut stopping = desk.stopping.clone();
    let within = desk.doors.body_within();
    tokio::select! {
        read = tokio::time::timeout(within, read_all(desk, body, bytes_max)) => read.unwrap_or_else(|_| Err(Problem::too_slow(within))),
        _ = stopping.wait_for(|stopping| *stopping) => Err(Refusal::Stopping.into()),
    }
}

async fn read_all(desk: &Desk, mut body: Body, bytes_max: usize) -> Result<Whole, Problem> {
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX).min(bytes_max);
    let mut room = Room::none(&desk.doors);
    let mut has_room = room.grow_to(announced).is_ok();
    let mut kept = Vec::with_capacity(if has_room { announced } else { 0 });
    let mut seen = 0_usize;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| Problem::malformed(format!("the body could not be read to its end: {error}")))?;
        let Ok(data) = frame.into_data() else { continue };
        seen = seen.saturating_add(data.len());
        has_room = has_room && (seen > bytes_max || room.grow_to(seen).is_ok());
        if has_room && seen <= bytes_max {
            kept.extend_from_slice(&data);
        } else if seen > bytes_max.saturating_add(OVERRUN_BYTES_MAX) {
            break;
        }
    }
    if seen > bytes_max {
        return Err(Problem::too_large(bytes_max));
    }
    if !has_room {
        desk.doors.turn_away();
        return Err(Refusal::Busy.into());
    }
    Ok(Whole { bytes: kept, _room: room })
}

/// Parses a body, which is an object; the answer to a wrong one names line and column, or the field.
pub(super) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let mut from = serde_json::Deserializer::from_slice(body);
    let parsed = serde_path_to_error::deserialize(&mut from).map_err(|error| {
        let path = error.path().to_string();
        refused(&path, error.inner())
    })?;
    from.end().map_err(|error| refused(".", &error))?;
    // Lists of values would do for serde, but their meaning would change with the order of our fields.
    let is_object = body.trim_ascii_start().first() == Some(&b'{');
    if is_object { Ok(parsed) } else { Err(Problem::invalid("invalid-body", "the body: it must be an object")) }
}

fn refused(path: &str, error: &serde_json::Error) -> Problem {
    if !error.is_data() {
        return Problem::malformed(format!("the body is not well-formed JSON: {error}"));
    }
    // The field is named; the place in the text would only repeat it in a less useful way.
    let text = error.to_string();
    let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(text, _)| text);
    let detail = if path == "." { format!("the body: {text}") } else { format!("{path}: {text}") };
    Problem::invalid("invalid-body", detail)
}

/// A JSON document as the answer.
pub(super) fn answer(status: StatusCode, document: &impl Serialize) -> Response {
    match serde_json::to_vec(document) {
        Ok(mut body) => {
            // A terminal shows its prompt on a line of its own.
            body.push(b'\n');
            (status, [(CONTENT_TYPE, JSON)], body).into_response()
        }
        Err(error) => Problem::host(format!("a document could not be written: {error}")).into_response(),
    }
}

/// A payload as the answer, as its author wrote it.
pub(super) fn payload(status: StatusCode, json: &Json) -> Response {
    (status, [(CONTENT_TYPE, JSON)], format!("{}\n", json.as_str())).into_response()
}

const JSON: HeaderValue = HeaderValue::from_static("application/json");

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::parse;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields, expecting = "an object")]
    struct Wanted {
        kind: String,
        data: Option<Box<serde_json::value::RawValue>>,
    }

    fn detail(body: &str) -> String {
        format!("{:?}", parse::<Wanted>(body.as_bytes()).unwrap_err())
    }

    #[test]
    fn a_payload_is_taken_as_it_was_written() {
        let wanted: Wanted = parse(br#"{"kind":"A","data":{ "b":1,  "a":2 }}"#).unwrap();
        assert_eq!((wanted.kind.as_str(), wanted.data.unwrap().get()), ("A", r#"{ "b":1,  "a":2 }"#));
    }

    #[test]
    fn a_malformed_body_is_told_apart_from_a_wrong_one() {
        assert!(detail(r#"{"kind":"#).contains("line 1 column 8"), "{}", detail(r#"{"kind":"#));
        assert!(detail(r#"{"kind":7}"#).contains("kind: invalid type"), "{}", detail(r#"{"kind":7}"#));
        assert!(detail(r#"{"kind":"A","dta":1}"#).contains("unknown field `dta`"));
        assert!(detail(r#"{"kind":"A"} x"#).contains("not well-formed"));
        for body in ["7", "[]", "[7]", r#"["A",null]"#] {
            assert!(detail(body).contains("invalid-body"), "{body}: {}", detail(body));
        }
    }
}
