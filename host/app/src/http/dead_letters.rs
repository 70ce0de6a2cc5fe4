//! Dead letters over HTTP: list them, see the whole story of one, replay, edit and replay, drop.
//! Whether a message may be replayed or dropped is the engine's decision.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use procession_engine::error::Refusal;
use procession_engine::flow::inbox::Operation;
use procession_engine::model::id::ProcessId;
use procession_engine::model::json::Json;
use procession_engine::model::process::{DeliveryState, ProcessRow, Undelivered};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::extract::{Params, Segment};
use super::operations::{or, reason};
use super::problem::Problem;
use super::processes::changed;
use super::router::Desk;
use super::send::ENVELOPE_BYTES_MAX;
use super::shapes::{List, raw, rfc3339};
use super::{json, status};

/// Dead letters on a page where the caller does not say, and at most.
const PAGE: usize = 100;
const PAGE_MAX: usize = 1_000;

/// Bytes of payloads after which a page ends early: letters may be large.
const PAGE_BYTES_MAX: usize = 8 * 1_024 * 1_024;

/// What a dead letter goes by: its process and its number there. A process id has no `~`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Id {
    process: ProcessId,
    number: u64,
}

impl Id {
    fn parse(text: &str) -> Result<Self, Problem> {
        let (process, number) = text.rsplit_once('~').ok_or_else(|| wrong(text))?;
        Ok(Self { process: ProcessId::parse(process)?, number: number.parse().map_err(|_| wrong(text))? })
    }

    pub(super) fn of(one: &Undelivered) -> Self {
        Self { process: one.owner.clone(), number: one.seq }
    }
}

fn wrong(text: &str) -> Problem {
    let text: String = text.chars().take(160).collect();
    Problem::invalid("invalid-name", format!("{text:?} is no dead letter's id; it must read {{process-id}}~{{number}}"))
}

impl std::fmt::Display for Id {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}~{}", self.process, self.number)
    }
}

/// The whole story of a message that had no effect.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Story {
    id: String,
    process: String,
    state: &'static str,
    message: String,
    kind: String,
    source: Option<String>,
    /// The event that it rode on, where the host recorded it.
    cause: Option<String>,
    correlation: String,
    time: String,
    #[serde(serialize_with = "raw")]
    data: Json,
    attempts: u32,
    first_failure: Option<String>,
    last_failure: Option<String>,
    last_error: Option<String>,
    definition: Option<String>,
    module: Option<String>,
    next_attempt: Option<String>,
    /// Whether its process is parked on it.
    parked: bool,
}

impl Story {
    fn of(one: Undelivered, row: Option<&ProcessRow>) -> Self {
        let parked = row.and_then(|row| row.parked.as_ref()).is_some_and(|parked| parked.seq == one.seq);
        let (state, next_attempt) = match one.state {
            DeliveryState::Unhandled => ("unhandled", None),
            DeliveryState::Retrying(at) => ("retrying", Some(rfc3339(at))),
            _ => ("dead", None),
        };
        let failed = one.failed.as_ref();
        let broken = failed.map(|failed| definition_and_module(&failed.definition));
        Self {
            id: Id::of(&one).to_string(),
            process: one.message.process.to_string(),
            state,
            message: one.message.id.to_string(),
            kind: one.message.kind.to_string(),
            source: one.message.source.as_deref().map(str::to_owned),
            cause: one.message.id.event().map(|(stream, version)| format!("{stream}/{version}")),
            correlation: one.message.correlation.to_string(),
            time: rfc3339(one.message.time),
            attempts: failed.map_or(0, |failed| failed.count),
            first_failure: failed.map(|failed| rfc3339(failed.first)),
            last_failure: failed.map(|failed| rfc3339(failed.last)),
            last_error: failed.map(|failed| failed.error.clone()),
            definition: broken.as_ref().map(|(definition, _)| definition.clone()),
            module: broken.and_then(|(_, module)| module),
            data: one.message.data,
            next_attempt,
            parked,
        }
    }
}

/// The engine writes both as one text: `carrier-stub-1.0 (0123456789ab)`.
fn definition_and_module(text: &str) -> (String, Option<String>) {
    match text.strip_suffix(')').and_then(|text| text.rsplit_once(" (")) {
        Some((definition, module)) => (definition.to_owned(), Some(module.to_owned())),
        None => (text.to_owned(), None),
    }
}

/// Which part of the list to read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Part {
    limit: Option<usize>,
    cursor: Option<String>,
}

pub(super) async fn list(State(desk): State<Desk>, Params(part): Params<Part>) -> Result<Response, Problem> {
    let after = part.cursor.as_deref().map(Id::parse).transpose()?.map(|id| (id.process, id.number));
    let page = desk.engine.query().dead_letters(after, part.limit.unwrap_or(PAGE).clamp(1, PAGE_MAX)).await?;
    let mut next = page.next.map(|(process, number)| Id { process, number });
    let (mut items, mut bytes, mut row) = (Vec::new(), 0, None::<ProcessRow>);
    for letter in page.letters {
        bytes += letter.message.data.as_str().len();
        let id = Id::of(&letter);
        // They come in order of process, so that one row serves all of its letters.
        if row.as_ref().is_none_or(|row| row.id != id.process) {
            row = desk.engine.query().process(&id.process).await?;
        }
        items.push(Story::of(letter, row.as_ref().filter(|row| row.id == id.process)));
        if bytes >= PAGE_BYTES_MAX {
            next = Some(id);
            break;
        }
    }
    Ok(json::answer(status::OK, &List { items, next: next.map(|id| id.to_string()) }))
}

pub(super) async fn show(State(desk): State<Desk>, Segment(id): Segment) -> Result<Response, Problem> {
    let id = Id::parse(&id)?;
    let query = desk.engine.query();
    let kept = query.kept(&id.process, id.number).await?;
    let unknown = || Refusal::UnknownMessage { process: id.process.clone(), seq: id.number };
    let kept = kept.ok_or_else(unknown)?;
    if !kept.state.is_dead_letter() && !matches!(kept.state, DeliveryState::Retrying(_)) {
        let text =
            format!("message {} of process {} is no dead letter: it is on its way, or waits for another message", id.number, id.process);
        return Err(Problem::not_found("not-a-dead-letter", text));
    }
    let row = query.process(&id.process).await?;
    Ok(json::answer(status::OK, &Story::of(kept, row.as_ref())))
}

/// A message as it is to be from now on.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object with data")]
struct Edited {
    data: Box<RawValue>,
}

pub(super) async fn replay(State(desk): State<Desk>, Segment(id): Segment, body: Body) -> Result<Response, Problem> {
    let id = Id::parse(&id)?;
    let body = json::read(&desk, body, desk.payload_bytes_max + ENVELOPE_BYTES_MAX).await?;
    let is_bare = body.iter().all(u8::is_ascii_whitespace);
    let edited: Option<Edited> = if is_bare { None } else { Some(json::parse(&body)?) };
    let data = edited.map(|edited| Json::parse(edited.data.get()).map_err(|error| Problem::malformed(error.to_string()))).transpose()?;
    drop(body);
    desk.engine.operate(id.process.clone(), Operation::Replay { seq: id.number, data }).await?;
    changed(&desk, &id.process, status::ACCEPTED).await
}

/// Why a letter is dropped, where it does not stand in the body.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Why {
    reason: Option<String>,
}

pub(super) async fn discard(
    State(desk): State<Desk>,
    Segment(id): Segment,
    Params(why): Params<Why>,
    body: Body,
) -> Result<Response, Problem> {
    let id = Id::parse(&id)?;
    let reason = or(reason(&desk, body).await?.or(why.reason), "an operator dropped it")?;
    desk.engine.operate(id.process.clone(), Operation::Drop { seq: id.number, reason }).await?;
    changed(&desk, &id.process, status::OK).await
}

#[cfg(test)]
mod tests {
    use super::{Id, definition_and_module};

    #[test]
    fn an_id_is_a_process_and_a_number() {
        let id = Id::parse("order-7~12").unwrap();
        assert_eq!((id.process.as_str(), id.number, id.to_string().as_str()), ("order-7", 12, "order-7~12"));
        for wrong in ["", "~", "order-7", "order-7~", "order-7~x", "~1", "a~1~2", "metrics~1"] {
            assert!(Id::parse(wrong).is_err(), "{wrong:?} was taken");
        }
    }

    #[test]
    fn a_definition_and_its_module_are_told_apart() {
        let split = definition_and_module("carrier-stub-1.0 (0123456789ab)");
        assert_eq!(split, ("carrier-stub-1.0".to_owned(), Some("0123456789ab".to_owned())));
        assert_eq!(definition_and_module("carrier-stub-1.0"), ("carrier-stub-1.0".to_owned(), None));
    }
}
