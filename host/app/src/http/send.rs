//! A message on its way to the engine, and what its caller hears.
//! Where the message comes from, and in what shape, is the matter of `processes` and `messages`.

use axum::http::header::LOCATION;
use axum::response::{IntoResponse as _, Response};
use procession_engine::error::Refusal;
use procession_engine::flow::inbox::{Answer, Request};
use procession_engine::model::id::ProcessId;
use procession_engine::model::json::Json;
use procession_engine::model::process::ProcessRow;
use serde_json::value::RawValue;

use super::prefer::Wait;
use super::problem::Problem;
use super::router::Desk;
use super::{json, shapes, status};

/// Bytes that a body may have besides the payload: names, punctuation and space.
pub(super) const ENVELOPE_BYTES_MAX: usize = 16 * 1_024;

/// A payload as the engine carries it; none is `null`.
pub(super) fn payload(data: Option<Box<RawValue>>) -> Result<Json, Problem> {
    data.map_or_else(|| Ok(Json::null()), |data| Json::parse(data.get()).map_err(|error| Problem::malformed(error.to_string())))
}

/// Hands a request to the engine and writes down what became of it.
pub(super) async fn send(desk: &Desk, request: Request, wait: Option<Wait>) -> Result<Response, Problem> {
    let id = request.process.clone();
    let answer = desk.engine.request(request).await?;
    let (status, receipt, waits_for) = match answer {
        Answer::Taken(receipt) => (status::ACCEPTED, receipt, None),
        Answer::Duplicate(receipt) => (status::OK, receipt, None),
        Answer::Waiting(receipt, reason) => (status::ACCEPTED, receipt, Some(reason)),
        Answer::Ignored(reason) => return Ok(json::answer(status::OK, &shapes::Ignored::because(reason))),
    };
    let location = [(LOCATION, format!("/processes/{id}"))];
    let Some(wait) = wait else {
        return Ok((location, json::answer(status, &shapes::Accepted::of(&id, receipt, waits_for))).into_response());
    };
    // It is recorded: whatever becomes of the wait, the caller has its receipt.
    let ended = ended(desk, &id, wait).await.ok().flatten().and_then(shapes::Process::of);
    let answer = match ended {
        Some(process) => json::answer(status::OK, &process),
        None => json::answer(status, &shapes::Accepted::of(&id, receipt, waits_for)),
    };
    Ok(wait.applied((location, answer).into_response()))
}

/// The process when it has ended; none where it takes longer than its caller waits, or nothing has begun yet.
pub(super) async fn ended(desk: &Desk, id: &ProcessId, wait: Wait) -> Result<Option<ProcessRow>, Problem> {
    let mut stopping = desk.stopping.clone();
    tokio::select! {
        ended = tokio::time::timeout(wait.duration(), desk.engine.ended(id)) => match ended {
            Err(_) | Ok(Err(Refusal::UnknownProcess(_) | Refusal::Stopping)) => Ok(None),
            Ok(ended) => Ok(Some(ended?)),
        },
        _ = stopping.wait_for(|stopping| *stopping) => Ok(None),
    }
}
