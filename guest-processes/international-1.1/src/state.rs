//! What has been decided: the events, and the state that they fold to.
//!
//! Nothing is decided here.

use procession_sdk::contract::{Phase, View};
use serde::{Deserialize, Serialize};
use shipment_language::outcome::{Documents, Outcome, tracking_numbers};
use shipment_language::{BookCollection, Leg, ManifestedLeg};
use shipment_undoing::words::NotUndone;

/// What the process records: in the order of a success, then what fails, then what undoes.
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
    CustomsInvoiceGenerationFailed {
        failure: String,
    },
    ShipmentManifestationFailed {
        failure: String,
    },
    ShipmentLabelsGenerationFailed {
        failure: String,
    },
    ReceiptGenerationFailed {
        failure: String,
    },
    CombinedDocumentGenerationFailed {
        failure: String,
    },
    ManifestationAndDocumentsFailed {
        failure: String,
    },
    CollectionBookingFailed {
        failure: String,
    },
    ShipmentProcessCancellationRequested {
        reason: String,
    },
    CollectionCancellationStarted,
    CollectionCancellationCompleted {
        not_undone: Vec<NotUndone>,
    },
    /// The collection did not say what became of its cancellation.
    CollectionCancellationFailed {
        failure: String,
        not_undone: Vec<NotUndone>,
    },
    ManifestationCancellationStarted,
    ManifestationCancellationCompleted {
        not_undone: Vec<NotUndone>,
    },
    /// The shipment did not say what became of its cancellation.
    ManifestationCancellationFailed {
        failure: String,
        not_undone: Vec<NotUndone>,
    },
    ShipmentProcessFailed {
        failure: String,
        not_undone: Vec<NotUndone>,
    },
    ShipmentProcessCancelled {
        reason: String,
        not_undone: Vec<NotUndone>,
    },
    /// News about what is not undone, from outside a cancellation; the whole list as it is now.
    NotUndoneRevised {
        not_undone: Vec<NotUndone>,
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
    Labels,
    Receipt,
    CombinedDocument,
    CollectionBooking,
    CompletionCheck,
    Completed,
    CollectionCancellation,
    ManifestationCancellation,
    Undone,
}

impl Step {
    /// The step in plain words.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::NotStarted => "not started",
            Self::Started => "started",
            Self::CustomsInvoice => "customs invoice",
            Self::Manifestation => "manifestation",
            Self::Labels => "labels",
            Self::Receipt => "receipt",
            Self::CombinedDocument => "combined document",
            Self::CollectionBooking => "collection booking",
            Self::CompletionCheck => "completion check",
            Self::Completed => "completed",
            Self::CollectionCancellation => "collection cancellation",
            Self::ManifestationCancellation => "manifestation cancellation",
            Self::Undone => "undone",
        }
    }
}

/// Why the process is not completed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Cause {
    /// A step failed, for this reason.
    Failure(String),
    /// Somebody asked for it, for this reason.
    Cancelled(String),
}

/// The folded state.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    pub(crate) step: Step,
    /// Why it is being undone, or was, and at which step that began.
    pub(crate) cause: Option<(Cause, Step)>,
    shipment_id: String,
    process_category: String,
    pub(crate) carriers: Vec<String>,
    pub(crate) collection_date: String,
    pub(crate) time_zone: String,
    pub(crate) book_collection: BookCollection,
    pub(crate) manifestation_begun: bool,
    pub(crate) manifested_legs: Vec<ManifestedLeg>,
    documents: Documents,
    documents_completed: bool,
    pub(crate) collection_begun: bool,
    booking_reference: Option<String>,
    pub(crate) not_undone: Vec<NotUndone>,
}

/// What a caller sees: what 1.0 shows, and what could not be undone, where there is any.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown<'a> {
    #[serde(flatten)]
    outcome: Outcome,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    not_undone: &'a [NotUndone],
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
            Event::CustomsInvoiceGenerationStarted => self.step = Step::CustomsInvoice,
            Event::CustomsInvoiceGenerationCompleted { customs_invoice } => self.documents.customs_invoice = Some(customs_invoice),
            Event::ShipmentManifestationStarted => {
                self.step = Step::Manifestation;
                self.manifestation_begun = true;
            }
            Event::ShipmentManifestationCompleted { manifested_legs } => self.manifested_legs = manifested_legs,
            Event::ShipmentLabelsGenerationStarted => self.step = Step::Labels,
            Event::ShipmentLabelsGenerationCompleted { shipment_labels } => self.documents.labels = Some(shipment_labels),
            Event::ReceiptGenerationStarted => self.step = Step::Receipt,
            Event::ReceiptGenerationCompleted { receipt } => self.documents.receipt = Some(receipt),
            Event::CombinedDocumentGenerationStarted => self.step = Step::CombinedDocument,
            Event::CombinedDocumentGenerationCompleted { combined_document } => self.documents.combined_document = Some(combined_document),
            Event::ManifestationAndDocumentsCompleted => self.documents_completed = true,
            Event::CollectionBookingStarted => {
                self.step = Step::CollectionBooking;
                self.collection_begun = true;
            }
            Event::CollectionBookingCompleted { booking_reference } => {
                self.booking_reference = Some(booking_reference);
                self.step = Step::CompletionCheck;
            }
            Event::ShipmentProcessCompleted => self.step = Step::Completed,
            other => self.take_undoing(other),
        }
    }

    fn take_undoing(&mut self, event: Event) {
        match event {
            Event::ManifestationAndDocumentsFailed { failure } => self.cause = Some((Cause::Failure(failure), self.step)),
            Event::CollectionBookingFailed { failure } => self.cause = Some((Cause::Failure(failure), Step::CollectionBooking)),
            Event::ShipmentProcessCancellationRequested { reason } => self.cause = Some((Cause::Cancelled(reason), self.step)),
            Event::CollectionCancellationStarted => self.step = Step::CollectionCancellation,
            Event::CollectionCancellationCompleted { not_undone } | Event::CollectionCancellationFailed { not_undone, .. } => {
                self.collection_begun = false;
                self.not_undone.extend(not_undone);
            }
            Event::ManifestationCancellationStarted => self.step = Step::ManifestationCancellation,
            Event::ManifestationCancellationCompleted { not_undone } | Event::ManifestationCancellationFailed { not_undone, .. } => {
                self.manifested_legs.clear();
                self.not_undone.retain(|known| !not_undone.contains(known));
                self.not_undone.extend(not_undone);
            }
            Event::ShipmentProcessFailed { not_undone, .. } | Event::ShipmentProcessCancelled { not_undone, .. } => {
                self.step = Step::Undone;
                self.not_undone = not_undone;
            }
            Event::NotUndoneRevised { not_undone } => self.not_undone = not_undone,
            _ => {}
        }
    }

    pub(crate) const fn both_stages_completed(&self) -> bool {
        self.documents_completed && self.booking_reference.is_some()
    }

    /// Whether it is being undone.
    pub(crate) const fn is_compensating(&self) -> bool {
        matches!(self.step, Step::CollectionCancellation | Step::ManifestationCancellation)
    }

    pub(crate) fn look(&self) -> View {
        let phase = match (self.step, &self.cause) {
            (Step::Completed, _) => Phase::Completed,
            (Step::Undone, Some((Cause::Cancelled(_), _))) => Phase::Cancelled,
            (Step::Undone, _) => Phase::Failed,
            (_, Some(_)) => Phase::Compensating,
            (_, None) => Phase::Running,
        };
        let step = match (self.step, &self.cause) {
            (Step::NotStarted, _) => return View::new(phase),
            // The end keeps the name of the step that the process did not get beyond.
            (Step::Undone, Some((_, stopped_at))) => *stopped_at,
            (step, _) => step,
        };
        let view = View::new(phase).step(step.name()).outcome(&self.outcome()).tag("shipmentId", &self.shipment_id);
        self.carriers.iter().fold(view, |view, carrier| view.tag("carrierId", carrier))
    }

    fn outcome(&self) -> Shown<'_> {
        let outcome = Outcome {
            shipment_id: self.shipment_id.clone(),
            process_category: self.process_category.clone(),
            collection_date: self.collection_date.clone(),
            time_zone: self.time_zone.clone(),
            tracking_numbers: tracking_numbers(&self.manifested_legs),
            collection_booking_reference: self.booking_reference.clone(),
            documents: self.documents.clone(),
        };
        Shown { outcome, not_undone: &self.not_undone }
    }
}
