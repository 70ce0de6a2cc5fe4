//! What becomes of modules that are kept: activated, gone back from, removed.
//! How a module comes is in `definitions`.

use axum::extract::State;
use axum::response::Response;
use procession_engine::ports::shelf::ModuleRecord;
use procession_engine::registry::{Pruned, Stays};
use serde::{Deserialize, Serialize};

use super::definitions::{Definition, blocking, deployed, find};
use super::extract::{Params, Segment};
use super::problem::Problem;
use super::router::Desk;
use super::{json, status};

/// What going back has changed.
#[derive(Serialize)]
struct RolledBack {
    from: Definition,
    to: Definition,
}

/// What was removed, and what was not.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Removal {
    dry_run: bool,
    items: Vec<LookedAt>,
}

/// A module that was looked at for removal.
#[derive(Serialize)]
struct LookedAt {
    category: String,
    module: String,
    size: u64,
    /// `removed`, `would-be-removed` or `stays`.
    result: &'static str,
    /// Why it stays: `in-use`, `has-file` or `checked`.
    code: Option<&'static str>,
    reason: Option<String>,
}

/// What to remove: all that nothing needs, or what is named.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct What {
    #[serde(default)]
    dry_run: bool,
    /// A category, a name or a digest; several with commas.
    definitions: Option<String>,
}

pub(super) async fn activate(State(desk): State<Desk>, Segment(name): Segment) -> Result<Response, Problem> {
    let (record, _) = find(&desk.engine, &name)?;
    let engine = desk.engine.clone();
    deployed(&desk, &blocking(move || engine.activate(&record.digest)).await??)
}

pub(super) async fn roll_back(State(desk): State<Desk>, Segment(name): Segment) -> Result<Response, Problem> {
    let engine = desk.engine.clone();
    let changed = blocking(move || engine.roll_back(&name)).await??;
    let shown = |record: ModuleRecord| {
        let (record, tally) = find(&desk.engine, &record.digest.to_string())?;
        Ok::<_, Problem>(Definition::of(&desk.engine, record, tally))
    };
    Ok(json::answer(status::OK, &RolledBack { from: shown(changed.from)?, to: shown(changed.to)? }))
}

pub(super) async fn prune(State(desk): State<Desk>, Params(what): Params<What>) -> Result<Response, Problem> {
    let What { dry_run, definitions } = what;
    let names = definitions.iter().flat_map(|names| names.split(',')).filter(|name| !name.is_empty());
    let named = names.map(|name| find(&desk.engine, name).map(|(record, _)| record.digest)).collect::<Result<Vec<_>, _>>()?;
    let registry = desk.engine.registry().clone();
    let looked_at = blocking(move || registry.prune(&named, dry_run)).await??;
    let items = looked_at.into_iter().map(|(record, became)| LookedAt::of(&record, &became, dry_run)).collect();
    Ok(json::answer(status::OK, &Removal { dry_run, items }))
}

impl LookedAt {
    fn of(record: &ModuleRecord, became: &Pruned, dry_run: bool) -> Self {
        let (result, code, reason) = match became {
            Pruned::Removed => (if dry_run { "would-be-removed" } else { "removed" }, None, None),
            Pruned::Stays(why) => {
                let (code, reason) = told(why);
                ("stays", Some(code), Some(reason))
            }
        };
        Self { category: record.manifest.category.to_string(), module: record.digest.to_string(), size: record.size, result, code, reason }
    }
}

fn told(why: &Stays) -> (&'static str, String) {
    match why {
        Stays::InUse(tally) => ("in-use", format!("{} pending and {} finished streams are on it", tally.pending, tally.finished)),
        Stays::HasFile(file) => ("has-file", format!("{file} is still in the definitions folder; remove it there first")),
        Stays::Checked => ("checked", "it is kept for later; name it to remove it".to_owned()),
    }
}
