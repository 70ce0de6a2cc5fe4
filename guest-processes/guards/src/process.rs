//! The walk through a shipment process, the same for all of its kinds and versions.
//!
//! What only one of them takes is said by its own test.

use procession_sdk::scenario::Exploration;
use procession_sdk::{Process, Scenario, kinds, wire};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Guard;

/// What can come to a shipment process, right and from another order of things: a second list of legs, no legs, another booking.
const MESSAGES: [(&str, &str); 13] = [
    (
        "ProcessShipment",
        r#"{"legs":[{"carrierId":"c1","sender":"s","receiver":"r","collection":"k"}],"collectionDate":"2026-01-16","timeZone":"z"}"#,
    ),
    ("CustomsInvoiceGenerated", r#"{"documentLocation":"customs-invoice"}"#),
    (
        "ShipmentManifested",
        r#"{"manifestedLegs":[{"leg":{"carrierId":"c1","sender":"s","receiver":"r","collection":"k"},"trackingNumber":"t0"}]}"#,
    ),
    (
        "ShipmentManifested",
        r#"{"manifestedLegs":[{"leg":{"carrierId":"c1","sender":"s","receiver":"r","collection":"k"},"trackingNumber":"other"}]}"#,
    ),
    ("ShipmentManifested", r#"{"manifestedLegs":[]}"#),
    ("ShipmentManifestationFailed", r#"{"failure":"f"}"#),
    ("ShipmentLabelsGenerated", r#"{"documentLocation":"labels"}"#),
    ("ShipmentReceiptGenerated", r#"{"documentLocation":"receipt"}"#),
    ("ShipmentCombinedDocumentGenerated", r#"{"documentLocation":"combined-document"}"#),
    ("CollectionBooked", r#"{"bookingReference":"b1"}"#),
    ("CollectionBooked", r#"{"bookingReference":"other"}"#),
    ("CollectionBookingSubprocessFailed", r#"{"failure":"f"}"#),
    ("CollectionBookingSchedulingFailed", r#"{"failure":"f"}"#),
];

impl Guard {
    /// What a shipment process without compensation may do: after a failure its collection may be booked after all.
    pub const PROCESS: Self = Self {
        after_failed: &["CollectionBookingCompleted", "ShipmentProcessCompletionChecked", "ShipmentProcessCompleted"],
        ..Self::STRICT
    };

    /// Walks through a shipment process with the messages that every one takes, as far as this one knows them, and more.
    ///
    /// # Panics
    /// When something does not hold.
    pub fn walk_process<P: Process>(self, from: Scenario<P>, more: impl IntoIterator<Item = P::Message>) -> Exploration
    where
        P::Message: Serialize + DeserializeOwned,
    {
        let known = MESSAGES.iter().filter(|(kind, _)| kinds::of::<P::Message>().contains(kind));
        let messages = known.map(|(kind, data)| wire::read(kind, data).expect("a message that can be read"));
        self.walk(from, &messages.chain(more).collect::<Vec<_>>())
    }
}
