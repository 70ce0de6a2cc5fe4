//! A native support ticket, sound or with one flaw, so that every promise can be broken on purpose.
//! No WebAssembly is needed to test a workbench.

#![allow(dead_code, unreachable_pub, reason = "every test file uses another part of this")]
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod ticket;

use std::sync::Arc;

use procession_engine::model::id::{Category, Digest, Kind, Suffix};
use procession_engine::model::manifest::{EventSchema, Manifest, Sharing};
use procession_engine::ports::definition::{Module, Role};

pub use ticket::{Flaw, Ticket};

fn kinds(texts: &[&str]) -> Vec<Kind> {
    texts.iter().map(|text| Kind::parse(text).unwrap()).collect()
}

pub fn manifest(category: &str) -> Manifest {
    Manifest {
        category: Category::parse(category).unwrap(),
        stream: None,
        starts: Vec::new(),
        handles: Vec::new(),
        reacts_to: Vec::new(),
        records: Vec::new(),
        sends: Vec::new(),
        state_format: 1,
        takes_over: Vec::new(),
        sharing: Sharing::PerProcess,
        memory_bytes: None,
        fuel_per_call: None,
    }
}

pub fn module(manifest: Manifest, role: Role) -> Module {
    Module { digest: Digest([7; 32]), manifest: Arc::new(manifest), role }
}

/// The ticket with this flaw.
pub fn ticket(flaw: Flaw) -> Module {
    let records = ["TicketOpened", "TicketEscalated", "TicketAnswered", "TicketFiled"];
    let manifest = Manifest {
        stream: Some(Suffix::parse("Ticket").unwrap()),
        starts: kinds(&["OpenTicket"]),
        handles: kinds(&["AnswerTicket"]),
        reacts_to: kinds(&["TicketAnswered"]),
        records: records.iter().map(|text| EventSchema { kind: Kind::parse(text).unwrap(), schema: 1 }).collect(),
        sends: kinds(&["CallManager", "FileTicket"]),
        takes_over: vec![Category::parse("ticket-0.9").unwrap()],
        ..manifest("ticket-1.0")
    };
    module(manifest, Role::Process(Arc::new(Ticket { flaw })))
}
