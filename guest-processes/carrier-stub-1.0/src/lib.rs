//! `carrier-stub-1.0`: plays the carriers; the last digit of the shipment id says how they answer.
//!
//! `1` declines the shipment, `2` declines the collection, `3` declines it and comes after all two seconds later.

use procession_sdk::contract::{Context, Fault, Manifest};
use procession_sdk::{Adapter, Reply, reply};
use serde::{Deserialize, Serialize};
use shipment_language::carrier::{BookCollection, CollectionBooked, CollectionFailed, LegFailed, LegManifested, ManifestLeg};

/// How much later a carrier comes after all, in milliseconds.
pub const SECOND_THOUGHT_MS: u64 = 2_000;

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
}

/// What carriers answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names are the vocabulary of the shipment components")]
pub enum Answer {
    ShipmentManifestedWithCarrier(LegManifested),
    ShipmentCarrierManifestationFailed(LegFailed),
    CollectionBookedWithCarrier(CollectionBooked),
    CarrierCollectionBookingFailed(CollectionFailed),
}

/// The adapter.
#[derive(Debug)]
pub struct CarrierStub;

impl Adapter for CarrierStub {
    type Settings = Settings;
    type Command = Command;
    type Reply = Answer;

    fn manifest() -> Manifest {
        Manifest::adapter::<Self>("carrier-stub-1.0")
    }

    fn handle(settings: &Settings, ctx: &Context, command: Command) -> Result<Vec<Reply<Answer>>, Fault> {
        let delay = settings.delay_ms;
        let mut ids = ctx.ids();
        let mut failed = |carrier_id: &str| {
            Answer::CarrierCollectionBookingFailed(CollectionFailed { carrier_id: carrier_id.to_owned(), failure: ids.hex32() })
        };
        Ok(match (command, ctx.process_id.chars().last()) {
            (Command::ManifestShipmentWithCarrier(asked), Some('1')) => vec![reply(leg_failed(asked, ctx)).after(delay)],
            (Command::ManifestShipmentWithCarrier(asked), _) => vec![reply(leg_manifested(asked, ctx)).after(delay)],
            (Command::BookCollectionWithCarrier(asked), Some('2')) => vec![reply(failed(&asked.carrier_id)).after(delay)],
            (Command::BookCollectionWithCarrier(asked), Some('3')) => {
                let failure = reply(failed(&asked.carrier_id)).after(delay);
                let booking_reference = ids.hex32();
                let booked = Answer::CollectionBookedWithCarrier(CollectionBooked { carrier_id: asked.carrier_id, booking_reference });
                vec![failure, reply(booked).after(delay.saturating_add(SECOND_THOUGHT_MS))]
            }
            (Command::BookCollectionWithCarrier(asked), _) => {
                let booking_reference = ids.hex32();
                vec![
                    reply(Answer::CollectionBookedWithCarrier(CollectionBooked { carrier_id: asked.carrier_id, booking_reference }))
                        .after(delay),
                ]
            }
        })
    }
}

fn leg_manifested(asked: ManifestLeg, ctx: &Context) -> Answer {
    let ManifestLeg { carrier_id, leg_index, .. } = asked;
    Answer::ShipmentManifestedWithCarrier(LegManifested { carrier_id, leg_index, tracking_number: ctx.ids().hex32() })
}

fn leg_failed(asked: ManifestLeg, ctx: &Context) -> Answer {
    let ManifestLeg { carrier_id, leg_index, .. } = asked;
    Answer::ShipmentCarrierManifestationFailed(LegFailed { carrier_id, leg_index, failure: ctx.ids().hex32() })
}

procession_sdk::export_adapter!(CarrierStub);
