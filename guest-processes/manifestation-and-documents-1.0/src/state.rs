//! What has been decided about a shipment: the events, and the state that they fold to.
//!
//! Nothing is decided here.

use procession_sdk::contract::{Phase, View};
use serde::{Deserialize, Serialize};
use shipment_language::shipment::{CreateShipment, Generated, Manifested};
use shipment_language::{Failed, Leg, ManifestedLeg};

/// What the shipment records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all_fields = "camelCase")]
#[allow(missing_docs, reason = "the names are the vocabulary of the shipment components")]
pub enum Event {
    ShipmentInitialized(CreateShipment),
    CustomsInvoiceGenerated(Generated),
    ShipmentLegManifestationStarted { carrier_id: String, leg_index: usize },
    ShipmentLegManifested { carrier_id: String, leg_index: usize, tracking_number: String },
    ShipmentLegManifestationFailed { carrier_id: String, leg_index: usize, failure: String },
    ShipmentManifested(Manifested),
    ShipmentManifestationFailed(Failed),
    ShipmentLabelsGenerated(Generated),
    ShipmentReceiptGenerated(Generated),
    ShipmentCombinedDocumentGenerated(Generated),
}

/// A document that the shipment can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Document {
    CustomsInvoice,
    Labels,
    Receipt,
    CombinedDocument,
}

/// How far the legs are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Step {
    /// There is no shipment.
    #[default]
    NotInitialized,
    /// No leg has been begun.
    Initialized,
    /// The carrier of this leg (from 0) has been asked.
    Leg(usize),
    /// All carriers have accepted.
    Manifested,
    /// A carrier has declined.
    Failed,
}

/// The folded state.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    pub(crate) step: Step,
    pub(crate) legs: Vec<Leg>,
    pub(crate) tracking_numbers: Vec<String>,
    pub(crate) documents: Vec<Document>,
}

impl State {
    /// Takes an event in.
    pub(crate) fn take(&mut self, event: Event) {
        match event {
            Event::ShipmentInitialized(CreateShipment { legs }) => *self = Self { step: Step::Initialized, legs, ..Self::default() },
            Event::ShipmentLegManifestationStarted { leg_index, .. } => self.step = Step::Leg(leg_index),
            Event::ShipmentLegManifested { tracking_number, .. } => self.tracking_numbers.push(tracking_number),
            Event::ShipmentManifested(_) => self.step = Step::Manifested,
            Event::ShipmentLegManifestationFailed { .. } | Event::ShipmentManifestationFailed(_) => self.step = Step::Failed,
            Event::CustomsInvoiceGenerated(_) => self.documents.push(Document::CustomsInvoice),
            Event::ShipmentLabelsGenerated(_) => self.documents.push(Document::Labels),
            Event::ShipmentReceiptGenerated(_) => self.documents.push(Document::Receipt),
            Event::ShipmentCombinedDocumentGenerated(_) => self.documents.push(Document::CombinedDocument),
        }
    }

    /// The legs whose carriers have accepted, in order.
    pub(crate) fn manifested_legs(&self) -> Vec<ManifestedLeg> {
        let both = self.legs.iter().zip(&self.tracking_numbers);
        both.map(|(leg, number)| ManifestedLeg { leg: leg.clone(), tracking_number: number.clone() }).collect()
    }

    pub(crate) fn look(&self) -> View {
        let (phase, step) = match self.step {
            Step::NotInitialized => return View::new(Phase::Running),
            Step::Initialized => (Phase::Running, "initialized"),
            Step::Leg(_) => (Phase::Running, "manifestation"),
            Step::Failed => (Phase::Failed, "manifestation"),
            Step::Manifested if self.documents.contains(&Document::CombinedDocument) => (Phase::Completed, "completed"),
            Step::Manifested => (Phase::Running, "documents"),
        };
        View::new(phase).step(step)
    }
}
