//! What the engine asks of the world: a store and its log, a shelf, a runtime for definitions and a clock.
//! Adapters live in other crates; the engine sees only these traits.

pub mod clock;
pub mod definition;
pub mod log;
pub mod shelf;
pub mod store;
