//! The core of Procession: an event-sourced process manager.
//! No WASM, no disk, no network and no wall clock in here; those come in through [`ports`].
//!
//! In reading order: [`model`] has the words, [`ports`] what the engine asks of the world,
//! [`flow`] the way of a message, [`registry`] the modules, [`query`] the reading side, [`replay`] what makes recorded decisions again, [`gate`] what stands before a new module, and [`engine`] puts them together.

pub mod model;
pub mod ports;

pub mod background;

pub mod engine;
pub mod error;
pub mod flow;
pub mod gate;
pub mod limits;
pub mod query;
pub mod registry;
pub mod replay;
pub mod verify;
