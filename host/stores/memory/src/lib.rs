//! An event store in memory: the short reading copy of what a store does, and the store of most tests.
//! Nothing here survives the program; a clone shares the contents, so a test can start an engine again on them.

mod group;
mod read;
mod shelf;
mod store;

pub use store::MemoryStore;
