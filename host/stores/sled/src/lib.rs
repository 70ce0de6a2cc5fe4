//! The embedded event store of Procession: sled, with one ordered writer and a real sync to disk.
//! What a commit means is said by the engine; what every store must keep, by the conformance suite.
//!
//! The way of a commit, file by file:
//!
//! 1. [`SledStore`] (`store`) puts it into the `queue`, which keeps the order and has a bound.
//! 2. The `writer`, one thread, takes what waits: a `group`.
//! 3. The `group` looks at each commit against what is kept (`disk`) and what the group has changed so far (`overlay`).
//! 4. All changes of the group go to sled as one batch, and to the disk with one `sync`; only then are the callbacks made.
//!
//! Keys are in `keys`, the frame of values in `codec`, what makes them smaller in `packed`, the shapes that they have and have had in `kept` and `format1`, the figures that the writer carries along in `ledger`.
//! `mark` and `lock` keep two small files beside sled: how far the log was durable, and who uses the folder.
//! `sum` is carried along over all keys and values, so that nothing goes, comes back or grows old unseen.
//!
//! When a write fails, `recovery` shuts the `door` to reads, tries the folder (`room`) and opens the database again.
//! `making`, `ordered` and `flushing` mend what sled leaves open: its first moments, the order of its writes, and who wakes a flush.
//!
//! # What to plan
//!
//! On disk, sled takes several times the bytes of the events (measured: 2.3 KB a commit of 300 bytes); in memory, about
//! twice [`Settings::cache_bytes`]; opening takes about 4 s for a million commits,
//! and about twice as long again to read and add up everything ([`Check::Everything`]).
//!
//! ```
//! # let folder = tempfile::tempdir()?;
//! use procession_store_sled::{Settings, SledStore};
//!
//! let store = SledStore::open(folder.path(), Settings::default())?;
//! store.close();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod settings;
mod store;

mod making;
mod open;

mod queue;
mod recovery;
mod room;
mod tap;
mod writer;

mod batch;
mod group;
mod ledger;
mod overlay;

mod entries;
mod read;
mod shelf;

mod codec;
mod disk;
mod kept;
mod keys;
mod packed;
mod sum;

mod door;
mod flushing;
mod format1;
mod upgrade;

mod backup;
mod verify;

mod lock;
mod mark;
mod ordered;
mod sync;

#[cfg(test)]
mod tests;

pub use backup::{BackupError, Restored, Taken, check, restore};
pub use open::OpenError;
pub use settings::{Check, Settings};
pub use store::SledStore;
