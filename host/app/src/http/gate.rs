//! Who is turned away before a handler hears of it: everybody while the host stops, and whoever comes beyond the bound of connections.
//! Health and metrics are answered all the same: that is when somebody looks.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::HeaderValue;
use axum::http::header::CONNECTION;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use procession_engine::error::Refusal;
use tokio::sync::watch;

use super::doors::Doors;
use super::problem::Problem;

/// Refuses new work while the host stops.
pub(super) async fn while_stopping(State(stopping): State<watch::Receiver<bool>>, request: Request, next: Next) -> Response {
    if !*stopping.borrow() || is_for_operators(&request) { next.run(request).await } else { closing(Refusal::Stopping.into()) }
}

/// Refuses what comes over a connection that is one too many.
pub(super) async fn beyond(State(doors): State<Arc<Doors>>, request: Request, next: Next) -> Response {
    if is_for_operators(&request) {
        return next.run(request).await;
    }
    doors.turn_away();
    closing(Refusal::Busy.into())
}

fn is_for_operators(request: &Request) -> bool {
    matches!(request.uri().path(), "/healthz" | "/readyz" | "/metrics")
}

fn closing(problem: Problem) -> Response {
    let mut response = problem.into_response();
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}
