//! What has been decided: the events, and the state that they fold to.
//!
//! Nothing is decided here.

use procession_sdk::contract::{Phase, View};
use serde::{Deserialize, Serialize};
use shipment_language::outcome::{Documents, Outcome, tracking_numbers};
use shipment_language::{BookCollection, Leg, ManifestedLeg};

/// What the process records, in the order of a success, failures last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all_fields = "camelCase")]
#[allow(missing_docs, reason = "the names are the vocabulary of the shipment components")]
pub enum Event {
    ShipmentProcessStarted {
        shipment_id: String,
        process_category: String,
        legs: Vec<Leg>,
        collection_date: String,
        time_zone: String,
        #[serde(default, skip_serializing_if = "BookCollection::is_at_once")]
        book_collection: BookCollection,
    },
    ManifestationAndDocumentsStarted,
    CustomsInvoiceGenerationStarted,
    CustomsInvoiceGenerationCompleted {
        customs_invoice: String,
    },
    ShipmentManifestationStarted,
    ShipmentManifestationCompleted {
        manifested_legs: Vec<ManifestedLeg>,
    },
    ShipmentLabelsGenerationStarted,
    ShipmentLabelsGenerationCompleted {
        shipment_labels: String,
    },
    ReceiptGenerationStarted,
    ReceiptGenerationCompleted {
        receipt: String,
    },
    CombinedDocumentGenerationStarted,
    CombinedDocumentGenerationCompleted {
        combined_document: String,
    },
    ManifestationAndDocumentsCompleted,
    CollectionBookingStarted,
    CollectionBookingCompleted {
        booking_reference: String,
    },
    ShipmentProcessCompletionChecked,
    ShipmentProcessCompleted,
    ShipmentManifestationFailed {
        failure: String,
    },
    ManifestationAndDocumentsFailed {
        failure: String,
    },
    CollectionBookingFailed {
        failure: String,
    },
    ShipmentProcessFailed {
        failure: String,
    },
}

/// Where the process is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Step {
    #[default]
    NotStarted,
    Started,
    CustomsInvoice,
    Manifestation,
    ManifestationFailed,
    Labels,
    Receipt,
    CombinedDocument,
    CollectionBooking,
    CollectionBookingFailed,
    CompletionCheck,
    Completed,
}

impl Step {
    /// The step in plain words; a failure keeps the name of the step that failed.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::NotStarted => "not started",
            Self::Started => "started",
            Self::CustomsInvoice => "customs invoice",
            Self::Manifestation | Self::ManifestationFailed => "manifestation",
            Self::Labels => "labels",
            Self::Receipt => "receipt",
            Self::CombinedDocument => "combined document",
            Self::CollectionBooking | Self::CollectionBookingFailed => "collection booking",
            Self::CompletionCheck => "completion check",
            Self::Completed => "completed",
        }
    }
}

/// The folded state.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    pub(crate) step: Step,
    failed: bool,
    shipment_id: String,
    process_category: String,
    carriers: Vec<String>,
    pub(crate) collection_date: String,
    pub(crate) time_zone: String,
    pub(crate) book_collection: BookCollection,
    pub(crate) manifested_legs: Vec<ManifestedLeg>,
    documents: Documents,
    documents_completed: bool,
    booking_reference: Option<String>,
}

impl State {
    /// Takes an event in.
    pub(crate) fn take(&mut self, event: Event) {
        match event {
            Event::ShipmentProcessStarted { shipment_id, process_category, legs, collection_date, time_zone, book_collection } => {
                let carriers = legs.into_iter().map(|leg| leg.carrier_id).collect();
                let step = Step::Started;
                *self =
                    Self { step, shipment_id, process_category, carriers, collection_date, time_zone, book_collection, ..Self::default() };
            }
            Event::ManifestationAndDocumentsStarted | Event::ShipmentProcessCompletionChecked => {}
            Event::CustomsInvoiceGenerationStarted => self.step = Step::CustomsInvoice,
            Event::CustomsInvoiceGenerationCompleted { customs_invoice } => self.documents.customs_invoice = Some(customs_invoice),
            Event::ShipmentManifestationStarted => self.step = Step::Manifestation,
            Event::ShipmentManifestationCompleted { manifested_legs } => self.manifested_legs = manifested_legs,
            Event::ShipmentLabelsGenerationStarted => self.step = Step::Labels,
            Event::ShipmentLabelsGenerationCompleted { shipment_labels } => self.documents.labels = Some(shipment_labels),
            Event::ReceiptGenerationStarted => self.step = Step::Receipt,
            Event::ReceiptGenerationCompleted { receipt } => self.documents.receipt = Some(receipt),
            Event::CombinedDocumentGenerationStarted => self.step = Step::CombinedDocument,
            Event::CombinedDocumentGenerationCompleted { combined_document } => self.documents.combined_document = Some(combined_document),
            Event::ManifestationAndDocumentsCompleted => self.documents_completed = true,
            Event::CollectionBookingStarted => self.step = Step::CollectionBooking,
            Event::CollectionBookingCompleted { booking_reference } => {
                self.booking_reference = Some(booking_reference);
                self.step = Step::CompletionCheck;
            }
            Event::ShipmentProcessCompleted => {
                self.step = Step::Completed;
                self.failed = false;
            }
            Event::ShipmentManifestationFailed { .. } | Event::ManifestationAndDocumentsFailed { .. } => {
                self.step = Step::ManifestationFailed
            }
            Event::CollectionBookingFailed { .. } => self.step = Step::CollectionBookingFailed,
            Event::ShipmentProcessFailed { .. } => self.failed = true,
        }
    }

    pub(crate) const fn both_stages_completed(&self) -> bool {
        self.documents_completed && self.booking_reference.is_some()
    }

    pub(crate) fn look(&self) -> View {
        let phase = match self.step {
            Step::Completed => Phase::Completed,
            _ if self.failed => Phase::Failed,
            _ => Phase::Running,
        };
        if self.step == Step::NotStarted {
            return View::new(phase);
        }
        let view = View::new(phase).step(self.step.name()).outcome(&self.outcome()).tag("shipmentId", &self.shipment_id);
        self.carriers.iter().fold(view, |view, carrier| view.tag("carrierId", carrier))
    }

    fn outcome(&self) -> Outcome {
        Outcome {
            shipment_id: self.shipment_id.clone(),
            process_category: self.process_category.clone(),
            collection_date: self.collection_date.clone(),
            time_zone: self.time_zone.clone(),
            tracking_numbers: tracking_numbers(&self.manifested_legs),
            collection_booking_reference: self.booking_reference.clone(),
            documents: self.documents.clone(),
        }
    }
}
