//! `collection-booking-1.0`: when a collection is booked, and what became of it.

pub mod decisions;
pub mod schedule;
pub mod state;

use decisions::{Command, Message};
use procession_sdk::contract::{Context, Manifest, Sharing, View};
use procession_sdk::{Decision, Process, Recorded, Trigger};
use state::{Event, State};

/// The process.
#[derive(Debug)]
pub struct Collection;

impl Process for Collection {
    type State = State;
    type Event = Event;
    type Message = Message;
    type Command = Command;

    fn manifest() -> Manifest {
        Manifest::process::<Self>("collection-booking-1.0", "Collection")
            .sharing(Sharing::Shared)
            .starts(["CreateCollectionBooking"])
            .reacts_to(["CollectionBookingInitialized"])
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

procession_sdk::export_process!(Collection);
