//! Lists over HTTP: of processes, and of the events of one.
//! A list ends where its page ends, and says where the next one begins.

use axum::extract::State;
use axum::response::Response;
use procession_engine::error::Refusal;
use procession_engine::model::id::ProcessId;
use procession_engine::model::view::Phase;
use procession_engine::ports::store::{Direction, Scope};
use procession_engine::query::Filter;
use serde::Deserialize;

use super::extract::{Params, Process};
use super::problem::Problem;
use super::router::Desk;
use super::{json, shapes, status};

/// Processes on a page where the caller does not say, and at most.
const PAGE: usize = 100;
const PAGE_MAX: usize = 1_000;

/// Events on a page where the caller does not say, and at most; more than any usual process has.
pub(super) const EVENTS: usize = 1_000;
pub(super) const EVENTS_MAX: usize = 10_000;

/// Which processes to list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    phase: Option<String>,
    category: Option<String>,
    step: Option<String>,
    tag: Option<String>,
    /// Only those that nothing will move.
    #[serde(default)]
    stuck: bool,
    limit: Option<usize>,
    cursor: Option<String>,
}

pub(super) async fn list(State(desk): State<Desk>, Params(wanted): Params<Wanted>) -> Result<Response, Problem> {
    let after = wanted.cursor.as_deref().map(ProcessId::parse).transpose()?;
    let limit = wanted.limit.unwrap_or(PAGE).clamp(1, PAGE_MAX);
    let filter = Filter {
        phase: wanted.phase.as_deref().map(phase).transpose()?,
        category: wanted.category,
        step: wanted.step,
        tag: wanted.tag.as_deref().map(tag).transpose()?,
    };
    let query = desk.engine.query();
    let page = if wanted.stuck {
        // What passes the filter of a page of stuck ones; its cursor goes on behind the whole page.
        let mut page = query.stuck(after.as_ref(), limit).await?;
        page.rows.retain(|row| filter.takes(row));
        page
    } else {
        query.list(&filter, after.as_ref(), limit).await?
    };
    let items = page.rows.into_iter().filter_map(shapes::Process::of).collect();
    Ok(json::answer(status::OK, &shapes::List { items, next: page.next.map(|id| id.to_string()) }))
}

pub(super) fn phase(text: &str) -> Result<Phase, Problem> {
    let known = || Phase::ALL.map(Phase::as_str).join(", ");
    Phase::parse(text).ok_or_else(|| Problem::invalid("invalid-parameter", format!("phase: {text:?} is none; there are: {}", known())))
}

fn tag(text: &str) -> Result<(String, String), Problem> {
    let split = text.split_once(':').map(|(name, value)| (name.to_owned(), value.to_owned()));
    split.ok_or_else(|| Problem::invalid("invalid-parameter", format!("tag: {text:?} must read name:value")))
}

/// Which part of a history to read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Part {
    limit: Option<usize>,
    cursor: Option<u64>,
}

pub(super) async fn history(State(desk): State<Desk>, Process(id): Process, Params(part): Params<Part>) -> Result<Response, Problem> {
    let limit = part.limit.unwrap_or(EVENTS).clamp(1, EVENTS_MAX);
    let from = part.cursor.unwrap_or(0);
    // One more than is shown tells whether there is more.
    let mut events = desk.engine.query().events(&Scope::Process(id.clone()), from, Direction::Forward, limit + 1).await?;
    if events.is_empty() && desk.engine.query().process(&id).await?.is_none() {
        return Err(Refusal::UnknownProcess(id).into());
    }
    let next = events.get(limit).map(|event| event.position.to_string());
    events.truncate(limit);
    let items = events.into_iter().map(shapes::Event::of).collect();
    Ok(json::answer(status::OK, &shapes::History { id: id.to_string(), items, next }))
}
