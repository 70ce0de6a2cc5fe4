//! Taking back what carriers have promised: the last promise first, one after another, each tried several times.
//!
//! The words of a component (its events, its command, its timer) do not live here; it lends them as [`Undoing`].
//! The components of 1.1 share these rules because they were published together: a later rule makes a later crate, so that their bytes stay.

mod ledger;
mod undoing;
pub mod words;

pub use ledger::{Ledger, Progress};
pub use undoing::{Cancellation, Undoing};

/// How long a carrier may take to answer anything, in milliseconds; after that it counts as silent.
pub const ANSWER_MS: u64 = 10_000;

/// How often a carrier is asked to take a leg or a booking back.
pub const ATTEMPTS_MAX: u32 = 4;

/// How long to wait after an attempt that failed, in milliseconds: one second, then twice as long each time.
#[must_use]
pub const fn pause_ms(attempt: u32) -> u64 {
    1_000 << attempt.saturating_sub(1)
}
