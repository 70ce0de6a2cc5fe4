//! Turns a core module built for `wasm32-unknown-unknown` into a component, and refuses one that Procession would refuse.
//!
//! Nothing is compiled, run or optimised here.

pub mod encode;
pub mod folder;
pub mod name;

pub use encode::componentize;
