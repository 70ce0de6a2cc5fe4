//! What a ticket does, as given / when / then: one of its own, and one that began on 1.0.

use procession_sdk::contract::Phase;
use procession_sdk::Scenario;
use ticket_2_0::{Message, Ticket};

const OPENED: (&str, u32, &str) = ("TicketOpened", 1, r#"{"title":"printer on fire"}"#);
const ESCALATED: (&str, u32, &str) = ("TicketEscalated", 1, "{}");
const ANSWERED: (&str, u32, &str) = ("TicketAnswered", 1, r#"{"answer":"use water"}"#);

fn answer() -> Message {
    Message::AnswerTicket { answer: "use sand".to_owned() }
}

#[test]
fn an_answered_ticket_can_be_reopened_and_closes_after_a_week() {
    let open = Message::OpenTicket { title: "printer on fire".to_owned(), priority: ticket_2_0::Priority::High };
    let answered = Scenario::<Ticket>::new("T1").when(open).when(answer()).then_records(["TicketAnswered"]);
    let again = answered.when(Message::ReopenTicket { why: "still burning".to_owned() }).then_records(["TicketReopened"]);
    again.when(answer()).when_timer("close").then_records(["TicketClosed"]);
}

#[test]
fn a_ticket_that_began_on_1_0_goes_on() {
    let moved = Scenario::<Ticket>::new("T1").given_recorded("ticket-1.0", [OPENED, ESCALATED]).when_migrated("ticket-1.0").then_ignored();
    assert_eq!(moved.view().step.as_deref(), Some("raised"));
    assert_eq!(moved.history()[1].event.kind, "TicketEscalated", "what is recorded stays");
    moved.when(answer()).then_records(["TicketAnswered"]);
}

#[test]
fn a_ticket_that_was_answered_on_1_0_is_closed() {
    let moved = Scenario::<Ticket>::new("T1").given_recorded("ticket-1.0", [OPENED, ANSWERED]);
    let view = moved.view();
    assert_eq!((view.phase, view.outcome.as_deref()), (Phase::Completed, Some(r#""use water""#)));
    moved.when(answer()).then_ignored();
}

#[test]
#[should_panic(expected = "event 1 (TicketLost with schema 1) cannot be read")]
fn an_event_that_1_0_never_had_is_a_fault() {
    drop(Scenario::<Ticket>::new("T1").given_recorded("ticket-1.0", [("TicketLost", 1, "{}")]));
}

#[test]
#[should_panic(expected = "missing field `title`")]
fn data_that_does_not_fit_is_a_fault_that_says_what_is_missing() {
    drop(Scenario::<Ticket>::new("T1").given_recorded("ticket-1.0", [("TicketOpened", 1, "{}")]));
}
