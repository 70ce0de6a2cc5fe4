//! A store that fails for a while, as on a full disk: what is recorded goes on when it works again, without a restart.
//! Native definitions, and a memory store whose commits fail as long as the test wants.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use procession_engine::error::Refusal;
use procession_engine::model::decision::Effect;
use procession_engine::model::json::Json;
use procession_engine::model::manifest::Manifest;
use procession_engine::model::view::Phase;
use procession_engine::ports::store::{CommitError, EventStore, StoreError};
use support::{Bench, Hooked, accept, kinds, manifest, order, records, reject, reply, request, suffix, word};

/// Puts the bench behind a store that fails while the flag is set.
fn may_be_full(bench: &mut Bench) -> Arc<AtomicBool> {
    let full = Arc::new(AtomicBool::new(false));
    let is_full = Arc::clone(&full);
    let store = Hooked::new(&bench.store, move |store, commit, done| {
        if is_full.load(Ordering::SeqCst) {
            done(Err(CommitError::Store(StoreError::Io("no space left on device".to_owned()))));
        } else {
            store.submit(commit, done);
        }
    });
    bench.restart_behind(store);
    full
}

#[test]
fn a_message_that_could_not_be_recorded_is_delivered_when_there_is_room_again() {
    let mut bench = Bench::new();
    order(&bench);
    bench.settings.insert("bank".to_owned(), Json::parse("{\"slow\":1}").unwrap());
    let full = may_be_full(&mut bench);
    bench.ask(request("A1", "PlaceOrder")).unwrap();
    full.store(true, Ordering::SeqCst);
    // The reply comes after half a second, as a timer, and cannot be recorded.
    bench.advance(500);
    let refused = bench.ask(request("A2", "PlaceOrder"));
    assert!(matches!(refused, Err(Refusal::Store(StoreError::Io(_)))), "{refused:?}");
    bench.advance(1_500);
    assert_eq!(bench.stream("A1-Order"), ["OrderPlaced", "PaymentAsked"]);
    full.store(false, Ordering::SeqCst);
    bench.advance(8_000);
    assert_eq!(bench.stream("A1-Order"), ["OrderPlaced", "PaymentAsked", "OrderPaid", "ShippingAsked", "OrderShipped"]);
    assert_eq!(bench.row("A1").root().unwrap().view.phase, Phase::Completed);
}

#[test]
fn a_timer_that_fired_in_vain_fires_when_any_commit_has_come_through() {
    let mut bench = Bench::new();
    let alarm =
        Manifest { stream: suffix("Alarm"), starts: kinds(&["Begin"]), records: records(&["Begun", "Rung"]), ..manifest("alarm-1.0") };
    bench.process(
        "alarm",
        alarm,
        |_, context, trigger| match word(trigger).as_str() {
            "Begin" => accept(&["Begun"], vec![Effect::SetTimer { name: "t".into(), at: context.now.plus_ms(10), data: Json::null() }]),
            "timer:t" => accept(&["Rung"], vec![]),
            _ => reject("no"),
        },
        |_| Phase::Running,
    );
    let full = may_be_full(&mut bench);
    let ids: Vec<String> = (0..20).map(|number| format!("T{number}")).collect();
    ids.iter().for_each(|id| drop(bench.ask(request(id, "Begin")).unwrap()));
    full.store(true, Ordering::SeqCst);
    bench.advance(10);
    full.store(false, Ordering::SeqCst);
    // Each worker hears of one of these.
    (0..20).for_each(|number| drop(bench.ask(request(&format!("U{number}"), "Begin")).unwrap()));
    bench.standing.settle();
    for id in ids {
        assert_eq!(bench.stream(&format!("{id}-Alarm")), ["Begun", "Rung"], "{id}");
    }
}

#[test]
fn a_full_disk_does_not_make_an_adapter_be_called_for_every_message_again_and_again() {
    static CALLS: AtomicU32 = AtomicU32::new(0);
    let mut bench = Bench::with(procession_engine::limits::Limits { workers: 1, ..Default::default() });
    let caller = Manifest {
        stream: suffix("Call"),
        starts: kinds(&["Begin"]),
        handles: kinds(&["Answered"]),
        records: records(&["Begun", "Ended"]),
        sends: kinds(&["Ring"]),
        ..manifest("call-1.0")
    };
    bench.process(
        "call",
        caller,
        |_, _, trigger| match word(trigger).as_str() {
            "Begin" => accept(&["Begun"], vec![support::send("Ring")]),
            "Answered" => accept(&["Ended"], vec![]),
            _ => reject("no"),
        },
        |_| Phase::Running,
    );
    let bell = Manifest { handles: kinds(&["Ring"]), sends: kinds(&["Answered"]), ..manifest("bell-1.0") };
    bench.adapter("bell", bell, |_, _| {
        CALLS.fetch_add(1, Ordering::SeqCst);
        Ok(vec![reply("Answered", 0)])
    });
    let full = Arc::new(AtomicBool::new(true));
    let is_full = Arc::clone(&full);
    // Starts are recorded, answers of the bell are not.
    let store = Hooked::new(&bench.store, move |store, commit, done| {
        if is_full.load(Ordering::SeqCst) && !commit.delivered.is_empty() {
            done(Err(CommitError::Store(StoreError::Io("no space left on device".to_owned()))));
        } else {
            store.submit(commit, done);
        }
    });
    bench.restart_behind(store);
    let asked = bench.ask_all((0..100).map(|number| request(&format!("C{number}"), "Begin")).collect());
    assert!(asked.iter().all(Result::is_ok));
    assert_eq!(CALLS.load(Ordering::SeqCst), 100);
    (0..60).for_each(|_| bench.advance(1_000));
    let calls = CALLS.load(Ordering::SeqCst);
    assert!(calls > 100 && calls <= 115, "{calls} calls");
    full.store(false, Ordering::SeqCst);
    bench.advance(8_000);
    for number in 0..100 {
        assert_eq!(bench.stream(&format!("C{number}-Call")), ["Begun", "Ended"]);
    }
}
