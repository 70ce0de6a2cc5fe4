//! What waits: for a timer, for a deferred message's moment, for a mended definition; and what a crash leaves to be found again.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use procession_engine::error::Refusal;
use procession_engine::flow::inbox::Answer;
use procession_engine::model::id::ProcessId;
use procession_engine::model::json::Json;
use procession_engine::model::manifest::Manifest;
use procession_engine::model::view::Phase;
use procession_engine::ports::definition::GuestError;
use procession_engine::ports::store::{CommitError, EventStore, StoreError};
use procession_store_memory::MemoryStore;
use support::{Bench, Hooked, accept, happened, kinds, manifest, order, records, reject, reply, request, suffix, word};

/// An order whose bank answers after half a second.
fn slow_order() -> Bench {
    let mut bench = Bench::new();
    bench.settings.insert("bank".to_owned(), Json::parse("{\"delayMs\":500}").unwrap());
    bench.restart();
    order(&bench);
    bench
}

#[test]
fn a_delayed_reply_comes_when_it_is_due_and_not_before() {
    let mut bench = slow_order();
    bench.ask(request("A1", "PlaceOrder")).unwrap();
    bench.advance(499);
    assert_eq!(bench.stream("A1-Order"), ["OrderPlaced", "PaymentAsked"]);
    bench.advance(1);
    assert_eq!(bench.row("A1").root().unwrap().view.phase, Phase::Completed);
    bench.advance(20_000);
    assert_eq!(bench.stream("A1-Order").len(), 5, "the cleared timer fired");
}

#[test]
fn thousands_of_timers_that_are_due_in_the_same_moment_have_one_effect_each() {
    let mut bench = slow_order();
    let orders: Vec<_> = (0..3_000).map(|number| request(&format!("A{number}"), "PlaceOrder")).collect();
    assert!(bench.ask_all(orders).iter().all(Result::is_ok));
    bench.advance(499);
    assert!((0..3_000).all(|number| bench.stream(&format!("A{number}-Order")).len() == 2));
    bench.advance(1);
    for number in 0..3_000 {
        assert_eq!(bench.stream(&format!("A{number}-Order")).last().map(String::as_str), Some("OrderShipped"));
    }
    bench.advance(600_000);
    assert!((0..3_000).all(|number| bench.stream(&format!("A{number}-Order")).len() == 5));
}

#[test]
fn timers_survive_a_restart() {
    let mut bench = slow_order();
    bench.ask(request("A1", "PlaceOrder")).unwrap();
    bench.restart();
    bench.advance(500);
    assert_eq!(bench.row("A1").root().unwrap().view.phase, Phase::Completed);
}

#[test]
fn a_timer_beyond_the_horizon_fires_all_the_same() {
    let mut bench = Bench::new();
    let patient =
        Manifest { stream: suffix("Wait"), starts: kinds(&["Wait"]), records: records(&["Waiting", "Rung"]), ..manifest("wait-1.0") };
    bench.process(
        "wait",
        patient,
        |_, context, trigger| match word(trigger).as_str() {
            "Wait" => {
                let at = context.now.plus_ms(86_400_000);
                accept(
                    &["Waiting"],
                    vec![procession_engine::model::decision::Effect::SetTimer { name: "day".to_owned(), at, data: Json::null() }],
                )
            }
            "timer:day" => accept(&["Rung"], Vec::new()),
            _ => reject("not-expected"),
        },
        |events| if happened(events, "Rung") { Phase::Completed } else { Phase::Running },
    );
    bench.ask(request("W1", "Wait")).unwrap();
    // In steps shorter than the horizon, as time passes in a host.
    for _ in 0..(86_399 / 20) {
        bench.advance(20_000);
    }
    bench.advance(19_000);
    assert_eq!(bench.stream("W1-Wait"), ["Waiting"]);
    bench.advance(1_000);
    assert_eq!(bench.stream("W1-Wait"), ["Waiting", "Rung"]);
}

#[test]
fn a_deferred_message_is_offered_again_after_the_next_event() {
    let mut bench = slow_order();
    bench.ask(request("A1", "PlaceOrder")).unwrap();
    assert!(matches!(bench.ask(request("A1", "Remark")), Ok(Answer::Waiting(_, _))));
    assert_eq!(bench.stream("A1-Order"), ["OrderPlaced", "PaymentAsked"]);
    bench.restart();
    bench.advance(500);
    assert!(bench.stream("A1-Order").contains(&"Remarked".to_owned()), "{:?}", bench.stream("A1-Order"));
    assert!(bench.store.undelivered(None, None, 10).unwrap().is_empty());
}

#[test]
fn a_deferred_message_that_became_due_before_a_crash_is_offered_again_after_it() {
    let mut bench = slow_order();
    // The order, the reply's timer, the deferred remark, and the payment that makes it due; then the disk is full.
    bench.restart_behind(taking(&bench.store, &Arc::new(AtomicU32::new(4))));
    bench.ask(request("A1", "PlaceOrder")).unwrap();
    bench.ask(request("A1", "Remark")).unwrap();
    bench.advance(500);
    assert!(!bench.stream("A1-Order").contains(&"Remarked".to_owned()));
    bench.restart();
    assert!(bench.stream("A1-Order").contains(&"Remarked".to_owned()), "{:?}", bench.stream("A1-Order"));
}

static BROKEN: AtomicBool = AtomicBool::new(true);
static TRIED: AtomicU32 = AtomicU32::new(0);

#[test]
fn a_definition_that_breaks_parks_its_process_and_nobody_elses_until_a_retry() {
    let mut bench = Bench::new();
    order(&bench);
    let fragile = Manifest {
        stream: suffix("Fragile"),
        starts: kinds(&["Begin"]),
        handles: kinds(&["Answer", "Later"]),
        records: records(&["Begun", "Answered", "Latered"]),
        sends: kinds(&["Question"]),
        ..manifest("fragile-1.0")
    };
    bench.process(
        "fragile",
        fragile,
        |_, _, trigger| match word(trigger).as_str() {
            "Begin" => accept(&["Begun"], vec![support::send("Question")]),
            "Answer" if BROKEN.load(Ordering::SeqCst) => {
                TRIED.fetch_add(1, Ordering::SeqCst);
                Err(GuestError::Trap("unreachable".to_owned()))
            }
            "Answer" => accept(&["Answered"], Vec::new()),
            "Later" => accept(&["Latered"], Vec::new()),
            _ => reject("not-expected"),
        },
        |_| Phase::Running,
    );
    let oracle = Manifest { handles: kinds(&["Question"]), sends: kinds(&["Answer"]), ..manifest("oracle-1.0") };
    bench.adapter("oracle", oracle, |_, _| Ok(vec![reply("Answer", 0)]));
    bench.ask(request("F1", "Begin")).unwrap();
    assert_eq!(TRIED.load(Ordering::SeqCst), 3);
    let parked = bench.row("F1").parked.unwrap();
    assert!(parked.reason.contains("fragile-1.0") && parked.reason.contains("unreachable"), "{parked:?}");
    let Ok(Answer::Waiting(_, why)) = bench.ask(request("F1", "Later")) else { panic!("not kept") };
    assert!(why.contains("parked"), "{why}");
    bench.ask(request("A1", "PlaceOrder")).unwrap();
    assert_eq!(bench.row("A1").root().unwrap().view.phase, Phase::Completed, "another process was held up");

    bench.restart();
    assert_eq!(bench.stream("F1-Fragile"), ["Begun"]);
    BROKEN.store(false, Ordering::SeqCst);
    bench.retry("F1").unwrap();
    assert_eq!(bench.stream("F1-Fragile"), ["Begun", "Answered", "Latered"]);
    assert!(bench.row("F1").parked.is_none());
    assert!(matches!(bench.retry("F1"), Err(Refusal::Rejected { .. })));
    assert!(matches!(bench.retry("nobody"), Err(Refusal::UnknownProcess(_))));
}

#[test]
fn a_request_that_breaks_its_definition_is_refused_and_leaves_nothing() {
    let mut bench = Bench::new();
    let broken = Manifest { stream: suffix("Broken"), starts: kinds(&["Begin"]), ..manifest("broken-1.0") };
    bench.process("broken", broken, |_, _, _| Err(GuestError::Limit("fuel".to_owned())), |_| Phase::Running);
    let Err(Refusal::Guest { definition, .. }) = bench.ask(request("B1", "Begin")) else { panic!("taken") };
    assert!(definition.starts_with("broken-1.0"), "{definition}");
    assert!(bench.store.process(&ProcessId::parse("B1").unwrap()).unwrap().is_none());
}

#[test]
fn a_definition_that_never_comes_to_rest_is_stopped() {
    let mut bench = Bench::new();
    let restless = Manifest {
        stream: suffix("Restless"),
        starts: kinds(&["Begin"]),
        reacts_to: kinds(&["Again"]),
        records: records(&["Again"]),
        ..manifest("restless-1.0")
    };
    bench.process("restless", restless, |_, _, _| accept(&["Again"], Vec::new()), |_| Phase::Running);
    let Err(Refusal::Guest { source: GuestError::Limit(_), .. }) = bench.ask(request("R1", "Begin")) else { panic!("taken") };
}

#[test]
fn what_a_manifest_does_not_list_is_neither_recorded_nor_sent() {
    let mut bench = Bench::new();
    let liar = Manifest {
        stream: suffix("Liar"),
        starts: kinds(&["Record", "Send", "Silent"]),
        records: records(&["Told"]),
        ..manifest("liar-1.0")
    };
    bench.process(
        "liar",
        liar,
        |_, _, trigger| match word(trigger).as_str() {
            "Record" => accept(&["Untold"], Vec::new()),
            "Send" => accept(&["Told"], vec![support::send("Untold")]),
            _ => accept(&[], vec![support::send("Untold")]),
        },
        |_| Phase::Running,
    );
    for kind in ["Record", "Send", "Silent"] {
        let refused = bench.ask(request("L1", kind));
        assert!(matches!(refused, Err(Refusal::Guest { source: GuestError::Contract(_), .. })), "{kind}: {refused:?}");
    }
}

/// A store that takes so many commits and fails from then on.
fn taking(store: &MemoryStore, commits: &Arc<AtomicU32>) -> Arc<Hooked> {
    let takes = Arc::clone(commits);
    Hooked::new(store, move |store, commit, done| match takes.load(Ordering::SeqCst) {
        0 => done(Err(CommitError::Store(StoreError::Io("no space left on device".to_owned())))),
        left => {
            takes.store(left - 1, Ordering::SeqCst);
            store.submit(commit, done);
        }
    })
}

#[test]
fn what_the_store_did_not_take_is_not_acknowledged_and_can_be_asked_again() {
    let mut bench = Bench::new();
    order(&bench);
    let takes = Arc::new(AtomicU32::new(0));
    bench.restart_behind(taking(&bench.store, &takes));
    let answers = bench.ask_all(vec![request("A1", "PlaceOrder"), request("A1", "PlaceOrder")]);
    assert!(answers.iter().all(|answer| matches!(answer, Err(Refusal::Store(_)))), "{answers:?}");
    assert!(bench.store.process(&ProcessId::parse("A1").unwrap()).unwrap().is_none());
    takes.store(u32::MAX, Ordering::SeqCst);
    assert!(matches!(bench.ask(request("A1", "PlaceOrder")), Ok(Answer::Taken(_))));
    assert_eq!(bench.row("A1").root().unwrap().view.phase, Phase::Completed);
}

#[test]
fn a_delivery_that_a_crash_cut_off_is_found_again() {
    let mut bench = Bench::new();
    order(&bench);
    bench.restart_behind(taking(&bench.store, &Arc::new(AtomicU32::new(1))));
    bench.ask(request("A1", "PlaceOrder")).unwrap();
    assert_eq!(bench.stream("A1-Order"), ["OrderPlaced", "PaymentAsked"], "the reply's commit was not lost");
    bench.restart();
    assert_eq!(bench.row("A1").root().unwrap().view.phase, Phase::Completed);
}
