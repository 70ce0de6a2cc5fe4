//! The core of Procession: an event-sourced process manager without a single outside dependency of its own making.
//! No WASM, no disk, no network and no wall clock in here; those come in through [`ports`].

pub mod model;
pub mod ports;
