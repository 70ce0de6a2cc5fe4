//! The map of the HTTP interface: which route goes where.
//! What a route does is said in the module of its noun.

use std::sync::Arc;

use axum::Router;
use axum::http::{Method, Uri};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};
use procession_engine::engine::Engine;
use procession_wasm::folder::RefusedFile;
use tokio::sync::{Semaphore, watch};

use crate::backup::Backups;

use super::auth::{self, Tokens};
use super::doors::Doors;
use super::metrics::Look;
use super::problem::{self, Problem};
use super::server::Answers;
use super::{
    backup, check, dead_letters, definitions, gate, health, life, listing, messages, metrics, migrations, operations, processes, streams,
};

/// What every handler has at hand.
#[derive(Clone)]
pub(crate) struct Desk {
    pub(crate) engine: Arc<Engine>,
    pub(crate) backups: Backups,
    /// Bytes of one message from outside.
    pub(crate) payload_bytes_max: usize,
    /// Bytes of one module.
    pub(crate) module_bytes_max: usize,
    /// The files of the definitions folder that are refused at present.
    pub(crate) refused_files: Arc<dyn Fn() -> Vec<RefusedFile> + Send + Sync>,
    /// Held by whoever lets histories be decided again: one at a time, since each takes as many threads as may be spared.
    pub(crate) checks: Arc<Semaphore>,
    /// How much may come in at once.
    pub(crate) doors: Arc<Doors>,
    /// What the metrics have seen of the store.
    pub(crate) look: Arc<Look>,
    /// Taken by the migration that is under way: a second one would only halve the first, and both the workers.
    pub(crate) migrations: Arc<Semaphore>,
    /// Turns true when the host stops, so that nobody waits for an end that this host will not see.
    pub(crate) stopping: watch::Receiver<bool>,
}

/// What a host is asked for where the address is wrong.
const ROUTES: &str = "POST and GET /{id}, POST and GET /processes/{id}, GET /processes, GET /processes/{id}/history, \
     GET /processes/{id}/notes, POST /processes/{id}/cancel, POST /processes/{id}/retry, \
     POST /processes/{id}/migrate, POST /migrations, GET /streams/{stream}, POST /messages, \
     GET /dead-letters, GET and DELETE /dead-letters/{id}, POST /dead-letters/{id}/replay, GET and PUT /definitions, \
     GET and DELETE /definitions/{category or digest}, POST /definitions/{category or digest}/activate, \
     POST /definitions/{category or name}/rollback, POST /definitions/prune, POST /definitions/check, GET /backup, GET /healthz, GET /readyz, GET /metrics";

/// The routes over an engine.
pub(crate) fn router(desk: Desk, tokens: Tokens) -> Router {
    let stopping = desk.stopping.clone();
    // Routes of one segment refuse POST as what it looks like: the start of a process of that name.
    Router::new()
        .route("/", post(processes::short_start).get(unknown))
        .route("/{id}", post(processes::short_start).get(processes::outcome))
        .route("/processes", get(listing::list).post(processes::clash))
        .route("/processes/", post(processes::clash))
        .route("/processes/{id}", post(processes::start).get(processes::show))
        .route("/processes/{id}/history", get(listing::history))
        .route("/processes/{id}/notes", get(operations::notes))
        .route("/processes/{id}/cancel", post(operations::cancel))
        .route("/processes/{id}/retry", post(operations::retry))
        .route("/processes/{id}/migrate", post(migrations::single))
        .route("/migrations", post(migrations::many))
        .route("/dead-letters", get(dead_letters::list).post(processes::clash))
        .route("/dead-letters/{id}", get(dead_letters::show).delete(dead_letters::discard))
        .route("/dead-letters/{id}/replay", post(dead_letters::replay))
        .route("/streams/{stream}", get(streams::show))
        .route("/messages", post(messages::take))
        .route("/definitions", get(definitions::list).put(definitions::deploy).post(processes::clash))
        .route("/definitions/check", post(check::check).get(check::shown).delete(check::drained))
        .route("/definitions/prune", post(life::prune))
        .route("/definitions/{name}", get(definitions::show).delete(definitions::drain))
        .route("/definitions/{name}/activate", post(life::activate))
        .route("/definitions/{name}/rollback", post(life::roll_back))
        .route("/backup", get(backup::take).post(processes::clash))
        .route("/healthz", get(health::alive).post(processes::clash))
        .route("/readyz", get(health::ready).post(processes::clash))
        .route("/metrics", get(metrics::show).post(processes::clash))
        .fallback(unknown)
        .with_state(desk)
        .layer(from_fn_with_state(stopping, gate::while_stopping))
        .layer(from_fn_with_state(tokens, auth::check))
        .layer(from_fn(problem::finish))
}

/// What connections are answered with: the routes, and a refusal for those beyond the bound.
pub(crate) fn answers(served: Router, doors: Arc<Doors>) -> Answers {
    let beyond = served.clone().layer(from_fn_with_state(doors, gate::beyond)).layer(from_fn(problem::finish));
    Answers { served, beyond }
}

async fn unknown(method: Method, uri: Uri) -> Problem {
    Problem::not_found("unknown-route", format!("there is no {method} {}; there are: {ROUTES}", uri.path()))
}
