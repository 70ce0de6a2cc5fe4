//! Between a shipment process and its shipment: manifestation and documents.

use serde::{Deserialize, Serialize};

use crate::leg::{Leg, ManifestedLeg};

/// Content of `CreateShipment`, which begins a shipment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateShipment {
    /// The legs of the journey, in order; at least one.
    pub legs: Vec<Leg>,
}

/// Content of `ShipmentManifested`: all carriers have accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifested {
    /// Every leg with its tracking number, in order.
    pub manifested_legs: Vec<ManifestedLeg>,
}

/// Content of every event that says that a document is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Generated {
    /// Where it can be fetched.
    pub document_location: String,
}
