//! `international-1.0`: which step of a shipment across a border comes next.
//!
//! How a step is done lives in the components that it commands; `decisions` is the table, `state` is what has been decided.

pub mod decisions;
pub mod state;

use decisions::{Command, Message};
use procession_sdk::contract::{Context, Manifest, Sharing, View};
use procession_sdk::{Decision, Process, Recorded, Trigger};
use state::{Event, State};

/// The process.
#[derive(Debug)]
pub struct International;

impl Process for International {
    type State = State;
    type Event = Event;
    type Message = Message;
    type Command = Command;

    fn manifest() -> Manifest {
        Manifest::process::<Self>("international-1.0", "Process").sharing(Sharing::Shared).starts(["ProcessShipment"]).reacts_to([
            "ShipmentProcessStarted",
            "ManifestationAndDocumentsStarted",
            "CustomsInvoiceGenerationCompleted",
            "ShipmentManifestationCompleted",
            "ShipmentManifestationFailed",
            "ShipmentLabelsGenerationCompleted",
            "ReceiptGenerationCompleted",
            "CombinedDocumentGenerationCompleted",
            "ManifestationAndDocumentsCompleted",
            "ManifestationAndDocumentsFailed",
            "CollectionBookingCompleted",
            "CollectionBookingFailed",
            "ShipmentProcessCompletionChecked",
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
        vec![("shipmentId", ctx.process_id.clone()), ("processCategory", ctx.category.clone())]
    }
}

procession_sdk::export_process!(International);
