//! What a ticket does, as given / when / then.

use procession_sdk::Scenario;
use ticket_1_0::{Message, Ticket};

fn opened() -> Scenario<Ticket> {
    Scenario::new("T1").when(Message::OpenTicket { title: "printer on fire".to_owned() })
}

fn answered() -> Message {
    Message::AnswerTicket { answer: "use water".to_owned() }
}

#[test]
fn a_ticket_that_nobody_answers_is_escalated() {
    opened().then_records(["TicketOpened"]).when_timer("escalate").then_records(["TicketEscalated"]).then_sends(["CallManager"]);
}

#[test]
fn a_second_answer_is_ignored() {
    opened().when(answered()).then_records(["TicketAnswered"]).when(answered()).then_ignored();
}
