//! Processes over HTTP: start or signal one, and see it.
//! What becomes of a message is written down in `send`; lists are in `listing`, what operators do in `operations`.

use axum::body::Body;
use axum::extract::State;
use axum::http::header::HeaderName;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use procession_engine::error::Refusal;
use procession_engine::flow::inbox::{Request, Unhandled};
use procession_engine::model::id::{Kind, MessageId, ProcessId};
use procession_engine::model::json::Json;
use procession_engine::model::process::ProcessRow;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::extract::{Process, Segment};
use super::prefer::Wait;
use super::problem::Problem;
use super::router::Desk;
use super::send::{ENVELOPE_BYTES_MAX, ended, payload, send};
use super::waiting::Waits;
use super::{json, shapes, status};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// What a caller sends to a process.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object with kind, data and category")]
struct Sent {
    kind: String,
    data: Option<Box<RawValue>>,
    category: Option<String>,
}

pub(super) async fn start(State(desk): State<Desk>, Process(id): Process, headers: HeaderMap, body: Body) -> Result<Response, Problem> {
    let request = request(&desk, id, &headers, body).await?;
    send(&desk, request, Wait::of(&headers)).await
}

/// The short form: `POST /{id}`; without an id it says so.
pub(super) async fn short_start(
    State(desk): State<Desk>,
    uri: Uri,
    segment: Result<Segment, Problem>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let text = if uri.path() == "/" { String::new() } else { segment?.0 };
    let request = request(&desk, ProcessId::parse(&text)?, &headers, body).await?;
    send(&desk, request, Wait::of(&headers)).await
}

/// A start under a name that is a route, or under none.
pub(super) async fn clash(uri: Uri) -> Problem {
    let name = if uri.path() == "/processes/" { "" } else { uri.path().trim_matches('/') };
    match ProcessId::parse(name) {
        Err(invalid) => invalid.into(),
        Ok(_) => Problem::invalid("invalid-name", format!("{name:?} is a route of the HTTP interface")),
    }
}

async fn request(desk: &Desk, process: ProcessId, headers: &HeaderMap, body: Body) -> Result<Request, Problem> {
    let body = json::read(desk, body, desk.payload_bytes_max + ENVELOPE_BYTES_MAX).await?;
    let is_bare = body.iter().all(u8::is_ascii_whitespace);
    let sent = if is_bare { Sent { kind: Kind::start().to_string(), data: None, category: None } } else { json::parse(&body)? };
    Ok(Request {
        process,
        id: MessageId::parse(&uuid::Uuid::now_v7().to_string())?,
        key: key(headers)?,
        kind: Kind::parse(&sent.kind)?,
        data: payload(sent.data)?,
        category: sent.category,
        source: None,
        unhandled: Unhandled::Refuse,
    })
}

/// What makes two requests the same one.
pub(super) fn key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let key = headers.get(IDEMPOTENCY_KEY).map(|key| key.to_str().map(str::to_owned)).transpose();
    key.map_err(|_| Problem::invalid("invalid-key", "an idempotency key is 1 to 256 bytes of visible ASCII"))
}

/// The process as it is, after its end if the caller waits for that.
async fn row(desk: &Desk, id: &ProcessId, wait: Option<Wait>) -> Result<ProcessRow, Problem> {
    let ended = match wait {
        Some(wait) => ended(desk, id, wait).await?,
        None => None,
    };
    match ended {
        Some(row) => Ok(row),
        None => Ok(desk.engine.query().process(id).await?.ok_or_else(|| Refusal::UnknownProcess(id.clone()))?),
    }
}

pub(super) async fn show(State(desk): State<Desk>, Process(id): Process, headers: HeaderMap) -> Result<Response, Problem> {
    let wait = Wait::of(&headers);
    let row = row(&desk, &id, wait).await?;
    Ok(applied(wait, json::answer(status::OK, &document(&desk, row).await?)))
}

/// What a document lists of each thing that a process waits for, at most; more of them say nothing new.
const WAITING_MAX: usize = 100;

/// A process with all that it waits for.
async fn document(desk: &Desk, row: ProcessRow) -> Result<shapes::Process, Problem> {
    let query = desk.engine.query();
    let delayed = query.delayed(&row, WAITING_MAX)?;
    let undelivered = query.undelivered(&row.id, WAITING_MAX).await?;
    let waits = Waits::of(&row, undelivered, delayed);
    let unknown = Refusal::UnknownProcess(row.id.clone());
    Ok(shapes::Process::of(row).ok_or(unknown)?.that_waits(waits))
}

/// The process after an operation.
pub(super) async fn changed(desk: &Desk, id: &ProcessId, status: StatusCode) -> Result<Response, Problem> {
    let row = row(desk, id, None).await?;
    Ok(json::answer(status, &document(desk, row).await?))
}

/// The short form: `GET /{id}` answers the bare outcome.
pub(super) async fn outcome(State(desk): State<Desk>, Process(id): Process, headers: HeaderMap) -> Result<Response, Problem> {
    let wait = Wait::of(&headers);
    let row = row(&desk, &id, wait).await?;
    let outcome = row.root().and_then(|root| root.view.outcome.clone()).unwrap_or_else(Json::null);
    Ok(applied(wait, json::payload(status::OK, &outcome)))
}

fn applied(wait: Option<Wait>, response: Response) -> Response {
    match wait {
        Some(wait) => wait.applied(response),
        None => response,
    }
}
