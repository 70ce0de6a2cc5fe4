//! Whether the host lives, and whether it can work.
//! Both routes are open to everybody and say nothing about what the host holds.

use axum::extract::State;
use axum::response::Response;
use procession_engine::error::Refusal;
use procession_engine::ports::store::{Direction, Scope};
use serde::Serialize;

use super::problem::Problem;
use super::router::Desk;
use super::{json, status};

#[derive(Serialize)]
struct Health {
    status: &'static str,
}

/// The process answers.
pub(super) async fn alive() -> Response {
    json::answer(status::OK, &Health { status: "ok" })
}

/// The store can be read and syncs, and the host is not stopping. The port opens after recovery, so there is nothing else to wait for.
pub(super) async fn ready(State(desk): State<Desk>) -> Result<Response, Problem> {
    if *desk.stopping.borrow() || !desk.engine.is_running() {
        return Err(Refusal::Stopping.into());
    }
    desk.engine.query().events(&Scope::All, u64::MAX, Direction::Backward, 1).await?;
    Ok(json::answer(status::OK, &Health { status: "ready" }))
}
