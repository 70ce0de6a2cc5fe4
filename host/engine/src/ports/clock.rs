//! The clock port.
//! The engine never asks the system for the time.

use crate::model::time::Timestamp;

/// Tells the time.
pub trait Clock: Send + Sync {
    /// The present moment.
    fn now(&self) -> Timestamp;

    /// Microseconds since some fixed moment, never going back, whatever is set; for how long something took and how long it is to wait, never for what a definition decides.
    fn ticks_us(&self) -> u64 {
        self.now().0.saturating_mul(1_000)
    }
}
