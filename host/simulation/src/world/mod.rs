//! The world around the host: outside systems that answer as they like, and callers who ask, repeat, give up and read.
//! Whatever they are told goes to the judge.

mod callers;
mod outside;

pub use callers::Callers;
pub use outside::{Letter, Outside};
