//! What has been decided about a shipment: the events, and the state that they fold to.
//!
//! Nothing is decided here.

use procession_sdk::contract::{Phase, View};
use serde::{Deserialize, Serialize};
use shipment_language::carrier::LegManifested;
use shipment_language::shipment::{CreateShipment, Generated, Manifested};
use shipment_language::{Failed, Leg, ManifestedLeg};
use shipment_undoing::Ledger;
use shipment_undoing::words::{Attempt, Cancel, GivenUp, PutOff, Undone};

/// What the shipment records; what 1.0 does not know stands last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all_fields = "camelCase")]
#[allow(missing_docs, reason = "the names are the vocabulary of the shipment components")]
pub enum Event {
    ShipmentInitialized(CreateShipment),
    CustomsInvoiceGenerated(Generated),
    ShipmentLegManifestationStarted {
        carrier_id: String,
        leg_index: usize,
    },
    ShipmentLegManifested(LegManifested),
    ShipmentLegManifestationFailed {
        carrier_id: String,
        leg_index: usize,
        failure: String,
    },
    ShipmentManifested(Manifested),
    ShipmentManifestationFailed(Failed),
    ShipmentLabelsGenerated(Generated),
    ShipmentReceiptGenerated(Generated),
    ShipmentCombinedDocumentGenerated(Generated),
    /// The carrier was silent and is asked again.
    ShipmentLegManifestationRepeated {
        carrier_id: String,
        leg_index: usize,
        attempt: u32,
        failure: String,
    },
    /// The carrier has taken a leg that is not wanted (any more): it will be undone.
    ShipmentLegManifestedLate(LegManifested),
    ShipmentCancellationStarted(Cancel),
    ShipmentLegCancellationStarted(Attempt<LegManifested>),
    ShipmentLegCancellationPutOff(PutOff<LegManifested>),
    ShipmentLegCancelled(LegManifested),
    ShipmentLegCancellationFailed(GivenUp<LegManifested>),
    ShipmentCancelled(Undone),
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
    /// Carriers are being asked.
    Manifestation,
    /// All carriers have accepted.
    Manifested,
    /// A carrier has declined, or was silent.
    Failed,
    /// What was manifested is being taken back.
    Cancelling,
    /// Nothing will happen to it any more.
    Cancelled,
}

/// The leg whose carrier is being asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Asked {
    pub(crate) leg_index: usize,
    pub(crate) attempt: u32,
}

/// The folded state.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    pub(crate) step: Step,
    pub(crate) legs: Vec<Leg>,
    /// Who has been asked and has neither answered nor let the time pass.
    pub(crate) asked: Option<Asked>,
    /// How many legs have been begun.
    pub(crate) begun: usize,
    /// What the carriers have promised and the shipment wants, in order.
    pub(crate) manifested: Vec<LegManifested>,
    pub(crate) documents: Vec<Document>,
    pub(crate) undoing: Ledger<LegManifested>,
}

impl State {
    /// Takes an event in.
    pub(crate) fn take(&mut self, event: Event) {
        match event {
            Event::ShipmentInitialized(CreateShipment { legs }) => *self = Self { step: Step::Initialized, legs, ..Self::default() },
            Event::ShipmentLegManifestationStarted { leg_index, .. } => {
                self.step = Step::Manifestation;
                self.asked = Some(Asked { leg_index, attempt: 1 });
                self.begun = leg_index + 1;
            }
            Event::ShipmentLegManifestationRepeated { leg_index, attempt, .. } => self.asked = Some(Asked { leg_index, attempt }),
            Event::ShipmentLegManifested(leg) => {
                self.asked = None;
                self.manifested.push(leg);
            }
            Event::ShipmentManifested(_) => self.step = Step::Manifested,
            Event::ShipmentLegManifestationFailed { .. } => {
                self.asked = None;
                if self.step == Step::Manifestation {
                    self.step = Step::Failed;
                }
            }
            Event::ShipmentManifestationFailed(_) => self.step = Step::Failed,
            Event::CustomsInvoiceGenerated(_) => self.documents.push(Document::CustomsInvoice),
            Event::ShipmentLabelsGenerated(_) => self.documents.push(Document::Labels),
            Event::ShipmentReceiptGenerated(_) => self.documents.push(Document::Receipt),
            Event::ShipmentCombinedDocumentGenerated(_) => self.documents.push(Document::CombinedDocument),
            undoing => self.take_undoing(undoing),
        }
    }

    fn take_undoing(&mut self, event: Event) {
        match event {
            Event::ShipmentLegManifestedLate(leg) => {
                self.asked.take_if(|asked| asked.leg_index == leg.leg_index);
                self.undoing.add(leg);
            }
            Event::ShipmentCancellationStarted(_) => {
                self.step = Step::Cancelling;
                self.documents.clear();
                self.manifested.drain(..).for_each(|leg| self.undoing.add(leg));
            }
            Event::ShipmentLegCancellationStarted(attempt) => self.undoing.begun(attempt),
            Event::ShipmentLegCancellationPutOff(_) => self.undoing.put_off(),
            Event::ShipmentLegCancelled(leg) => self.undoing.undone(leg),
            Event::ShipmentLegCancellationFailed(given_up) => self.undoing.given_up(given_up),
            Event::ShipmentCancelled(_) => self.step = Step::Cancelled,
            _ => {}
        }
    }

    /// The legs whose carriers have accepted, in order.
    pub(crate) fn manifested_legs(&self) -> Vec<ManifestedLeg> {
        let both = self.legs.iter().zip(&self.manifested);
        both.map(|(leg, manifested)| ManifestedLeg { leg: leg.clone(), tracking_number: manifested.tracking_number.clone() }).collect()
    }

    pub(crate) fn look(&self) -> View {
        let (phase, step) = match self.step {
            Step::NotInitialized => return View::new(Phase::Running),
            Step::Initialized => (Phase::Running, "initialized"),
            Step::Manifestation => (Phase::Running, "manifestation"),
            Step::Manifested if !self.documents.contains(&Document::CombinedDocument) => (Phase::Running, "documents"),
            Step::Cancelling => (Phase::Compensating, "cancelling"),
            // A leg was manifested late: the stream has not ended before that is undone.
            _ if self.undoing.is_busy() => (Phase::Compensating, "undoing a late leg"),
            Step::Manifested => (Phase::Completed, "completed"),
            Step::Failed => (Phase::Failed, "manifestation"),
            Step::Cancelled => (Phase::Cancelled, "cancelled"),
        };
        View::new(phase).step(step)
    }
}
