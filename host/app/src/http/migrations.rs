//! Moving processes to another module over HTTP: many with one request, answered line by line, or a single one.
//! How a crowd is moved is said in `migration`; what stands in the way of one, the engine says.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use procession_engine::error::Refusal;
use procession_engine::flow::inbox::{Move, Operation};
use procession_engine::model::id::{Category, ProcessId};
use procession_engine::model::view::Phase;
use procession_engine::ports::shelf::ModuleRecord;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use super::extract::Process;
use super::lines::Lines;
use super::problem::Problem;
use super::processes::changed;
use super::router::Desk;
use super::{definitions, json, listing, status};
use crate::migration::{Fate, Mode, One, Place, Plan, Sum, rehearsed};

/// Bytes of a wish: room for some ten thousand ids.
const WISH_BYTES_MAX: usize = 2 * 1_024 * 1_024;

/// Fates that wait for a slow reader.
const WAITING_MAX: usize = 64;

/// Which processes to move where.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "an object with from, to, ids, phase and dryRun")]
struct Wish {
    from: Option<String>,
    to: String,
    ids: Option<Vec<String>>,
    phase: Option<String>,
    #[serde(default)]
    dry_run: bool,
}

/// Where to move one process.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "an object with to, from and dryRun")]
struct WishOfOne {
    from: Option<String>,
    to: String,
    #[serde(default)]
    dry_run: bool,
}

/// What became of one process.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    process: String,
    stream: String,
    result: &'static str,
    /// Why it stays: for programs, and for people.
    code: Option<String>,
    reason: Option<String>,
    /// Where its stream was before.
    category: Option<String>,
    module: Option<String>,
}

/// The last line.
#[derive(Serialize)]
struct Last {
    summary: Summary,
}

/// What became of all of them.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    to: String,
    module: String,
    dry_run: bool,
    moved: u64,
    would_move: u64,
    already_there: u64,
    stay: u64,
    /// Why it ended before all were looked at; asking again goes on.
    broke_off: Option<String>,
}

pub(super) async fn many(State(desk): State<Desk>, body: Body) -> Result<Response, Problem> {
    let body = json::read(&desk, body, WISH_BYTES_MAX).await?;
    let wish: Wish = json::parse(&body)?;
    if wish.from.is_none() && wish.ids.is_none() {
        return Err(Problem::invalid("invalid-body", "from: say which processes are to move, by where they are, or by their ids"));
    }
    let ids = wish.ids.map(|ids| ids.iter().map(|id| ProcessId::parse(id)).collect::<Result<Vec<_>, _>>()).transpose()?;
    let phase = wish.phase.as_deref().map(listing::phase).transpose()?;
    let mode = if wish.dry_run { Mode::Rehearse } else { Mode::Move };
    let (plan, to) = plan(&desk, wish.from.as_deref(), &wish.to, ids, phase, mode).await?;
    let busy = || Refusal::rejected("migration-under-way", "another migration is under way; ask again when it has ended");
    let place = Arc::clone(&desk.migrations).try_acquire_owned().map_err(|_| busy())?;
    let (lines, response) = Lines::answer();
    tokio::spawn(async move {
        let _place = place;
        write(plan, to, &desk, &lines).await;
    });
    Ok(response)
}

/// Carries a plan out, and writes a line for each process and one for all.
async fn write(plan: Plan, to: ModuleRecord, desk: &Desk, lines: &Lines) {
    let (suffix, mode) = (plan.suffix.clone(), plan.mode);
    let (tell, mut told) = mpsc::channel(WAITING_MAX);
    let run = tokio::spawn(plan.run(Arc::clone(&desk.engine), tell));
    while let Some(one) = told.recv().await {
        if !lines.write(&Line::of(one, &suffix.to_string())).await {
            // Nobody reads any more: without a listener the plan ends by itself, and what is begun is ended.
            break;
        }
    }
    drop(told);
    let sum = run.await.unwrap_or_else(|error| Sum { broke_off: Some(error.to_string()), ..Sum::default() });
    let Sum { moved, would_move, already_there, stay, broke_off } = sum;
    let (category, module) = (to.manifest.category.to_string(), to.digest.to_string());
    tracing::info!(to = category, module, dry_run = mode == Mode::Rehearse, moved, would_move, already_there, stay, broke_off, "migration");
    let dry_run = mode == Mode::Rehearse;
    let summary = Summary { to: category, module, dry_run, moved, would_move, already_there, stay, broke_off };
    lines.write(&Last { summary }).await;
}

pub(super) async fn single(State(desk): State<Desk>, Process(id): Process, body: Body) -> Result<Response, Problem> {
    let body = json::read(&desk, body, WISH_BYTES_MAX).await?;
    let wish: WishOfOne = json::parse(&body)?;
    let (plan, _) = plan(&desk, wish.from.as_deref(), &wish.to, Some(vec![id.clone()]), None, Mode::Move).await?;
    let row = desk.engine.query().process(&id).await?.ok_or_else(|| Refusal::UnknownProcess(id.clone()))?;
    let was = plan.place(&row)?;
    let wanted = Move { from: Some(was.1), to: plan.to };
    rehearsed(&desk.engine, &id, wanted).await?;
    if wish.dry_run {
        let suffix = plan.suffix.to_string();
        return Ok(json::answer(status::OK, &Line::of(One { process: id, was: Some(was), fate: Fate::WouldMove }, &suffix)));
    }
    desk.engine.operate(id.clone(), Operation::Migrate(wanted)).await?;
    changed(&desk, &id, status::ACCEPTED).await
}

/// Finds the two ends of a migration; the module that is moved to is loaded when this returns.
async fn plan(
    desk: &Desk,
    from: Option<&str>,
    to: &str,
    ids: Option<Vec<ProcessId>>,
    phase: Option<Phase>,
    mode: Mode,
) -> Result<(Plan, ModuleRecord), Problem> {
    let (record, _) = definitions::find(&desk.engine, to)?;
    let wrong = |text: String| Problem::invalid("wrong-stream", text);
    let category = &record.manifest.category;
    let suffix =
        record.manifest.stream.clone().ok_or_else(|| wrong(format!("to: {category} is no process, so nothing can be moved to it")))?;
    let from = from.map(|from| place(desk, from, &record)).transpose()?;
    let (engine, digest) = (Arc::clone(&desk.engine), record.digest);
    // Once and here, so that no worker has to wait for a module that only the shelf has.
    definitions::blocking(move || engine.registry().module(&digest)).await??;
    Ok((Plan { from, to: record.digest, suffix, ids, phase, mode }, record))
}

/// Where the streams are that are to move: a category, or a module by its digest.
fn place(desk: &Desk, from: &str, to: &ModuleRecord) -> Result<Place, Problem> {
    let (record, _) = definitions::find(&desk.engine, from)?;
    if record.manifest.stream != to.manifest.stream {
        let text = format!("from: {} and {} do not write the same stream", record.manifest.category, to.manifest.category);
        return Err(Problem::invalid("wrong-stream", text));
    }
    match Category::parse(from) {
        Ok(category) => Ok(Place::Category(category)),
        Err(_) if record.manifest.category.name() == from => {
            let text =
                format!("from: {from} has versions; name one of them, such as {}, or a module by its digest", record.manifest.category);
            Err(Problem::invalid("invalid-body", text))
        }
        Err(_) if record.digest == to.digest => {
            Err(Problem::invalid("invalid-body", format!("from and to are the same module of {}", to.manifest.category)))
        }
        Err(_) => Ok(Place::Module(record.digest)),
    }
}

impl Line {
    fn of(one: One, suffix: &str) -> Self {
        let (category, module) = one.was.map(|(category, module)| (category.to_string(), module.to_string())).unzip();
        let (result, refusal) = match one.fate {
            Fate::Moved => ("moved", None),
            Fate::WouldMove => ("would-move", None),
            Fate::AlreadyThere => ("already-there", None),
            Fate::Stays(refusal) => ("stays", Some(refusal)),
        };
        let (code, reason) = refusal.map(why).unzip();
        let (process, stream) = (one.process.to_string(), format!("{}-{suffix}", one.process));
        Self { process, stream, result, code, reason, category, module }
    }
}

/// Why a process stays: for programs, and for people. Who moves processes sees what its guests said.
fn why(refusal: Refusal) -> (String, String) {
    let code = match refusal {
        Refusal::Invalid { code, message } | Refusal::Rejected { code, message } => return (code, message),
        Refusal::UnknownProcess(_) => "unknown-process",
        Refusal::UnknownMessage { .. } => "unknown-message",
        Refusal::Busy => "busy",
        Refusal::Resting { .. } => "definition-rests",
        Refusal::NotCompiled { .. } => "still-compiling",
        Refusal::Guest { .. } => "definition-broke",
        Refusal::Store(_) => "store-failed",
        Refusal::Stopping => "stopping",
    };
    (code.to_owned(), refusal.to_string())
}
