//! A ticket: opened, answered, and escalated when nobody answers within a day.

use procession_sdk::contract::{Context, Manifest, Phase, View};
use procession_sdk::{Decision, Process, Recorded, Trigger, accept, ignore, reject, reject_invalid};
use serde::{Deserialize, Serialize};

const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

/// What has been decided so far, folded from the events.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct State {
    step: Step,
    reference: String,
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

/// What is recorded. The names of the variants are the kinds.
#[derive(Debug, Serialize, Deserialize)]
pub enum Event {
    TicketOpened { reference: String, title: String },
    TicketEscalated,
    TicketAnswered { answer: String },
}

/// What the process is told.
#[derive(Debug, Serialize, Deserialize)]
pub enum Message {
    OpenTicket { title: String },
    AnswerTicket { answer: String },
}

/// What the process asks of others.
#[derive(Debug, Serialize, Deserialize)]
pub enum Command {
    CallManager { reference: String },
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
        Manifest::process::<Self>("{{category}}", "{{type}}").starts(["OpenTicket"])
    }

    /// What is recorded has happened: nothing is decided here.
    fn evolve(state: &mut State, event: Event, _: &Recorded<'_>) {
        match event {
            Event::TicketOpened { reference, .. } => *state = State { step: Step::Open, reference, answer: None },
            Event::TicketEscalated => state.step = Step::Escalated,
            Event::TicketAnswered { answer } => {
                state.step = Step::Answered;
                state.answer = Some(answer);
            }
        }
    }

    /// Pure: the time and the ids come from the context, and nothing else is asked.
    fn decide(state: &State, ctx: &Context, trigger: Trigger<Message, Event>) -> Decision<Event, Command> {
        match (state.step, trigger) {
            (Step::Nothing, Trigger::Start(Message::OpenTicket { title })) if title.is_empty() => {
                reject_invalid("missing-title", "title: a ticket needs one")
            }
            (Step::Nothing, Trigger::Start(Message::OpenTicket { title })) => {
                let reference = format!("ticket-{}", ctx.ids().hex32());
                accept(Event::TicketOpened { reference, title }).set_timer("escalate", ctx.now + DAY_MS, ())
            }
            (_, Trigger::Start(_)) => ignore("the ticket is open already"),
            (Step::Open, Trigger::Timer(_)) => {
                accept(Event::TicketEscalated).send(Command::CallManager { reference: state.reference.clone() })
            }
            (Step::Open | Step::Escalated, Trigger::Message(Message::AnswerTicket { answer })) => {
                accept(Event::TicketAnswered { answer }).clear_timer("escalate")
            }
            (Step::Answered, _) => ignore("the ticket is answered already"),
            _ => reject("not-now", "this does not apply to the ticket as it is"),
        }
    }

    /// What a query sees.
    fn look(state: &State) -> View {
        let (phase, step) = match state.step {
            Step::Nothing => return View::new(Phase::Running),
            Step::Open => (Phase::Running, "open"),
            Step::Escalated => (Phase::Running, "escalated"),
            Step::Answered => (Phase::Completed, "answered"),
        };
        View::new(phase).step(step).outcome(&state.answer)
    }
}

procession_sdk::export_process!(Ticket);
