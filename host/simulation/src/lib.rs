//! Deterministic simulation: the real engine on one thread, in a world that is drawn from a seed and fails in every way.
//! Nothing here is part of the host; it exists to find what the host does wrong.
//!
//! In reading order: [`run`] draws what happens, `calm` lets it end, [`host`] is the engine under trial,
//! [`store`], [`clock`], [`definitions`] and [`world`] are what surrounds it, [`fate`] says what fails,
//! and [`judge`] says what was wrong.

pub mod run;

mod calm;
mod replayed;

pub mod host;

pub mod clock;
pub mod definitions;
pub mod store;
pub mod world;

pub mod dice;
pub mod fate;
pub mod fault;
pub mod sabotage;
pub mod trace;

pub mod judge;
