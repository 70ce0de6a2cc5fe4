//! Inputs by the million, drawn from a seed: nothing that comes from outside may make the host panic or hang.
//! A case is known by its target, its seed and its number, so what was found once is found again.
//!
//! The usual fuzzers need a nightly compiler and an instrumented build; this one is a program like any other, and runs where the tests run.
//! In place of coverage it has structure: every target knows what its inputs look like, mends checksums after it has mutated,
//! and spends most cases close to what is valid.

mod dice;
mod mutate;

pub mod run;
pub mod targets;

pub use dice::Dice;
pub use mutate::{Dictionary, mutated, mutated_text};
