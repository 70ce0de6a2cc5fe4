//! Between us and a carrier.
//!
//! Every answer repeats what it answers (carrier, leg), so that a duplicate or a late one is recognised.

use serde::{Deserialize, Serialize};

use crate::leg::{Leg, ManifestedLeg};

/// Content of `ManifestShipmentWithCarrier`: please take this leg.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ManifestLeg {
    /// Who is asked.
    pub carrier_id: String,
    /// The leg's place in the journey, from 0.
    pub leg_index: usize,
    /// The leg.
    pub leg: Leg,
}

/// Content of `ShipmentManifestedWithCarrier`: the carrier takes the leg.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LegManifested {
    /// Who answers.
    pub carrier_id: String,
    /// Which leg it is about, from 0.
    pub leg_index: usize,
    /// What the carrier calls it.
    pub tracking_number: String,
}

/// Content of `ShipmentCarrierManifestationFailed`: the carrier does not take the leg.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LegFailed {
    /// Who answers.
    pub carrier_id: String,
    /// Which leg it is about, from 0.
    pub leg_index: usize,
    /// What the carrier calls the failure.
    pub failure: String,
}

/// Content of `BookCollectionWithCarrier`: please pick the shipment up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BookCollection {
    /// Who is asked.
    pub carrier_id: String,
    /// What is to be picked up.
    pub collection_leg: ManifestedLeg,
    /// When, as `YYYY-MM-DD`.
    pub collection_date: String,
    /// The time zone of that date.
    pub time_zone: String,
}

/// Content of `CollectionBookedWithCarrier`: the carrier comes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CollectionBooked {
    /// Who answers.
    pub carrier_id: String,
    /// What the carrier calls the booking.
    pub booking_reference: String,
}

/// Content of `CarrierCollectionBookingFailed`: the carrier does not come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CollectionFailed {
    /// Who answers.
    pub carrier_id: String,
    /// What the carrier calls the failure.
    pub failure: String,
}
