//! `manifestation-and-documents-1.1`: a shipment, its legs one after another, its documents, and taking it all back.
//!
//! Which of these comes next is the business of the shipment process that commands it.

pub mod decisions;
pub mod state;
mod undoing;

use decisions::{Command, Message};
use procession_sdk::contract::{Context, Manifest, Sharing, View};
use procession_sdk::{Decision, Process, Recorded, Trigger};
use state::{Event, State};

/// The process.
#[derive(Debug)]
pub struct Shipment;

impl Process for Shipment {
    type State = State;
    type Event = Event;
    type Message = Message;
    type Command = Command;

    fn manifest() -> Manifest {
        Manifest::process::<Self>("manifestation-and-documents-1.1", "Shipment")
            .sharing(Sharing::Shared)
            .starts(["CreateShipment"])
            .reacts_to([
                "ShipmentLegManifested",
                "ShipmentLegManifestationFailed",
                "ShipmentLegManifestedLate",
                "ShipmentCancellationStarted",
                "ShipmentLegCancelled",
                "ShipmentLegCancellationFailed",
            ])
    }

    fn evolve(state: &mut State, event: Event, _: &Recorded<'_>) {
        state.take(event);
    }

    fn decide(state: &State, ctx: &Context, trigger: Trigger<Message, Event>) -> Decision<Event, Command> {
        decisions::decide(state, ctx, trigger)
    }

    fn look(state: &State) -> View {
        state.look()
    }

    fn stamp(ctx: &Context) -> Vec<(&'static str, String)> {
        vec![("shipmentId", ctx.process_id.clone())]
    }
}

procession_sdk::export_process!(Shipment);
