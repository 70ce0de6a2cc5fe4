//! The one suite that every event store passes: what the store port promises, as rules that can be run.
//! No store is named in here; each brings a [`Home`] and one line, `procession_conformance::suite!(MyHome);`.
//!
//! Every rule becomes a test of its own under the sentence that is its name.
//! The rules use only the three ports of a store and never wait for time to pass: they wait for callbacks.

mod suite;

pub mod commits;
pub mod entries;
pub mod keeping;
pub mod order;
pub mod reads;
pub mod refusals;
pub mod reopening;
pub mod rows;
pub mod shelf;
pub mod waiting;

pub mod samples;

mod picture;

use procession_engine::ports::log::Log;
use procession_engine::ports::shelf::Shelf;
use procession_engine::ports::store::EventStore;

/// What a rule says where a read that cannot fail has failed.
const READ: &str = "the store can be read";

/// A place that keeps what a store wrote.
pub trait Home {
    /// The store that lives there.
    type Store: EventStore + Log + Shelf + 'static;

    /// A place where nothing is kept yet.
    fn fresh() -> Self;

    /// Opens the store on what the place keeps. No rule has it open twice at a time.
    fn open(&self) -> Self::Store;
}
