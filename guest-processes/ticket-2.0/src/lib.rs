//! `ticket-2.0`: the support ticket of 1.0 with other events, and what makes it carry on tickets of 1.0.
//!
//! A ticket has a priority now, is raised to somebody instead of being escalated, and an answer no longer closes it.

mod older;

use procession_sdk::contract::{Context, Manifest, Phase, View};
use procession_sdk::{Decision, Process, Recorded, Trigger, accept, ignore, reject};
use serde::{Deserialize, Serialize};

const DAY_MS: u64 = 24 * 60 * 60 * 1_000;
const WEEK_MS: u64 = 7 * DAY_MS;

/// What the ticket remembers.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct State {
    step: Step,
    priority: Priority,
    answer: Option<String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
enum Step {
    #[default]
    Nothing,
    Open,
    Raised,
    Answered,
    Closed,
}

/// How long a ticket may wait.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Priority {
    #[default]
    Normal,
    High,
}

/// What the ticket records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all_fields = "camelCase")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Event {
    TicketOpened { title: String, priority: Priority },
    TicketRaised { to: String },
    TicketAnswered { text: String },
    TicketReopened { why: String },
    TicketClosed,
}

/// What the ticket is told.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Message {
    OpenTicket {
        title: String,
        #[serde(default)]
        priority: Priority,
    },
    AnswerTicket {
        answer: String,
    },
    ReopenTicket {
        why: String,
    },
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
        Manifest::process::<Self>("ticket-2.0", "Ticket").starts(["OpenTicket"]).takes_over(["ticket-1.0"]).state_format(2)
    }

    /// Two kinds of 1.0 have another shape here.
    fn schema(kind: &str) -> u32 {
        if ["TicketOpened", "TicketAnswered"].contains(&kind) { 2 } else { 1 }
    }

    fn evolve(state: &mut State, event: Event, _: &Recorded<'_>) {
        match event {
            Event::TicketOpened { priority, .. } => (state.step, state.priority) = (Step::Open, priority),
            Event::TicketRaised { .. } => state.step = Step::Raised,
            Event::TicketAnswered { text } => (state.step, state.answer) = (Step::Answered, Some(text)),
            Event::TicketReopened { .. } => state.step = Step::Open,
            Event::TicketClosed => state.step = Step::Closed,
        }
    }

    fn decide(state: &State, ctx: &Context, trigger: Trigger<Message, Event>) -> Decision<Event, Command> {
        let patience_ms = |priority| if priority == Priority::High { DAY_MS / 24 } else { DAY_MS };
        match (state.step, trigger) {
            (Step::Nothing, Trigger::Start(Message::OpenTicket { title, priority })) => {
                accept(Event::TicketOpened { title, priority }).set_timer("escalate", ctx.now + patience_ms(priority), ())
            }
            (_, Trigger::Start(_)) => ignore("the ticket is open already"),
            // The timer has the name that it has in 1.0, whose tickets bring theirs along.
            (Step::Open, Trigger::Timer(timer)) if timer.name == "escalate" => {
                accept(Event::TicketRaised { to: "manager".to_owned() }).send(Command::CallManager)
            }
            (Step::Open | Step::Raised, Trigger::Message(Message::AnswerTicket { answer })) => {
                accept(Event::TicketAnswered { text: answer }).clear_timer("escalate").set_timer("close", ctx.now + WEEK_MS, ())
            }
            (Step::Answered, Trigger::Message(Message::ReopenTicket { why })) => {
                accept(Event::TicketReopened { why }).clear_timer("close").set_timer("escalate", ctx.now + patience_ms(state.priority), ())
            }
            (Step::Answered, Trigger::Timer(timer)) if timer.name == "close" => accept(Event::TicketClosed),
            (_, Trigger::Migrated(_)) => ignore("the ticket goes on as it is"),
            (Step::Answered, _) => ignore("the ticket is answered already"),
            (Step::Closed, _) => ignore("the ticket is closed already"),
            _ => reject("not-now", "this does not apply to the ticket as it is"),
        }
    }

    fn look(state: &State) -> View {
        let phase = if state.step == Step::Closed { Phase::Completed } else { Phase::Running };
        let step = match state.step {
            Step::Nothing => "nothing",
            Step::Open => "open",
            Step::Raised => "raised",
            Step::Answered => "answered",
            Step::Closed => "closed",
        };
        View::new(phase).step(step).outcome(&state.answer)
    }
}

procession_sdk::export_process!(Ticket, upcasts);
