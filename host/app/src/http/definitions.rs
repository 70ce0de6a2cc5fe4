//! Definitions over HTTP: list, show, deploy, drain. What else becomes of a module that is kept is in `life`.
//! A deploy compiles, so it runs where blocking is allowed.

use axum::body::Body;
use axum::extract::State;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse as _, Response};
use procession_engine::engine::Engine;
use procession_engine::error::DeployError;
use procession_engine::model::manifest::Manifest;
use procession_engine::ports::definition::{Module, Role};
use procession_engine::ports::shelf::{DrainReason, ModuleRecord, ModuleState, Tally};
use procession_engine::registry::{self as engine, Arrival, Origin, Outcome};
use procession_wasm::folder::RefusedFile;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::extract::{Params, Segment};
use super::problem::Problem;
use super::router::Desk;
use super::shapes::rfc3339;
use super::{check, json, status};

/// A module and the category that it stands for.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Definition {
    category: String,
    stream: Option<String>,
    module: String,
    state: &'static str,
    reason: Option<&'static str>,
    /// Processes need it, and wait until it is compiled.
    compiling: bool,
    since: String,
    deployed_at: String,
    file: Option<String>,
    size: u64,
    pending: u64,
    finished: u64,
    starts: Vec<String>,
    handles: Vec<String>,
    /// What the gate made of it, where it was let in since the start.
    gate: Option<Value>,
    /// What its author should know, such as ids that repeat.
    warning: Option<String>,
}

/// A file of the definitions folder that was not taken.
#[derive(Serialize)]
struct Refused {
    file: String,
    reason: String,
    since: String,
}

/// All modules, and the files that were not taken.
#[derive(Serialize)]
struct Definitions {
    items: Vec<Definition>,
    next: Option<String>,
    refused: Vec<Refused>,
    /// What is being compiled, checked, or held against histories just now.
    coming: Vec<Coming>,
}

/// A module that is on its way in.
#[derive(Serialize)]
struct Coming {
    file: Option<String>,
    size: u64,
    since: String,
}

/// What a deploy changed.
#[derive(Serialize)]
struct Deployed {
    outcome: &'static str,
    #[serde(flatten)]
    definition: Definition,
}

/// What a deploy would take.
#[derive(Serialize)]
pub(super) struct Checked {
    outcome: &'static str,
    category: String,
    role: &'static str,
    stream: Option<String>,
    module: String,
    size: usize,
    starts: Vec<String>,
    handles: Vec<String>,
}

impl Checked {
    pub(super) fn of(module: &Module, size: usize) -> Self {
        let Manifest { category, stream, starts, handles, .. } = &*module.manifest;
        let role = match module.role {
            Role::Process(_) => "process",
            Role::Router(_) => "router",
            Role::Adapter(_) => "adapter",
        };
        Self {
            outcome: "passes",
            category: category.to_string(),
            role,
            stream: stream.as_ref().map(ToString::to_string),
            module: module.digest.to_string(),
            size,
            starts: texts(starts),
            handles: texts(handles),
        }
    }
}

/// What to list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Listed {
    /// Also modules that were removed.
    #[serde(default)]
    removed: bool,
}

pub(super) async fn list(State(desk): State<Desk>, Params(Listed { removed }): Params<Listed>) -> Result<Response, Problem> {
    let registry = desk.engine.registry();
    let all = registry.list()?.into_iter().filter(|(record, _)| removed || record.state != ModuleState::Removed);
    let items = all.map(|(record, tally)| Definition::of(&desk.engine, record, tally)).collect();
    let refused = (desk.refused_files)().into_iter().map(Refused::of).collect();
    let coming = registry.coming().into_iter().map(Coming::of).collect();
    Ok(json::answer(status::OK, &Definitions { items, next: None, refused, coming }))
}

pub(super) async fn show(State(desk): State<Desk>, Segment(name): Segment) -> Result<Response, Problem> {
    let (record, tally) = find(&desk.engine, &name)?;
    Ok(json::answer(status::OK, &Definition::of(&desk.engine, record, tally)))
}

/// How to deploy.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct How {
    #[serde(default)]
    dry_run: bool,
    /// Keeps it, and lets it take no process until it is activated.
    #[serde(default)]
    inactive: bool,
}

pub(super) async fn deploy(State(desk): State<Desk>, how: Result<Params<How>, Problem>, body: Body) -> Result<Response, Problem> {
    // Before anything is answered: whoever is still sending a large body may miss the answer.
    let bytes = json::read(&desk, body, desk.module_bytes_max).await?;
    let Params(how) = how?;
    let engine = desk.engine.clone();
    if how.dry_run {
        let size = bytes.len();
        let module = blocking(move || engine.registry().check(&bytes)).await??;
        return Ok(json::answer(status::OK, &Checked::of(&module, size)));
    }
    let take = move || if how.inactive { engine.shelve(&bytes) } else { engine.deploy(&bytes, &Origin::Request) };
    deployed(&desk, &blocking(take).await??)
}

/// Answers with a module that was taken or activated.
pub(super) fn deployed(desk: &Desk, deployed: &engine::Deployed) -> Result<Response, Problem> {
    let (status, outcome) = match deployed.outcome {
        Outcome::New => (status::CREATED, "new"),
        Outcome::Shelved => (status::CREATED, "checked"),
        Outcome::Reactivated => (status::OK, "reactivated"),
        Outcome::Unchanged => (status::OK, "unchanged"),
    };
    let digest = deployed.record.digest;
    let (record, tally) = find(&desk.engine, &digest.to_string())?;
    let location = [(LOCATION, format!("/definitions/{digest}"))];
    Ok((location, json::answer(status, &Deployed { outcome, definition: Definition::of(&desk.engine, record, tally) })).into_response())
}

pub(super) async fn drain(State(desk): State<Desk>, Segment(name): Segment) -> Result<Response, Problem> {
    let (record, tally) = find(&desk.engine, &name)?;
    let engine = desk.engine.clone();
    let record = blocking(move || engine.drain(&record.digest)).await??;
    Ok(json::answer(status::OK, &Definition::of(&desk.engine, record, tally)))
}

/// Finds a module by digest, by the beginning of one, by category, or by name; of several, the active one, and the newest of those.
pub(super) fn find(engine: &Engine, wanted: &str) -> Result<(ModuleRecord, Tally), Problem> {
    let all = engine.registry().list()?;
    let named = |record: &ModuleRecord| {
        let digest = record.digest.to_string();
        let hex = digest.trim_start_matches("sha256:");
        let is_digest = digest == wanted || (wanted.len() >= 6 && hex.starts_with(wanted));
        let category = &record.manifest.category;
        is_digest || category.to_string() == wanted || category.name() == wanted
    };
    let found = all.into_iter().filter(|(record, _)| named(record));
    let found = found.max_by_key(|(record, _)| (rank(record), record.manifest.category.clone(), record.since));
    found.ok_or_else(|| unknown(wanted).into())
}

/// Who is meant first by a name that several have.
fn rank(record: &ModuleRecord) -> u8 {
    match record.state {
        ModuleState::Active => 3,
        ModuleState::Draining { .. } => 2,
        ModuleState::Checked => 1,
        ModuleState::Removed => 0,
    }
}

fn unknown(wanted: &str) -> DeployError {
    DeployError::Unknown(wanted.chars().take(128).collect())
}

pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Problem::host(format!("a deploy did not come to its end: {error}")))
}

fn texts(names: &[impl ToString]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

impl Definition {
    pub(super) fn of(engine: &Engine, record: ModuleRecord, tally: Tally) -> Self {
        let gate = engine.registry().verdict(&record.digest).map(|verdict| check::verdict(&verdict));
        let (state, reason) = match record.state {
            ModuleState::Active => ("active", None),
            ModuleState::Draining { because } => (if tally.pending == 0 { "retired" } else { "draining" }, Some(reason(because))),
            ModuleState::Checked => ("checked", None),
            ModuleState::Removed => ("removed", None),
        };
        let compiling = engine.registry().is_being_compiled(&record.digest);
        Self {
            category: record.manifest.category.to_string(),
            stream: record.manifest.stream.as_ref().map(ToString::to_string),
            module: record.digest.to_string(),
            state,
            reason,
            compiling,
            since: rfc3339(record.since),
            deployed_at: rfc3339(record.deployed_at),
            file: record.file,
            size: record.size,
            pending: tally.pending,
            finished: tally.finished,
            starts: texts(&record.manifest.starts),
            handles: texts(&record.manifest.handles),
            gate,
            warning: engine.warning(&record.digest).map(|warning| warning.to_string()),
        }
    }
}

fn reason(because: DrainReason) -> &'static str {
    match because {
        DrainReason::Superseded => "superseded",
        DrainReason::FileRemoved => "file-removed",
        DrainReason::Operator => "operator",
        DrainReason::RolledBack => "rolled-back",
    }
}

impl Coming {
    fn of(arrival: Arrival) -> Self {
        let file = match arrival.origin {
            Origin::File(name) => Some(name),
            Origin::Request => None,
        };
        Self { file, size: arrival.size, since: rfc3339(arrival.since) }
    }
}

impl Refused {
    fn of(refused: RefusedFile) -> Self {
        Self { file: refused.file, reason: refused.reason, since: rfc3339(refused.since) }
    }
}
