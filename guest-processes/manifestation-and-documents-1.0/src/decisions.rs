//! What a shipment decides, as tables: commands of its process, answers of the carriers, and what follows its own decisions.

use procession_sdk::contract::Context;
use procession_sdk::{Decision, Trigger, accept, ignore, reject};
use serde::{Deserialize, Serialize};
use shipment_language::Failed;
use shipment_language::carrier::{LegFailed, LegManifested, ManifestLeg};
use shipment_language::shipment::{CreateShipment, Generated, Manifested};
use shipment_language::start::check_legs;

use crate::state::{Document, Event, State, Step};

/// What the shipment is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names are the vocabulary of the shipment components")]
pub enum Message {
    CreateShipment(CreateShipment),
    GenerateCustomsInvoice,
    ManifestShipment,
    GenerateShipmentLabels,
    GenerateShipmentReceipt,
    GenerateCombinedDocument,
    ShipmentManifestedWithCarrier(LegManifested),
    ShipmentCarrierManifestationFailed(LegFailed),
}

/// What the shipment asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names are the vocabulary of the shipment components")]
pub enum Command {
    ManifestShipmentWithCarrier(ManifestLeg),
}

type Decided = Decision<Event, Command>;

pub(crate) fn decide(state: &State, ctx: &Context, trigger: Trigger<Message, Event>) -> Decided {
    match trigger {
        Trigger::Start(message) | Trigger::Message(message) => answer(state, ctx, message),
        Trigger::Recorded(event) => follow(state, event),
        Trigger::Timer(_) => ignore("a shipment sets no timers"),
        Trigger::Undelivered(_) => reject("undelivered-not-supported", "a shipment waits for its carrier without a limit"),
        Trigger::Cancel(_) => reject("cancel-not-supported", "a shipment cannot be cancelled"),
        Trigger::Migrated(_) => ignore("nothing is to be done after a migration"),
    }
}

/// What a command or an answer means at the step that the shipment is at.
fn answer(state: &State, ctx: &Context, message: Message) -> Decided {
    match (state.step, message) {
        (Step::NotInitialized, Message::CreateShipment(shipment)) => match check_legs(&shipment.legs) {
            Ok(()) => accept(Event::ShipmentInitialized(shipment)),
            Err(rejection) => rejection.into(),
        },
        (Step::NotInitialized, _) => reject("not-initialized", "there is no shipment yet"),
        (_, Message::CreateShipment(_)) => ignore("the shipment has already started"),

        (Step::Initialized, Message::ManifestShipment) => begin_leg(state, 0),
        (Step::Failed, Message::ManifestShipment) => reject("manifestation-failed", "a carrier has declined this shipment"),
        (_, Message::ManifestShipment) => ignore("the manifestation has already started"),

        (Step::Leg(under_way), Message::ShipmentManifestedWithCarrier(LegManifested { carrier_id, leg_index, tracking_number }))
            if is_awaited(state, under_way, leg_index, &carrier_id) =>
        {
            accept(Event::ShipmentLegManifested { carrier_id, leg_index, tracking_number })
        }
        (Step::Leg(under_way), Message::ShipmentCarrierManifestationFailed(LegFailed { carrier_id, leg_index, failure }))
            if is_awaited(state, under_way, leg_index, &carrier_id) =>
        {
            accept(Event::ShipmentLegManifestationFailed { carrier_id, leg_index, failure })
        }
        (_, Message::ShipmentManifestedWithCarrier(_) | Message::ShipmentCarrierManifestationFailed(_)) => {
            ignore("a late or second answer: this leg is not being manifested")
        }

        (_, Message::GenerateCustomsInvoice) => generate(state, ctx, Document::CustomsInvoice),
        (_, Message::GenerateShipmentLabels) => generate(state, ctx, Document::Labels),
        (_, Message::GenerateShipmentReceipt) => generate(state, ctx, Document::Receipt),
        (_, Message::GenerateCombinedDocument) => generate(state, ctx, Document::CombinedDocument),
    }
}

/// What follows a decision of its own: the next leg, or the end of the manifestation.
fn follow(state: &State, event: Event) -> Decided {
    match event {
        Event::ShipmentLegManifested { leg_index, .. } if leg_index + 1 < state.legs.len() => begin_leg(state, leg_index + 1),
        Event::ShipmentLegManifested { .. } => accept(Event::ShipmentManifested(Manifested { manifested_legs: state.manifested_legs() })),
        Event::ShipmentLegManifestationFailed { failure, .. } => accept(Event::ShipmentManifestationFailed(Failed { failure })),
        _ => ignore("nothing follows this event"),
    }
}

fn begin_leg(state: &State, leg_index: usize) -> Decided {
    let Some(leg) = state.legs.get(leg_index) else {
        return reject("no-such-leg", "the shipment has no further leg");
    };
    let carrier_id = leg.carrier_id.clone();
    accept(Event::ShipmentLegManifestationStarted { carrier_id: carrier_id.clone(), leg_index })
        .send(Command::ManifestShipmentWithCarrier(ManifestLeg { carrier_id, leg_index, leg: leg.clone() }))
}

/// An answer counts when it is about the leg under way, comes from its carrier, and is the first one.
fn is_awaited(state: &State, under_way: usize, leg_index: usize, carrier_id: &str) -> bool {
    leg_index == under_way
        && state.tracking_numbers.len() == under_way
        && state.legs.get(leg_index).is_some_and(|leg| leg.carrier_id == carrier_id)
}

/// Each document is made once, and only when what it stands on is there: the customs invoice needs the legs alone,
/// labels and receipt the tracking numbers, the combined document the labels. It does not need a receipt.
fn generate(state: &State, ctx: &Context, document: Document) -> Decided {
    if state.documents.contains(&document) {
        return ignore("this document exists already");
    }
    let at = |name: &str| Generated { document_location: format!("https://shipment-documents.net/{}/{name}", ctx.process_id) };
    match (document, state.step) {
        (_, Step::Failed) => reject("manifestation-failed", "a carrier has declined this shipment"),
        (Document::CustomsInvoice, _) => accept(Event::CustomsInvoiceGenerated(at("customs-invoice"))),
        (Document::Labels, Step::Manifested) => accept(Event::ShipmentLabelsGenerated(at("labels"))),
        (Document::Receipt, Step::Manifested) => accept(Event::ShipmentReceiptGenerated(at("receipt"))),
        (Document::CombinedDocument, Step::Manifested) if state.documents.contains(&Document::Labels) => {
            accept(Event::ShipmentCombinedDocumentGenerated(at("combined-document")))
        }
        (Document::CombinedDocument, Step::Manifested) => reject("no-labels", "the combined document needs the labels"),
        _ => reject("not-manifested", "the carriers have not accepted all legs"),
    }
}
