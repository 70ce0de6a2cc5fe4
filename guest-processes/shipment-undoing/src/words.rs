//! What is said when something is to be undone: between a process and its subprocesses, and between those and the carriers.
//!
//! `T` is what a carrier has promised: a leg that it takes ([`LegManifested`]) or a collection ([`CollectionBooked`]).

use serde::{Deserialize, Serialize};

use shipment_language::carrier::{CollectionBooked, LegManifested};

/// Content of `CancelShipment` and `CancelCollectionBooking`: undo what was done, and do no more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cancel {
    /// Why; for people.
    pub reason: String,
}

/// Content of `CancelShipmentWithCarrier` and `CancelCollectionWithCarrier`: please take the promise back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt<T> {
    /// What is to be undone.
    pub promise: T,
    /// How often the carrier has been asked, from 1.
    pub attempt: u32,
}

/// Content of `ShipmentCarrierCancellationFailed` and `CarrierCollectionCancellationFailed`: the carrier does not take it back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused<T> {
    /// What was to be undone.
    pub promise: T,
    /// Which attempt is answered.
    pub attempt: u32,
    /// What the carrier calls the failure.
    pub failure: String,
}

/// Content of the events that put another attempt off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PutOff<T> {
    /// What is to be undone.
    pub promise: T,
    /// Which attempt failed.
    pub attempt: u32,
    /// Why it failed.
    pub failure: String,
    /// When the next one is made, as RFC 3339.
    pub again_at: String,
}

/// Content of the events that say that there will be no further attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenUp<T> {
    /// What could not be undone.
    pub promise: T,
    /// Why the last attempt failed.
    pub failure: String,
}

/// Content of `ShipmentCancelled` and `CollectionBookingCancelled`: nothing is under way any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Undone {
    /// What could not be undone; empty when everything was.
    pub not_undone: Vec<NotUndone>,
}

/// Something that a carrier has promised, or may have, and that nobody wants any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NotUndone {
    /// What it is.
    pub what: What,
    /// Who has promised it.
    pub carrier_id: String,
    /// What the carrier calls a leg, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracking_number: Option<String>,
    /// What the carrier calls a collection, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booking_reference: Option<String>,
    /// Why it is not undone.
    pub failure: String,
}

/// What a carrier can promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum What {
    /// To carry a leg.
    Leg,
    /// To collect the shipment.
    Collection,
}

impl From<GivenUp<LegManifested>> for NotUndone {
    fn from(GivenUp { promise, failure }: GivenUp<LegManifested>) -> Self {
        let LegManifested { carrier_id, tracking_number, .. } = promise;
        Self { what: What::Leg, carrier_id, tracking_number: Some(tracking_number), booking_reference: None, failure }
    }
}

impl From<GivenUp<CollectionBooked>> for NotUndone {
    fn from(GivenUp { promise, failure }: GivenUp<CollectionBooked>) -> Self {
        let CollectionBooked { carrier_id, booking_reference } = promise;
        Self { what: What::Collection, carrier_id, tracking_number: None, booking_reference: Some(booking_reference), failure }
    }
}
