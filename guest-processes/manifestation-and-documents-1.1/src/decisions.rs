//! What a shipment decides, as tables: commands of its process, answers of the carriers, and what follows its own decisions.
//!
//! How what was manifested is taken back stands in `undoing`.

use procession_sdk::contract::{Context, Undelivered};
use procession_sdk::{Decision, Trigger, accept, ignore, reject};
use serde::{Deserialize, Serialize};
use shipment_language::Failed;
use shipment_language::carrier::{LegFailed, LegManifested, ManifestLeg};
use shipment_language::shipment::{CreateShipment, Generated, Manifested};
use shipment_language::start::check_legs;
use shipment_undoing::ANSWER_MS;
use shipment_undoing::words::{Attempt, Cancel, Refused};

use crate::state::{Asked, Document, Event, State, Step};
use crate::undoing::LEGS;

/// How often the carrier of a leg is asked to take it; silence is the only reason to ask again.
pub const ASKED_MAX: u32 = 2;

const MANIFEST: &str = "ManifestShipmentWithCarrier";

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
    CancelShipment(Cancel),
    ShipmentManifestedWithCarrier(LegManifested),
    ShipmentCarrierManifestationFailed(LegFailed),
    ShipmentCancelledWithCarrier(LegManifested),
    ShipmentCarrierCancellationFailed(Refused<LegManifested>),
}

/// What the shipment asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names are the vocabulary of the shipment components")]
pub enum Command {
    ManifestShipmentWithCarrier(ManifestLeg),
    CancelShipmentWithCarrier(Attempt<LegManifested>),
}

pub(crate) type Decided = Decision<Event, Command>;

pub(crate) fn decide(state: &State, ctx: &Context, trigger: Trigger<Message, Event>) -> Decided {
    match trigger {
        Trigger::Start(message) | Trigger::Message(message) => answer(state, ctx, message),
        Trigger::Recorded(event) => follow(state, event),
        Trigger::Timer(timer) => LEGS.wake(&state.undoing, &timer),
        Trigger::Undelivered(undelivered) => come_back(state, ctx, &undelivered),
        Trigger::Cancel(_) => reject("cancel-not-supported", "a shipment is cancelled by its process, with CancelShipment"),
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

        (Step::Cancelling | Step::Cancelled, Message::CancelShipment(_)) => ignore("the shipment is being cancelled already"),
        (_, Message::CancelShipment(cancel)) => accept(Event::ShipmentCancellationStarted(cancel)),

        (Step::Initialized, Message::ManifestShipment) => begin_leg(state, 0),
        (Step::Failed, Message::ManifestShipment) => reject("manifestation-failed", "a carrier has declined this shipment"),
        (Step::Cancelling | Step::Cancelled, Message::ManifestShipment) => reject("cancelled", "the shipment is cancelled"),
        (_, Message::ManifestShipment) => ignore("the manifestation has already started"),

        (_, Message::ShipmentManifestedWithCarrier(leg)) => manifested(state, leg),
        (_, Message::ShipmentCarrierManifestationFailed(LegFailed { carrier_id, leg_index, failure })) => {
            if asked(state, leg_index, &carrier_id).is_none() {
                return ignore("a late or second answer: this leg is not being manifested");
            }
            accept(Event::ShipmentLegManifestationFailed { carrier_id, leg_index, failure }).answered(MANIFEST)
        }
        (_, Message::ShipmentCancelledWithCarrier(leg)) => LEGS.taken_back(&state.undoing, &leg),
        (_, Message::ShipmentCarrierCancellationFailed(refused)) => LEGS.refused(&state.undoing, refused, ctx.now),

        (_, Message::GenerateCustomsInvoice) => generate(state, ctx, Document::CustomsInvoice),
        (_, Message::GenerateShipmentLabels) => generate(state, ctx, Document::Labels),
        (_, Message::GenerateShipmentReceipt) => generate(state, ctx, Document::Receipt),
        (_, Message::GenerateCombinedDocument) => generate(state, ctx, Document::CombinedDocument),
    }
}

/// A carrier takes a leg. The first answer counts, while the leg is wanted; any other promise must not stay unknown, so it is undone.
fn manifested(state: &State, leg: LegManifested) -> Decided {
    let LegManifested { carrier_id, leg_index, .. } = &leg;
    if *leg_index >= state.begun || state.legs.get(*leg_index).is_none_or(|asked| asked.carrier_id != *carrier_id) {
        return ignore("this carrier has not been asked for this leg");
    }
    if state.manifested.contains(&leg) || state.undoing.knows(&leg) {
        return ignore("a second answer: the carrier has said so already");
    }
    match (state.step, asked(state, *leg_index, carrier_id)) {
        (Step::Manifestation, Some(_)) => accept(Event::ShipmentLegManifested(leg)).answered(MANIFEST),
        (_, Some(_)) => accept(Event::ShipmentLegManifestedLate(leg)).answered(MANIFEST),
        (_, None) => accept(Event::ShipmentLegManifestedLate(leg)),
    }
}

/// What follows a decision of its own: the next leg, the end of the manifestation, or what is to be undone next.
fn follow(state: &State, event: Event) -> Decided {
    match event {
        Event::ShipmentLegManifested(leg) if leg.leg_index + 1 < state.legs.len() => begin_leg(state, leg.leg_index + 1),
        Event::ShipmentLegManifested(_) => accept(Event::ShipmentManifested(Manifested { manifested_legs: state.manifested_legs() })),
        Event::ShipmentLegManifestationFailed { failure, .. } if state.step == Step::Failed => {
            accept(Event::ShipmentManifestationFailed(Failed { failure }))
        }
        Event::ShipmentLegManifestationFailed { .. }
        | Event::ShipmentLegManifestedLate(_)
        | Event::ShipmentCancellationStarted(_)
        | Event::ShipmentLegCancelled(_)
        | Event::ShipmentLegCancellationFailed(_) => LEGS.go_on(&state.undoing, state.cancellation()),
        _ => ignore("nothing follows this event"),
    }
}

/// A carrier was silent, or could not be asked at all.
fn come_back(state: &State, ctx: &Context, undelivered: &Undelivered) -> Decided {
    match undelivered.command() {
        Some(Command::ManifestShipmentWithCarrier(ManifestLeg { carrier_id, leg_index, .. })) => {
            let failure = undelivered.reason.clone();
            match asked(state, leg_index, &carrier_id) {
                Some(Asked { attempt, .. }) if attempt < ASKED_MAX && state.step == Step::Manifestation => {
                    let repeated = Event::ShipmentLegManifestationRepeated { carrier_id, leg_index, attempt: attempt + 1, failure };
                    ask_carrier(accept(repeated).answered(MANIFEST), state, leg_index)
                }
                Some(_) => accept(Event::ShipmentLegManifestationFailed { carrier_id, leg_index, failure }).answered(MANIFEST),
                None => ignore("the answer about this leg is no longer awaited"),
            }
        }
        Some(Command::CancelShipmentWithCarrier(Attempt { promise, attempt })) => {
            LEGS.refused(&state.undoing, Refused { promise, attempt, failure: undelivered.reason.clone() }, ctx.now)
        }
        None => ignore("a shipment sends no such command"),
    }
}

fn begin_leg(state: &State, leg_index: usize) -> Decided {
    let Some(leg) = state.legs.get(leg_index) else {
        return reject("no-such-leg", "the shipment has no further leg");
    };
    let started = Event::ShipmentLegManifestationStarted { carrier_id: leg.carrier_id.clone(), leg_index };
    ask_carrier(accept(started), state, leg_index)
}

fn ask_carrier(decided: Decided, state: &State, leg_index: usize) -> Decided {
    let Some(leg) = state.legs.get(leg_index) else { return decided };
    let ask = ManifestLeg { carrier_id: leg.carrier_id.clone(), leg_index, leg: leg.clone() };
    decided.send(Command::ManifestShipmentWithCarrier(ask)).expires_after(ANSWER_MS)
}

/// The question that is open about this leg with this carrier.
fn asked(state: &State, leg_index: usize, carrier_id: &str) -> Option<Asked> {
    let carrier = &state.legs.get(leg_index)?.carrier_id;
    state.asked.filter(|asked| asked.leg_index == leg_index && carrier == carrier_id)
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
        (_, Step::Cancelling | Step::Cancelled) => reject("cancelled", "the shipment is cancelled"),
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
