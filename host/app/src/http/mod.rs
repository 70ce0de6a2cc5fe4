//! The HTTP interface: routes, documents and refusals over an engine.
//! Nothing is decided here; a handler reads a request, asks the engine and writes the answer down.

mod router;
mod server;

mod backup;
mod check;
mod dead_letters;
mod definitions;
mod health;
mod life;
mod listing;
mod messages;
mod metrics;
mod migrations;
mod operations;
mod processes;
mod streams;

mod auth;
mod doors;
mod gate;
mod origin;
mod send;

mod extract;
mod json;
mod lines;
mod prefer;
mod problem;
mod shapes;
mod status;
mod waiting;

pub(crate) use auth::{Names, Tokens};
pub(crate) use doors::Doors;
pub use doors::HttpLimits;
pub(crate) use metrics::Look;
pub(crate) use router::{Desk, answers, router};
pub(crate) use server::{FAREWELL, Server};
