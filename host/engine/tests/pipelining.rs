//! Turns that build on commits which are not durable yet: nobody hears of them early, and they fail with what they build on.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod support;

use procession_engine::error::Refusal;
use procession_engine::flow::inbox::Answer;
use procession_engine::model::commit::Commit;
use procession_engine::model::id::ProcessId;
use procession_engine::model::json::Json;
use procession_engine::model::view::Phase;
use procession_engine::ports::store::EventStore;
use support::held::{Held, ask, poll};
use support::{Bench, order, request};

fn held_order() -> (Bench, Held) {
    let mut bench = Bench::new();
    // Replies take their time, so that payments in these tests come from the caller.
    bench.settings.insert("bank".to_owned(), Json::parse("{\"delayMs\":500}").unwrap());
    order(&bench);
    let held = Held::behind(&mut bench);
    (bench, held)
}

#[test]
fn a_turn_builds_on_a_commit_that_is_not_durable_and_nobody_hears_of_either_before_the_sync() {
    let (mut bench, held) = held_order();
    let mut placed = ask(&mut bench, request("A1", "PlaceOrder"));
    let mut paid = ask(&mut bench, request("A1", "PaymentTaken"));
    let mut again = ask(&mut bench, request("A1", "PlaceOrder"));
    assert!(poll(&mut placed).is_none() && poll(&mut paid).is_none() && poll(&mut again).is_none());
    assert_eq!(held.release(0), 2);
    bench.standing.settle();
    let Some(Ok(Answer::Taken(receipt))) = poll(&mut placed) else { panic!("not taken") };
    assert!(matches!(poll(&mut paid), Some(Ok(Answer::Taken(_)))));
    assert_eq!(poll(&mut again).unwrap().unwrap(), Answer::Duplicate(receipt));
    assert_eq!(bench.stream("A1-Order"), ["OrderPlaced", "PaymentAsked", "OrderPaid", "ShippingAsked", "OrderShipped"]);
}

#[test]
fn a_command_to_an_adapter_waits_for_the_sync() {
    let (mut bench, held) = held_order();
    let _placed = ask(&mut bench, request("A1", "PlaceOrder"));
    assert_eq!(held.release(0), 1);
    bench.standing.settle();
    // Only now was the adapter called; its reply is kept by a second commit.
    assert_eq!(held.release(0), 1);
    bench.standing.settle();
    bench.advance(500);
    held.release(0);
    bench.standing.settle();
    assert_eq!(bench.row("A1").root().unwrap().view.phase, Phase::Completed);
}

#[test]
fn a_turn_that_builds_on_a_commit_that_failed_is_made_again_without_it() {
    let (mut bench, held) = held_order();
    let mut placed = ask(&mut bench, request("A1", "PlaceOrder"));
    let mut paid = ask(&mut bench, request("A1", "PaymentTaken"));
    held.release(1);
    bench.standing.settle();
    assert!(matches!(poll(&mut placed), Some(Err(Refusal::Store(_)))));
    // Without an order there is nobody to take the payment.
    assert!(matches!(poll(&mut paid), Some(Err(Refusal::Invalid { .. }))));
    assert!(bench.store.process(&ProcessId::parse("A1").unwrap()).unwrap().is_none());
}

#[test]
fn a_process_that_somebody_else_moved_is_read_and_decided_again() {
    let (mut bench, held) = held_order();
    let mut placed = ask(&mut bench, request("A1", "PlaceOrder"));
    held.release(0);
    bench.standing.settle();
    poll(&mut placed).unwrap().unwrap();
    let mut paid = ask(&mut bench, request("A1", "PaymentTaken"));
    // Another host's commit comes between: the one that waits is stale.
    let mut row = bench.row("A1");
    row.revision += 1;
    let foreign = Commit {
        row,
        entry: None,
        receipt: None,
        delivered: vec![],
        undelivered: vec![],
        timers_cleared: vec![],
        timers_set: vec![],
        notes: vec![],
        snapshots: vec![],
    };
    bench.store.submit(foreign, Box::new(|result| result.unwrap()));
    while held.release(0) > 0 {
        bench.standing.settle();
    }
    assert!(matches!(poll(&mut paid), Some(Ok(Answer::Taken(_)))));
    assert_eq!(bench.stream("A1-Order").len(), 5);
}
