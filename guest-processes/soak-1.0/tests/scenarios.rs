//! What the process does, as given / when / then.

use procession_sdk::Scenario;
use soak_1_0::{Message, Soak};

#[test]
fn it_ends_at_once_where_it_is_told_to() {
    Scenario::<Soak>::new("S1").when(Message::End).then_records(["Ended"]).when(Message::Count).then_ignored();
}

#[test]
fn it_waits_for_its_timer() {
    Scenario::<Soak>::new("S1").when(Message::Wait).then_records(["Waiting"]).when_timer("end").then_records(["Ended"]);
}

#[test]
fn it_counts_as_often_as_it_is_asked() {
    Scenario::<Soak>::new("S1").when(Message::Count).then_records(["Counted"]).when(Message::Count).then_records(["Counted"]);
}
