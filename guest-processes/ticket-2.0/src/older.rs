//! What the events of 1.0 say in the words of 2.0.
//!
//! They stay recorded as they are; this is asked each time that a ticket which began on 1.0 is folded.

use procession_sdk::contract::Fault;
use procession_sdk::{OldEvent, Upcasted, Upcasts, into};
use serde::Deserialize;

use crate::{Event, Priority, Ticket};

#[derive(Deserialize)]
struct Opened {
    title: String,
}

#[derive(Deserialize)]
struct Answered {
    answer: String,
}

impl Upcasts for Ticket {
    fn upcast(old: &OldEvent<'_>) -> Result<Upcasted<Event>, Fault> {
        match (old.kind, old.schema) {
            ("TicketOpened", 1) => {
                let Opened { title } = old.data()?;
                Ok(into([Event::TicketOpened { title, priority: Priority::Normal }]))
            }
            ("TicketEscalated", 1) => Ok(into([Event::TicketRaised { to: "manager".to_owned() }])),
            // In 1.0 an answer was the end.
            ("TicketAnswered", 1) => {
                let Answered { answer } = old.data()?;
                Ok(into([Event::TicketAnswered { text: answer }, Event::TicketClosed]))
            }
            _ => Err(old.unknown()),
        }
    }
}
