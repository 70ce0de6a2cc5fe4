//! One leg of a shipment's journey.

use serde::{Deserialize, Serialize};

/// One leg: a carrier takes the shipment from a sender to a receiver.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Leg {
    /// Who carries it.
    pub carrier_id: String,
    /// Where it comes from.
    pub sender: String,
    /// Where it goes.
    pub receiver: String,
    /// Where the carrier picks it up.
    pub collection: String,
}

/// A leg that its carrier has accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ManifestedLeg {
    /// The leg.
    pub leg: Leg,
    /// What the carrier calls it.
    pub tracking_number: String,
}
