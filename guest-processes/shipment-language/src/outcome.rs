//! What a caller sees of a shipment process; the order of the fields is the order in the answer.

use serde::{Deserialize, Serialize};

use crate::leg::ManifestedLeg;

/// What a shipment process has brought about; what does not exist yet is null.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// The shipment.
    pub shipment_id: String,
    /// The definition that it runs under, such as `domestic-1.0`.
    pub process_category: String,
    /// When the carrier is to pick it up.
    pub collection_date: String,
    /// The time zone of that date.
    pub time_zone: String,
    /// The tracking numbers of all legs, joined by a comma and a space.
    pub tracking_numbers: Option<String>,
    /// The carrier's reference of the collection.
    pub collection_booking_reference: Option<String>,
    /// Where the documents are.
    pub documents: Documents,
}

/// Where the documents are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Documents {
    /// The labels to stick on.
    pub labels: Option<String>,
    /// The customs invoice, for a journey across a border.
    pub customs_invoice: Option<String>,
    /// The receipt.
    pub receipt: Option<String>,
    /// All of them in one.
    pub combined_document: Option<String>,
}

/// The tracking numbers of these legs as one text; nothing before there is one.
#[must_use]
pub fn tracking_numbers(legs: &[ManifestedLeg]) -> Option<String> {
    let numbers: Vec<&str> = legs.iter().map(|leg| leg.tracking_number.as_str()).collect();
    (!numbers.is_empty()).then(|| numbers.join(", "))
}
