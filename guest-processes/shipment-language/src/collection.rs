//! Between a shipment process and the booking of its collection.

use serde::{Deserialize, Serialize};

use crate::leg::ManifestedLeg;
use crate::start::BookCollection;

/// Content of `CreateCollectionBooking`, which begins a booking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateCollectionBooking {
    /// The leg whose carrier picks the shipment up.
    pub collection_leg: ManifestedLeg,
    /// When, as `YYYY-MM-DD`.
    pub collection_date: String,
    /// The time zone of that date.
    pub time_zone: String,
    /// When to book it.
    #[serde(default, skip_serializing_if = "BookCollection::is_at_once")]
    pub book_collection: BookCollection,
}

/// Content of `CollectionBooked`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Booked {
    /// What the carrier calls the booking.
    pub booking_reference: String,
}
