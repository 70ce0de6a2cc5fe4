//! Turns a core module into a component, and refuses one that Procession would refuse.
//!
//! Nothing is compiled, run or optimised here.

pub mod encode;
pub mod folder;
pub mod go;
pub mod name;

pub use encode::{componentize, componentize_go};
