//! A message's way from its caller to its effects, with native definitions, the memory store and a clock that is set.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod support;

use procession_engine::error::Refusal;
use procession_engine::flow::inbox::{Answer, Unhandled};
use procession_engine::limits::Limits;
use procession_engine::model::decision::{Command, Effect, Start};
use procession_engine::model::id::{MessageId, ProcessId};
use procession_engine::model::json::Json;
use procession_engine::model::manifest::Manifest;
use procession_engine::model::view::Phase;
use procession_engine::ports::store::EventStore;
use support::{Bench, accept, happened, kind, kinds, manifest, order, records, reject, request, suffix, word};

const SHIPPED: [&str; 5] = ["OrderPlaced", "PaymentAsked", "OrderPaid", "ShippingAsked", "OrderShipped"];

#[test]
fn an_order_runs_through_an_adapter_and_a_subprocess_to_its_end() {
    let mut bench = Bench::new();
    order(&bench);
    let Ok(Answer::Taken(receipt)) = bench.ask(request("A1", "PlaceOrder")) else { panic!("not taken") };
    assert_eq!((receipt.key.as_str(), receipt.version), ("start", Some(1)));
    assert_eq!(bench.stream("A1-Order"), SHIPPED);
    assert_eq!(bench.stream("A1-Parcel"), ["ParcelPacked", "ParcelSent"]);
    assert_eq!(bench.row("A1").root().unwrap().view.phase, Phase::Completed);
    assert!(bench.store.undelivered(None, None, 10).unwrap().is_empty());
    assert!(
        bench.store.timers(procession_engine::model::time::Timestamp(u64::MAX), None, 10).unwrap().is_empty(),
        "the timer was not cleared"
    );
}

#[test]
fn every_event_says_what_led_to_it() {
    let mut bench = Bench::new();
    order(&bench);
    let asked = request("A1", "PlaceOrder");
    let first = asked.id.clone();
    bench.ask(asked).unwrap();
    let causes: Vec<String> = bench.events("A1-Order").iter().map(|event| event.cause.to_string()).collect();
    assert_eq!(causes, [first.as_str(), "A1-Order/1", "A1-Order/2/0/reply/0", "A1-Order/3", "A1-Parcel/2"]);
    let parcel = bench.events("A1-Parcel");
    assert_eq!(parcel[0].cause, MessageId::parse("A1-Order/4/0").unwrap());
    assert!(bench.events("A1-Order").iter().chain(&parcel).all(|event| event.correlation == first), "the correlation was lost");
}

#[test]
fn a_chain_of_inner_hops_is_one_commit() {
    let mut bench = Bench::new();
    order(&bench);
    bench.ask(request("A1", "PlaceOrder")).unwrap();
    // One up to the adapter's command, one from its reply to the end.
    assert_eq!(bench.row("A1").revision, 2);
}

#[test]
fn a_chain_that_is_too_long_for_one_commit_goes_on_in_the_next() {
    let mut bench = Bench::with(Limits { workers: 1, decisions_per_chain_max: 2, ..Limits::default() });
    order(&bench);
    bench.ask(request("A1", "PlaceOrder")).unwrap();
    assert_eq!(bench.stream("A1-Order"), SHIPPED);
    assert_eq!(bench.stream("A1-Parcel"), ["ParcelPacked", "ParcelSent"]);
    assert!(bench.row("A1").revision > 2);
}

#[test]
fn the_same_request_gets_the_same_receipt_and_adds_nothing() {
    let mut bench = Bench::new();
    order(&bench);
    let Ok(Answer::Taken(first)) = bench.ask(request("A1", "PlaceOrder")) else { panic!("not taken") };
    let Ok(Answer::Duplicate(again)) = bench.ask(request("A1", "PlaceOrder")) else { panic!("not known") };
    assert_eq!(first, again);
    bench.restart();
    let Ok(Answer::Duplicate(later)) = bench.ask(request("A1", "PlaceOrder")) else { panic!("not known after a restart") };
    assert_eq!(first, later);
    assert_eq!(bench.stream("A1-Order"), SHIPPED);
}

#[test]
fn the_same_request_twice_at_once_has_one_effect_and_one_receipt() {
    let mut bench = Bench::new();
    order(&bench);
    let mut answers = bench.ask_all(vec![request("A1", "PlaceOrder"), request("A1", "PlaceOrder")]);
    let (Ok(Answer::Duplicate(second)), Ok(Answer::Taken(first))) = (answers.pop().unwrap(), answers.pop().unwrap()) else {
        panic!("not one of each")
    };
    assert_eq!(first, second);
    assert_eq!(bench.stream("A1-Order"), SHIPPED);
}

#[test]
fn a_key_stands_for_one_request_only() {
    let mut bench = Bench::new();
    order(&bench);
    let keyed = |text: &str, data: &str| {
        let data = Json::parse(data).unwrap();
        procession_engine::flow::inbox::Request { key: Some("k".to_owned()), data, ..request("A1", text) }
    };
    assert!(matches!(bench.ask(keyed("PlaceOrder", "1")), Ok(Answer::Taken(_))));
    assert!(matches!(bench.ask(keyed("PlaceOrder", "1")), Ok(Answer::Duplicate(_))));
    let Err(Refusal::Invalid { code, .. }) = bench.ask(keyed("PlaceOrder", "2")) else { panic!("taken") };
    assert_eq!(code, "key-reused");
}

#[test]
fn a_refusal_is_told_and_leaves_a_note_and_nothing_else() {
    let mut bench = Bench::new();
    order(&bench);
    bench.ask(request("A1", "PlaceOrder")).unwrap();
    let before = bench.row("A1");
    let Err(Refusal::Rejected { code, .. }) = bench.ask(request("A1", "PaymentRefused")) else { panic!("taken") };
    assert_eq!(code, "not-expected");
    assert!(matches!(bench.ask(request("A1", "PaymentTaken")), Ok(Answer::Ignored(_))));
    let after = bench.row("A1");
    assert_eq!((after.streams, after.next_seq, after.parked), (before.streams, before.next_seq, before.parked));
    assert_eq!(bench.notes("A1"), ["rejected PaymentRefused", "ignored PaymentTaken"]);
    assert!(matches!(bench.ask(request("B1", "PaymentTaken")), Err(Refusal::Invalid { .. })));
    assert!(bench.store.process(&procession_engine::model::id::ProcessId::parse("B1").unwrap()).unwrap().is_none());
}

#[test]
fn a_kind_that_nobody_handles_is_refused_or_kept_until_somebody_does() {
    let mut bench = Bench::new();
    let Err(Refusal::Invalid { code, .. }) = bench.ask(request("A1", "PlaceOrder")) else { panic!("taken") };
    assert_eq!(code, "unhandled-kind");
    let kept = procession_engine::flow::inbox::Request { unhandled: Unhandled::Keep, ..request("A1", "PlaceOrder") };
    assert!(matches!(bench.ask(kept), Ok(Answer::Waiting(_, _))));
    bench.restart();
    assert_eq!(bench.store.undelivered(None, None, 10).unwrap().len(), 1);
    order(&bench);
    bench.standing.settle();
    assert_eq!(bench.stream("A1-Order"), SHIPPED);
    assert!(bench.store.undelivered(None, None, 10).unwrap().is_empty());
}

#[test]
fn a_command_to_another_process_reaches_it_once() {
    let mut bench = Bench::new();
    let parent = Manifest {
        stream: suffix("Parent"),
        starts: kinds(&["Begin"]),
        handles: kinds(&["Done"]),
        records: records(&["Begun", "Heard"]),
        sends: kinds(&["Child"]),
        ..manifest("parent-1.0")
    };
    bench.process(
        "parent",
        parent,
        |_, _, trigger| match word(trigger).as_str() {
            "Begin" => {
                let to = ProcessId::parse("child-of-p").unwrap();
                let command = Command { kind: kind("Child"), process: Some(to), data: Json::null(), expires_after_ms: None };
                accept(&["Begun"], vec![Effect::Send(command)])
            }
            "Done" => accept(&["Heard"], Vec::new()),
            _ => reject("not-expected"),
        },
        |events| if happened(events, "Heard") { Phase::Completed } else { Phase::Running },
    );
    let child = Manifest {
        stream: suffix("Child"),
        starts: kinds(&["Child"]),
        records: records(&["Born"]),
        sends: kinds(&["Done"]),
        ..manifest("child-1.0")
    };
    bench.process(
        "child",
        child,
        |_, _, _| {
            let to = ProcessId::parse("P1").unwrap();
            accept(
                &["Born"],
                vec![Effect::Send(Command { kind: kind("Done"), process: Some(to), data: Json::null(), expires_after_ms: None })],
            )
        },
        |_| Phase::Completed,
    );
    bench.ask(request("P1", "Begin")).unwrap();
    assert_eq!(bench.stream("child-of-p-Child"), ["Born"]);
    assert_eq!(bench.stream("P1-Parent"), ["Begun", "Heard"]);
    assert!(bench.store.undelivered(None, None, 10).unwrap().is_empty());
}

#[test]
fn a_router_chooses_the_category_and_a_bare_name_is_its_highest_version() {
    let mut bench = Bench::new();
    let pay = |category: &str, kind: &str| Manifest {
        stream: suffix("Pay"),
        starts: kinds(&["Pay"]),
        records: records(&[kind]),
        ..manifest(category)
    };
    bench.process("one", pay("pay-1.0", "PaidByOne"), |_, _, _| accept(&["PaidByOne"], Vec::new()), |_| Phase::Completed);
    bench.process("ten", pay("pay-1.10", "PaidByTen"), |_, _, _| accept(&["PaidByTen"], Vec::new()), |_| Phase::Completed);
    bench.process("nine", pay("pay-1.9", "PaidByNine"), |_, _, _| accept(&["PaidByNine"], Vec::new()), |_| Phase::Completed);
    bench.router("router", Manifest { handles: kinds(&["Start"]), ..manifest("router-1.0") }, |_| {
        Ok(Start { category: "pay".to_owned(), kind: kind("Pay"), data: Json::null() })
    });
    bench.ask(request("P1", "Start")).unwrap();
    assert_eq!(bench.stream("P1-Pay"), ["PaidByTen"]);
    let wanted = procession_engine::flow::inbox::Request { category: Some("pay-1.0".to_owned()), ..request("P2", "Pay") };
    bench.ask(wanted).unwrap();
    assert_eq!(bench.stream("P2-Pay"), ["PaidByOne"]);
    let unknown = procession_engine::flow::inbox::Request { category: Some("nothing-1.0".to_owned()), ..request("P3", "Pay") };
    let Err(Refusal::Invalid { code, message }) = bench.ask(unknown) else { panic!("taken") };
    assert_eq!(code, "unknown-category");
    assert!(message.contains("pay-1.10"), "{message}");
}

#[test]
fn a_full_mailbox_says_that_the_host_is_busy() {
    let mut bench = Bench::with(Limits { workers: 1, waiting_max: 2, ..Limits::default() });
    order(&bench);
    bench.standing.settle();
    let answers = bench.ask_all((0..5).map(|n| request(&format!("A{n}"), "PlaceOrder")).collect());
    let busy = answers.iter().filter(|answer| matches!(answer, Err(Refusal::Busy))).count();
    assert_eq!((answers.len(), busy), (5, 3));
}
