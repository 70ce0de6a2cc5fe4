//! What the shipment components say to each other: the content of their messages, and what makes a start command valid.
//!
//! No decision and no state lives here: every version of a process keeps its own, so that a published one never changes
//! because another one does. Fields here may be added, never changed or removed.

pub mod calendar;
pub mod carrier;
pub mod collection;
pub mod leg;
pub mod outcome;
pub mod shipment;
pub mod start;

pub use leg::{Leg, ManifestedLeg};
pub use outcome::{Documents, Outcome};
pub use start::{BookCollection, ProcessShipment};

use serde::{Deserialize, Serialize};

/// Why something did not come about; every failure message carries it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failed {
    /// The reference of the failure, or what went wrong.
    pub failure: String,
}
