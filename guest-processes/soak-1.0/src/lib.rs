//! `soak-1.0`: a process that ends at once, waits for a month, or counts for ever; for endurance tests of a host.
//!
//! It is as small as a process can be, so that what is measured is the host.

use procession_sdk::contract::{Context, Manifest, Phase, View};
use procession_sdk::{Decision, Process, Recorded, Trigger, accept, ignore};
use serde::{Deserialize, Serialize};

const MONTH_MS: u64 = 30 * 24 * 60 * 60 * 1_000;

/// What the process remembers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    ended: bool,
    counted: u64,
}

/// What the process records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Event {
    Ended,
    Waiting,
    Counted,
}

/// What the process is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Message {
    End,
    Wait,
    Count,
}

/// The process sends nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {}

/// The process.
#[derive(Debug)]
pub struct Soak;

impl Process for Soak {
    type State = State;
    type Event = Event;
    type Message = Message;
    type Command = Command;

    fn manifest() -> Manifest {
        Manifest::process::<Self>("soak-1.0", "Soak").starts(["End", "Wait", "Count"])
    }

    fn evolve(state: &mut State, event: Event, _: &Recorded<'_>) {
        match event {
            Event::Ended => state.ended = true,
            Event::Waiting => {}
            Event::Counted => state.counted += 1,
        }
    }

    fn decide(state: &State, ctx: &Context, trigger: Trigger<Message, Event>) -> Decision<Event, Command> {
        match trigger {
            _ if state.ended => ignore("it has ended"),
            Trigger::Start(Message::Wait) => accept(Event::Waiting).set_timer("end", ctx.now + MONTH_MS, ()),
            Trigger::Start(Message::Count) | Trigger::Message(Message::Count) => accept(Event::Counted),
            Trigger::Start(Message::End) | Trigger::Message(Message::End) | Trigger::Timer(_) | Trigger::Cancel(_) => accept(Event::Ended),
            _ => ignore("nothing follows from this"),
        }
    }

    fn look(state: &State) -> View {
        View::new(if state.ended { Phase::Completed } else { Phase::Running }).outcome(&state.counted)
    }
}

procession_sdk::export_process!(Soak);
