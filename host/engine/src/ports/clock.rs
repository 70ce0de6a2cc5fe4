//! The clock port.
//! The engine never asks the system for the time.

use crate::model::time::Timestamp;

/// Tells the time.
pub trait Clock: Send + Sync {
    /// The present moment.
    fn now(&self) -> Timestamp;
}
