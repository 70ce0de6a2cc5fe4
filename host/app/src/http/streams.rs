//! One stream over HTTP.
//! All streams of a process together are its history, in `processes`.

use axum::extract::State;
use axum::response::Response;
use procession_engine::model::id::StreamName;
use procession_engine::ports::store::{Direction, Scope};
use serde::Deserialize;

use super::extract::{Params, Segment};
use super::listing::{EVENTS, EVENTS_MAX};
use super::problem::Problem;
use super::router::Desk;
use super::{json, shapes, status};

/// Which part of a stream to read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Part {
    from: Option<u64>,
    #[serde(default)]
    direction: Way,
    limit: Option<usize>,
}

/// Which way to read.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Way {
    #[default]
    Forward,
    Backward,
}

pub(super) async fn show(State(desk): State<Desk>, Segment(name): Segment, Params(part): Params<Part>) -> Result<Response, Problem> {
    let stream = StreamName::parse(&name)?;
    let row = desk.engine.query().process(&stream.process).await?;
    let version = row.and_then(|row| row.stream(&stream.suffix).map(|head| head.version)).filter(|version| *version > 0);
    let version = version.ok_or_else(|| Problem::not_found("unknown-stream", format!("nothing is recorded in the stream {stream}")))?;
    let (direction, from) = match part.direction {
        Way::Forward => (Direction::Forward, part.from.unwrap_or(1)),
        Way::Backward => (Direction::Backward, part.from.unwrap_or(u64::MAX)),
    };
    let limit = part.limit.unwrap_or(EVENTS).clamp(1, EVENTS_MAX);
    let events = desk.engine.query().events(&Scope::Stream(stream), from, direction, limit).await?;
    // An event that came between the two reads is newer than the head that was read.
    let version = events.iter().map(|event| event.version).max().unwrap_or(0).max(version);
    let events = events.into_iter().map(shapes::Event::of).collect();
    Ok(json::answer(status::OK, &shapes::Stream { stream: name, version, events }))
}
