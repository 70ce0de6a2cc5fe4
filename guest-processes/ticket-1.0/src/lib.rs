//! `ticket-1.0`: a support ticket is opened, answered or, after a day without an answer, escalated.
//!
//! It is the example of the guide, `docs/writing-a-process.md`.

use procession_sdk::contract::{Context, Manifest, Phase, View};
use procession_sdk::{Decision, Process, Recorded, Trigger, accept, ignore, reject};
use serde::{Deserialize, Serialize};

const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

/// What the ticket remembers.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct State {
    step: Step,
    answer: Option<String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
enum Step {
    #[default]
    Nothing,
    Open,
    Escalated,
    Answered,
}

/// What the ticket records.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all_fields = "camelCase")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Event {
    TicketOpened { title: String },
    TicketEscalated,
    TicketAnswered { answer: String },
}

/// What the ticket is told.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Message {
    OpenTicket { title: String },
    AnswerTicket { answer: String },
}

/// What the ticket asks for.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Command {
    CallManager,
}

/// The process.
#[derive(Debug)]
pub struct Ticket;

impl Process for Ticket {
    type State = State;
    type Event = Event;
    type Message = Message;
    type Command = Command;

    fn manifest() -> Manifest {
        Manifest::process::<Self>("ticket-1.0", "Ticket").starts(["OpenTicket"])
    }

    fn evolve(state: &mut State, event: Event, _: &Recorded<'_>) {
        match event {
            Event::TicketOpened { .. } => state.step = Step::Open,
            Event::TicketEscalated => state.step = Step::Escalated,
            Event::TicketAnswered { answer } => *state = State { step: Step::Answered, answer: Some(answer) },
        }
    }

    fn decide(state: &State, ctx: &Context, trigger: Trigger<Message, Event>) -> Decision<Event, Command> {
        match (state.step, trigger) {
            (Step::Nothing, Trigger::Start(Message::OpenTicket { title })) => {
                accept(Event::TicketOpened { title }).set_timer("escalate", ctx.now + DAY_MS, ())
            }
            (_, Trigger::Start(_)) => ignore("the ticket is open already"),
            (Step::Open, Trigger::Timer(_)) => accept(Event::TicketEscalated).send(Command::CallManager),
            (Step::Open | Step::Escalated, Trigger::Message(Message::AnswerTicket { answer })) => {
                accept(Event::TicketAnswered { answer }).clear_timer("escalate")
            }
            (Step::Answered, _) => ignore("the ticket is answered already"),
            _ => reject("not-now", "this does not apply to the ticket as it is"),
        }
    }

    fn look(state: &State) -> View {
        let phase = if state.step == Step::Answered { Phase::Completed } else { Phase::Running };
        View::new(phase).outcome(&state.answer)
    }
}

procession_sdk::export_process!(Ticket);
