//! What the process decides, as tables: what begins it, what it makes of an answer, and what follows its own decisions.
//!
//! One event a decision: the event is offered again and leads to the next one, so the history tells every step.

use procession_sdk::contract::Context;
use procession_sdk::{Decision, Trigger, accept, ignore, reject};
use serde::{Deserialize, Serialize};
use shipment_language::collection::{Booked, CreateCollectionBooking};
use shipment_language::shipment::{CreateShipment, Generated, Manifested};
use shipment_language::{Failed, ProcessShipment};

use crate::state::{Event, State, Step};

/// What the process is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names are the vocabulary of the shipment components")]
pub enum Message {
    ProcessShipment(ProcessShipment),
    ShipmentManifested(Manifested),
    ShipmentManifestationFailed(Failed),
    ShipmentLabelsGenerated(Generated),
    ShipmentReceiptGenerated(Generated),
    ShipmentCombinedDocumentGenerated(Generated),
    CollectionBooked(Booked),
    CollectionBookingSubprocessFailed(Failed),
    CollectionBookingSchedulingFailed(Failed),
}

/// What the process asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names are the vocabulary of the shipment components")]
pub enum Command {
    CreateShipment(CreateShipment),
    ManifestShipment,
    GenerateShipmentLabels,
    GenerateCombinedDocument,
    CreateCollectionBooking(CreateCollectionBooking),
}

type Decided = Decision<Event, Command>;

pub(crate) fn decide(state: &State, ctx: &Context, trigger: Trigger<Message, Event>) -> Decided {
    match trigger {
        Trigger::Start(Message::ProcessShipment(start)) | Trigger::Message(Message::ProcessShipment(start)) => begin(state, ctx, start),
        Trigger::Start(message) | Trigger::Message(message) => answer(state, message),
        Trigger::Recorded(event) => follow(state, event),
        Trigger::Timer(_) => ignore("this process sets no timers"),
        Trigger::Undelivered(_) => reject("undelivered-not-supported", "this process waits for an answer without a limit"),
        Trigger::Cancel(_) => reject("cancel-not-supported", "this process cannot be cancelled"),
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

        (Step::Manifestation, Message::ShipmentManifested(shipment)) => accept(Event::ShipmentManifestationCompleted { manifested_legs: shipment.manifested_legs }),
        (Step::Manifestation, Message::ShipmentManifestationFailed(Failed { failure })) => accept(Event::ShipmentManifestationFailed { failure }),
        (Step::Labels, Message::ShipmentLabelsGenerated(document)) => accept(Event::ShipmentLabelsGenerationCompleted { shipment_labels: document.document_location }),
        // Only in a process taken over from 1.0, which had asked for a receipt already: it is passed over.
        (Step::Receipt, Message::ShipmentReceiptGenerated(_)) => accept(Event::CombinedDocumentGenerationStarted).send(Command::GenerateCombinedDocument),
        (Step::CombinedDocument, Message::ShipmentCombinedDocumentGenerated(document)) =>
            accept(Event::CombinedDocumentGenerationCompleted { combined_document: document.document_location }),

        // Also after a failure: somebody may have booked the collection again.
        (Step::CollectionBooking | Step::CollectionBookingFailed, Message::CollectionBooked(booked)) =>
            accept(Event::CollectionBookingCompleted { booking_reference: booked.booking_reference }),
        (Step::CollectionBooking, Message::CollectionBookingSubprocessFailed(Failed { failure })
                                | Message::CollectionBookingSchedulingFailed(Failed { failure })) =>
            accept(Event::CollectionBookingFailed { failure }),

        (step, _) => ignore(format!("a late or second answer: the process is at the step `{}`", step.name())),
    }
}

/// What follows a decision of its own.
#[rustfmt::skip] // A table reads by its columns.
fn follow(state: &State, event: Event) -> Decided {
    match event {
        Event::ShipmentProcessStarted { legs, .. } =>
            accept(Event::ManifestationAndDocumentsStarted).send(Command::CreateShipment(CreateShipment { legs })),
        Event::ManifestationAndDocumentsStarted => accept(Event::ShipmentManifestationStarted).send(Command::ManifestShipment),
        Event::ShipmentManifestationCompleted { .. } => accept(Event::ShipmentLabelsGenerationStarted).send(Command::GenerateShipmentLabels),
        Event::ShipmentLabelsGenerationCompleted { .. } => accept(Event::CombinedDocumentGenerationStarted).send(Command::GenerateCombinedDocument),
        Event::CombinedDocumentGenerationCompleted { .. } => accept(Event::ManifestationAndDocumentsCompleted),
        Event::ManifestationAndDocumentsCompleted => book_collection(state),
        Event::CollectionBookingCompleted { .. } => accept(Event::ShipmentProcessCompletionChecked),
        Event::ShipmentProcessCompletionChecked if state.both_stages_completed() => accept(Event::ShipmentProcessCompleted),
        Event::ShipmentProcessCompletionChecked => ignore("a stage is still open"),

        Event::ShipmentManifestationFailed { failure } => accept(Event::ManifestationAndDocumentsFailed { failure }),
        Event::ManifestationAndDocumentsFailed { failure } | Event::CollectionBookingFailed { failure } =>
            accept(Event::ShipmentProcessFailed { failure }),

        _ => ignore("nothing follows this event"),
    }
}

/// The carrier of the first leg picks the shipment up; without a manifested leg there is nobody to ask.
fn book_collection(state: &State) -> Decided {
    let Some(first) = state.manifested_legs.first() else {
        return accept(Event::CollectionBookingFailed { failure: "no leg has been manifested".to_owned() });
    };
    accept(Event::CollectionBookingStarted).send(Command::CreateCollectionBooking(CreateCollectionBooking {
        collection_leg: first.clone(),
        collection_date: state.collection_date.clone(),
        time_zone: state.time_zone.clone(),
        book_collection: state.book_collection,
    }))
}
