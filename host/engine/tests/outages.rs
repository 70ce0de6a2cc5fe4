//! A store that fails for a while: callers hear of it at once, and what is recorded already has its effect when the store is back.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use procession_engine::error::Refusal;
use procession_engine::model::json::Json;
use procession_engine::model::view::Phase;
use procession_engine::ports::store::{CommitError, EventStore, StoreError};
use support::{Bench, Hooked, order, request};

/// An order whose bank answers after half a second, on a store that fails while the switch is on.
fn on_a_failing_disk() -> (Bench, Arc<AtomicBool>) {
    let full = Arc::new(AtomicBool::new(false));
    let mut bench = Bench::new();
    bench.settings.insert("bank".to_owned(), Json::parse("{\"delayMs\":500}").unwrap());
    let switch = Arc::clone(&full);
    let store = Hooked::new(&bench.store, move |store, commit, done| {
        if switch.load(Ordering::SeqCst) {
            return done(Err(CommitError::Store(StoreError::Io("no space left on device".to_owned()))));
        }
        store.submit(commit, done);
    });
    bench.restart_behind(store);
    order(&bench);
    (bench, full)
}

#[test]
fn a_caller_hears_that_the_store_fails_and_nothing_is_recorded() {
    let (mut bench, full) = on_a_failing_disk();
    full.store(true, Ordering::SeqCst);
    let refused = bench.ask(request("A1", "PlaceOrder")).unwrap_err();
    assert!(matches!(&refused, Refusal::Store(_)), "{refused}");
    full.store(false, Ordering::SeqCst);
    bench.ask(request("A1", "PlaceOrder")).unwrap();
    bench.advance(500);
    assert_eq!(bench.row("A1").root().unwrap().view.phase, Phase::Completed);
}

#[test]
fn a_timer_that_came_due_while_the_store_failed_has_its_effect_when_it_is_back() {
    let (mut bench, full) = on_a_failing_disk();
    bench.ask(request("A1", "PlaceOrder")).unwrap();
    full.store(true, Ordering::SeqCst);
    for _ in 0..20 {
        bench.advance(500);
    }
    assert_eq!(bench.stream("A1-Order"), ["OrderPlaced", "PaymentAsked"]);
    full.store(false, Ordering::SeqCst);
    bench.advance(8_000);
    assert_eq!(bench.row("A1").root().unwrap().view.phase, Phase::Completed, "{:?}", bench.stream("A1-Order"));
}

#[test]
fn a_delivery_that_failed_with_the_store_is_made_when_it_is_back() {
    let (mut bench, full) = on_a_failing_disk();
    let switch = Arc::clone(&full);
    // The order is recorded, and the store fails right behind it: the command to the bank is on its way.
    let store = Hooked::new(&bench.store, move |store, commit, done| {
        if switch.swap(true, Ordering::SeqCst) {
            return done(Err(CommitError::Store(StoreError::Io("no space left on device".to_owned()))));
        }
        store.submit(commit, done);
    });
    bench.restart_behind(store);
    bench.ask(request("A1", "PlaceOrder")).unwrap();
    assert_eq!(bench.kept("A1").len(), 1, "the bank was asked");
    for _ in 0..20 {
        // One commit a second gets through.
        full.store(false, Ordering::SeqCst);
        bench.advance(1_000);
    }
    assert_eq!(bench.kept("A1"), vec![]);
    assert!(bench.row("A1").has_ended(), "{:?}", bench.stream("A1-Order"));
}
