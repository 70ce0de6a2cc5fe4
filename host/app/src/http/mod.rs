//! The HTTP interface: routes, documents and refusals over an engine.
//! Nothing is decided here; a handler reads a request, asks the engine and writes the answer down.

mod router;
mod server;

mod backup;
mod definitions;
mod health;
mod listing;
mod messages;
mod processes;
mod streams;

mod auth;
mod origin;
mod send;

mod extract;
mod json;
mod prefer;
mod problem;
mod shapes;
mod status;
mod waiting;

pub(crate) use auth::{Names, Tokens};
pub(crate) use router::{Desk, router};
pub(crate) use server::Server;
