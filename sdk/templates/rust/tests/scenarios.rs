//! Scenarios in Rust, without WebAssembly: quick to run, and with a debugger where one is needed.

use {{crate}}::{Message, Ticket};
use procession_sdk::Scenario;

fn opened() -> Scenario<Ticket> {
    Scenario::new("T1").when(Message::OpenTicket { title: "printer on fire".to_owned() })
}

fn answer() -> Message {
    Message::AnswerTicket { answer: "use water".to_owned() }
}

#[test]
fn a_ticket_that_nobody_answers_is_escalated() {
    opened().then_records(["TicketOpened"]).when_timer("escalate").then_records(["TicketEscalated"]).then_sends(["CallManager"]);
}

#[test]
fn a_second_answer_is_ignored() {
    opened().when(answer()).then_records(["TicketAnswered"]).when(answer()).then_ignored();
}
