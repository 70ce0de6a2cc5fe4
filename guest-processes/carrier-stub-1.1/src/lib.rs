//! `carrier-stub-1.1`: plays the carriers; the end of the shipment id says how they behave.
//!
//! The last digits mean what they mean in 1.0; the words that make carriers difficult stand in `manner`.

pub mod manner;

use manner::{Cancellation, Collection, Manner, SecondLeg};
use procession_sdk::contract::{Context, Fault, Manifest};
use procession_sdk::{Adapter, Ids, Reply, reply};
use serde::{Deserialize, Serialize};
use shipment_language::carrier::{BookCollection, CollectionBooked, CollectionFailed, LegFailed, LegManifested, ManifestLeg};
use shipment_undoing::words::{Attempt, Refused};

/// How much later a carrier comes after all, in milliseconds.
pub const SECOND_THOUGHT_MS: u64 = 2_000;

/// How late a late carrier answers, in milliseconds: after everybody has stopped waiting for it.
pub const LATE_MS: u64 = 25_000;

/// How often a stubborn carrier refuses to take something back.
pub const REFUSALS: u32 = 2;

/// What the operator can set.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Settings {
    /// How long a carrier takes to answer, in milliseconds.
    pub delay_ms: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { delay_ms: 500 }
    }
}

/// What carriers are asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names are the vocabulary of the shipment components")]
pub enum Command {
    ManifestShipmentWithCarrier(ManifestLeg),
    BookCollectionWithCarrier(BookCollection),
    CancelShipmentWithCarrier(Attempt<LegManifested>),
    CancelCollectionWithCarrier(Attempt<CollectionBooked>),
}

/// What carriers answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names are the vocabulary of the shipment components")]
pub enum Answer {
    ShipmentManifestedWithCarrier(LegManifested),
    ShipmentCarrierManifestationFailed(LegFailed),
    CollectionBookedWithCarrier(CollectionBooked),
    CarrierCollectionBookingFailed(CollectionFailed),
    ShipmentCancelledWithCarrier(LegManifested),
    ShipmentCarrierCancellationFailed(Refused<LegManifested>),
    CollectionCancelledWithCarrier(CollectionBooked),
    CarrierCollectionCancellationFailed(Refused<CollectionBooked>),
}

/// The adapter.
#[derive(Debug)]
pub struct CarrierStub;

impl Adapter for CarrierStub {
    type Settings = Settings;
    type Command = Command;
    type Reply = Answer;

    fn manifest() -> Manifest {
        Manifest::adapter::<Self>("carrier-stub-1.1")
    }

    fn handle(settings: &Settings, ctx: &Context, command: Command) -> Result<Vec<Reply<Answer>>, Fault> {
        let manner = Manner::of(&ctx.process_id);
        let answers = match command {
            Command::ManifestShipmentWithCarrier(asked) => manifest(manner, asked, &mut ctx.ids()),
            Command::BookCollectionWithCarrier(asked) => book(manner, &asked.carrier_id, &mut ctx.ids()),
            Command::CancelShipmentWithCarrier(asked) => {
                take_back(manner, asked, &mut ctx.ids(), Answer::ShipmentCancelledWithCarrier, Answer::ShipmentCarrierCancellationFailed)
            }
            Command::CancelCollectionWithCarrier(asked) => take_back(
                manner,
                asked,
                &mut ctx.ids(),
                Answer::CollectionCancelledWithCarrier,
                Answer::CarrierCollectionCancellationFailed,
            ),
        };
        Ok(answers.into_iter().map(|answer| Reply { after_ms: answer.after_ms.saturating_add(settings.delay_ms), ..answer }).collect())
    }
}

fn manifest(manner: Manner, ManifestLeg { carrier_id, leg_index, .. }: ManifestLeg, ids: &mut Ids) -> Vec<Reply<Answer>> {
    let second = leg_index == 1;
    let declines = manner.every_leg_declined || second && manner.second_leg == SecondLeg::Declined;
    if declines {
        return vec![reply(Answer::ShipmentCarrierManifestationFailed(LegFailed { carrier_id, leg_index, failure: ids.hex32() }))];
    }
    let manifested = reply(Answer::ShipmentManifestedWithCarrier(LegManifested { carrier_id, leg_index, tracking_number: ids.hex32() }));
    match manner.second_leg {
        SecondLeg::Silent if second => vec![],
        SecondLeg::Late if second => vec![manifested.after(LATE_MS)],
        _ => vec![manifested],
    }
}

fn book(manner: Manner, carrier_id: &str, ids: &mut Ids) -> Vec<Reply<Answer>> {
    let declined =
        |failure: String| reply(Answer::CarrierCollectionBookingFailed(CollectionFailed { carrier_id: carrier_id.to_owned(), failure }));
    let booked = |booking_reference: String| {
        reply(Answer::CollectionBookedWithCarrier(CollectionBooked { carrier_id: carrier_id.to_owned(), booking_reference }))
    };
    match manner.collection {
        Collection::Booked => vec![booked(ids.hex32())],
        Collection::Declined => vec![declined(ids.hex32())],
        Collection::AfterAll => vec![declined(ids.hex32()), booked(ids.hex32()).after(SECOND_THOUGHT_MS)],
        Collection::Silent => vec![],
    }
}

fn take_back<T>(
    manner: Manner,
    Attempt { promise, attempt }: Attempt<T>,
    ids: &mut Ids,
    taken_back: fn(T) -> Answer,
    refused: fn(Refused<T>) -> Answer,
) -> Vec<Reply<Answer>> {
    match manner.cancellation {
        Cancellation::Silent => vec![],
        cancellation if cancellation.refuses(attempt) => vec![reply(refused(Refused { promise, attempt, failure: ids.hex32() }))],
        _ => vec![reply(taken_back(promise))],
    }
}

procession_sdk::export_adapter!(CarrierStub);
