//! What operators do with a process: cancel it, try it again, look at its notes.
//! Dead letters have a module of their own.

use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use procession_engine::error::Refusal;
use procession_engine::flow::inbox::Request;
use procession_engine::model::json::Json;
use procession_engine::model::note::Note;
use serde::{Deserialize, Serialize};

use super::extract::Process;
use super::prefer::Wait;
use super::problem::Problem;
use super::processes::{changed, key};
use super::router::Desk;
use super::send::send;
use super::shapes::{List, raw_or_null, rfc3339};
use super::{json, status};

/// Bytes of a reason: a sentence or two, since it is kept with the process.
const REASON_BYTES_MAX: usize = 1_024;

/// Bytes of a body that holds nothing but a reason.
const REASON_BODY_BYTES_MAX: usize = 8 * REASON_BYTES_MAX;

/// Why something is asked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object with reason")]
struct Because {
    reason: Option<String>,
}

/// The reason in a body; none where the body is empty or has none.
pub(super) async fn reason(desk: &Desk, body: Body) -> Result<Option<String>, Problem> {
    let body = json::read(desk, body, REASON_BODY_BYTES_MAX).await?;
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(None);
    }
    let because: Because = json::parse(&body)?;
    Ok(because.reason)
}

/// Checks a reason, and says the default where there is none.
pub(super) fn or(reason: Option<String>, default: &str) -> Result<String, Problem> {
    match reason {
        Some(reason) if reason.len() > REASON_BYTES_MAX => {
            let text = format!("reason: it has {} bytes, the most is {REASON_BYTES_MAX}", reason.len());
            Err(Problem::invalid("invalid-body", text))
        }
        Some(reason) if !reason.trim().is_empty() => Ok(reason),
        Some(_) | None => Ok(default.to_owned()),
    }
}

pub(super) async fn cancel(State(desk): State<Desk>, Process(id): Process, headers: HeaderMap, body: Body) -> Result<Response, Problem> {
    let reason = or(reason(&desk, body).await?, "somebody asked for it")?;
    let which = uuid::Uuid::now_v7().to_string();
    send(&desk, Request::cancel(id, &which, &reason, key(&headers)?), Wait::of(&headers)).await
}

pub(super) async fn retry(State(desk): State<Desk>, Process(id): Process) -> Result<Response, Problem> {
    desk.engine.retry(id.clone()).await?;
    changed(&desk, &id, status::ACCEPTED).await
}

/// What happened to a message and is no decision.
#[derive(Serialize)]
struct Noted {
    number: u64,
    time: String,
    what: &'static str,
    message: String,
    kind: String,
    stream: Option<String>,
    reason: String,
    /// What it carried before an operator edited or dropped it.
    #[serde(serialize_with = "raw_or_null")]
    data: Option<Json>,
}

pub(super) async fn notes(State(desk): State<Desk>, Process(id): Process) -> Result<Response, Problem> {
    let query = desk.engine.query();
    if query.process(&id).await?.is_none() {
        return Err(Refusal::UnknownProcess(id).into());
    }
    let of = |note: Note| Noted {
        number: note.seq,
        time: rfc3339(note.time),
        what: note.what.as_str(),
        message: note.message.to_string(),
        kind: note.kind.to_string(),
        stream: note.stream.map(|suffix| format!("{id}-{suffix}")),
        reason: note.reason,
        data: note.data,
    };
    let items = query.notes(&id).await?.into_iter().map(of).collect();
    Ok(json::answer(status::OK, &List { items, next: None }))
}
