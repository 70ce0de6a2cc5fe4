//! What the process decides, as tables: what begins it, what it makes of an answer, and what follows its own decisions.
//!
//! One event a decision: the event is offered again and leads to the next one, so the history tells every step.
//! Every command has a deadline. What happens when it passes, and how things are undone, stands in `compensation`.

use procession_sdk::contract::Context;
use procession_sdk::{Decision, Trigger, accept, ignore, reject};
use serde::{Deserialize, Serialize};
use shipment_language::carrier::{CollectionBooked as CarrierBooking, LegManifested};
use shipment_language::collection::{Booked, CreateCollectionBooking};
use shipment_language::shipment::{CreateShipment, Generated, Manifested};
use shipment_language::{BookCollection, Failed, ProcessShipment};
use shipment_undoing::words::{Cancel, GivenUp, Undone};

use crate::compensation;
use crate::state::{Event, State, Step};

/// How long a step may take that no carrier has a part in, in milliseconds.
pub const ANSWER_MS: u64 = 30_000;

/// How long the manifestation may take for each leg: longer than its carrier may be silent, so that the shipment speaks first.
pub const LEG_MS: u64 = 60_000;

/// How long booking a collection may take once it is due.
pub const BOOKING_MS: u64 = 60_000;

/// How long before a collection it may be booked at the most.
const BOOKING_AHEAD_MS: u64 = 8 * 24 * 60 * 60 * 1_000;

/// What the process is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names are the vocabulary of the shipment components")]
pub enum Message {
    ProcessShipment(ProcessShipment),
    CustomsInvoiceGenerated(Generated),
    ShipmentManifested(Manifested),
    ShipmentManifestationFailed(Failed),
    ShipmentLabelsGenerated(Generated),
    ShipmentReceiptGenerated(Generated),
    ShipmentCombinedDocumentGenerated(Generated),
    CollectionBooked(Booked),
    CollectionBookingSubprocessFailed(Failed),
    CollectionBookingSchedulingFailed(Failed),
    CollectionBookingCancelled(Undone),
    ShipmentCancelled(Undone),
    ShipmentLegCancelled(LegManifested),
    ShipmentLegCancellationFailed(GivenUp<LegManifested>),
    BookedCollectionCancelled(CarrierBooking),
    BookedCollectionCancellationFailed(GivenUp<CarrierBooking>),
}

/// What the process asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names are the vocabulary of the shipment components")]
pub enum Command {
    CreateShipment(CreateShipment),
    GenerateCustomsInvoice,
    ManifestShipment,
    GenerateShipmentLabels,
    GenerateShipmentReceipt,
    GenerateCombinedDocument,
    CreateCollectionBooking(CreateCollectionBooking),
    CancelCollectionBooking(Cancel),
    CancelShipment(Cancel),
}

pub(crate) type Decided = Decision<Event, Command>;

pub(crate) fn decide(state: &State, ctx: &Context, trigger: Trigger<Message, Event>) -> Decided {
    match trigger {
        Trigger::Start(Message::ProcessShipment(start)) | Trigger::Message(Message::ProcessShipment(start)) => begin(state, ctx, start),
        Trigger::Start(message) | Trigger::Message(message) => answer(state, message),
        Trigger::Recorded(event) => follow(state, event),
        Trigger::Timer(_) => ignore("this process sets no timers"),
        Trigger::Undelivered(undelivered) => compensation::come_back(state, &undelivered),
        Trigger::Cancel(reason) => compensation::cancel(state, reason),
        Trigger::Migrated(_) => ignore("nothing is to be done after a migration"),
    }
}

fn begin(state: &State, ctx: &Context, start: ProcessShipment) -> Decided {
    if state.step != Step::NotStarted {
        return ignore("the shipment process has already started");
    }
    if let Err(rejection) = start.check(&ctx.process_id) {
        return rejection.into();
    }
    accept(Event::ShipmentProcessStarted {
        shipment_id: ctx.process_id.clone(),
        process_category: ctx.category.clone(),
        legs: start.legs,
        collection_date: start.collection_date,
        time_zone: start.time_zone,
        book_collection: start.book_collection,
    })
}

/// What an answer of the two subprocesses means at the step that the process is at.
#[rustfmt::skip] // A table reads by its columns.
fn answer(state: &State, message: Message) -> Decided {
    match (state.step, message) {
        (Step::NotStarted, _) => reject("not-started", "the shipment process has not started"),

        (Step::CustomsInvoice, Message::CustomsInvoiceGenerated(document)) =>
            accept(Event::CustomsInvoiceGenerationCompleted { customs_invoice: document.document_location }).answered("CreateShipment").answered("GenerateCustomsInvoice"),
        (Step::Manifestation, Message::ShipmentManifested(shipment)) =>
            accept(Event::ShipmentManifestationCompleted { manifested_legs: shipment.manifested_legs }).answered("ManifestShipment"),
        (Step::Manifestation, Message::ShipmentManifestationFailed(Failed { failure })) =>
            accept(Event::ShipmentManifestationFailed { failure }).answered("ManifestShipment"),
        (Step::Labels, Message::ShipmentLabelsGenerated(document)) =>
            accept(Event::ShipmentLabelsGenerationCompleted { shipment_labels: document.document_location }).answered("GenerateShipmentLabels"),
        (Step::Receipt, Message::ShipmentReceiptGenerated(document)) =>
            accept(Event::ReceiptGenerationCompleted { receipt: document.document_location }).answered("GenerateShipmentReceipt"),
        (Step::CombinedDocument, Message::ShipmentCombinedDocumentGenerated(document)) =>
            accept(Event::CombinedDocumentGenerationCompleted { combined_document: document.document_location }).answered("GenerateCombinedDocument"),

        (Step::CollectionBooking, Message::CollectionBooked(booked)) =>
            accept(Event::CollectionBookingCompleted { booking_reference: booked.booking_reference }).answered("CreateCollectionBooking"),
        (Step::CollectionBooking, Message::CollectionBookingSubprocessFailed(Failed { failure })
                                | Message::CollectionBookingSchedulingFailed(Failed { failure })) =>
            accept(Event::CollectionBookingFailed { failure }).answered("CreateCollectionBooking"),

        (_, message) => compensation::answer(state, message),
    }
}

/// What follows a decision of its own.
#[rustfmt::skip] // A table reads by its columns.
fn follow(state: &State, event: Event) -> Decided {
    match event {
        Event::ShipmentProcessStarted { legs, .. } =>
            accept(Event::ManifestationAndDocumentsStarted).send(Command::CreateShipment(CreateShipment { legs })).expires_after(ANSWER_MS),
        Event::ManifestationAndDocumentsStarted =>
            accept(Event::CustomsInvoiceGenerationStarted).send(Command::GenerateCustomsInvoice).expires_after(ANSWER_MS),
        Event::CustomsInvoiceGenerationCompleted { .. } =>
            accept(Event::ShipmentManifestationStarted).send(Command::ManifestShipment).expires_after(state.for_each_leg(LEG_MS)),
        Event::ShipmentManifestationCompleted { .. } =>
            accept(Event::ShipmentLabelsGenerationStarted).send(Command::GenerateShipmentLabels).expires_after(ANSWER_MS),
        Event::ShipmentLabelsGenerationCompleted { .. } =>
            accept(Event::ReceiptGenerationStarted).send(Command::GenerateShipmentReceipt).expires_after(ANSWER_MS),
        Event::ReceiptGenerationCompleted { .. } =>
            accept(Event::CombinedDocumentGenerationStarted).send(Command::GenerateCombinedDocument).expires_after(ANSWER_MS),
        Event::CombinedDocumentGenerationCompleted { .. } => accept(Event::ManifestationAndDocumentsCompleted),
        Event::ManifestationAndDocumentsCompleted => book_collection(state),
        Event::CollectionBookingCompleted { .. } => accept(Event::ShipmentProcessCompletionChecked),
        Event::ShipmentProcessCompletionChecked if state.both_stages_completed() => accept(Event::ShipmentProcessCompleted),
        Event::ShipmentProcessCompletionChecked => ignore("a stage is still open"),

        Event::CustomsInvoiceGenerationFailed { failure } | Event::ShipmentManifestationFailed { failure }
        | Event::ShipmentLabelsGenerationFailed { failure } | Event::ReceiptGenerationFailed { failure }
        | Event::CombinedDocumentGenerationFailed { failure } => accept(Event::ManifestationAndDocumentsFailed { failure }),

        event => compensation::follow(state, &event),
    }
}

/// The carrier of the first leg picks the shipment up; without a manifested leg there is nobody to ask.
fn book_collection(state: &State) -> Decided {
    let Some(first) = state.manifested_legs.first() else {
        return accept(Event::CollectionBookingFailed { failure: "no leg has been manifested".to_owned() });
    };
    let ahead = if state.book_collection == BookCollection::WhenScheduled { BOOKING_AHEAD_MS } else { 0 };
    let create = CreateCollectionBooking {
        collection_leg: first.clone(),
        collection_date: state.collection_date.clone(),
        time_zone: state.time_zone.clone(),
        book_collection: state.book_collection,
    };
    accept(Event::CollectionBookingStarted).send(Command::CreateCollectionBooking(create)).expires_after(ahead + BOOKING_MS)
}
