//! A definition that keeps something outside its events is found, because a decision is made again in a fresh instance.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod support;

use std::sync::atomic::{AtomicU32, Ordering};

use procession_engine::error::Refusal;
use procession_engine::flow::inbox::Answer;
use procession_engine::limits::Limits;
use procession_engine::model::manifest::Manifest;
use procession_engine::model::view::Phase;
use procession_engine::ports::definition::GuestError;
use support::{Bench, accept, kinds, manifest, records, request, suffix, word};

fn counting(category: &str) -> Manifest {
    Manifest {
        stream: suffix("Count"),
        starts: kinds(&["Begin"]),
        handles: kinds(&["Next"]),
        records: records(&["Begun", "Even", "Odd"]),
        ..manifest(category)
    }
}

static CALLS: AtomicU32 = AtomicU32::new(0);

#[test]
fn a_definition_that_decides_by_something_outside_its_events_is_named() {
    let mut bench = Bench::with(Limits { workers: 1, audit_one_in: 1, ..Limits::default() });
    bench.process(
        "forgetful",
        counting("forgetful-1.0"),
        |_, _, trigger| match word(trigger).as_str() {
            "Begin" => accept(&["Begun"], vec![]),
            _ if CALLS.fetch_add(1, Ordering::SeqCst).is_multiple_of(2) => accept(&["Even"], vec![]),
            _ => accept(&["Odd"], vec![]),
        },
        |_| Phase::Running,
    );
    bench.ask(request("C1", "Begin")).unwrap();
    // The warm instance says even, the fresh one odd; the next attempt has a fresh instance only, and is taken.
    assert!(matches!(bench.ask(request("C1", "Next")), Ok(Answer::Taken(_))));
    assert_eq!(bench.standing.engine().counters().audit_differences.load(Ordering::Relaxed), 1);
    assert_eq!(bench.stream("C1-Count").len(), 2);
}

#[test]
fn a_pure_definition_passes_every_audit() {
    let mut bench = Bench::with(Limits { workers: 1, audit_one_in: 1, ..Limits::default() });
    bench.process(
        "pure",
        counting("pure-1.0"),
        |events, _, trigger| match word(trigger).as_str() {
            "Begin" => accept(&["Begun"], vec![]),
            _ if events.len() > 5 => Err(GuestError::Trap("enough".to_owned())),
            _ if events.len() % 2 == 0 => accept(&["Even"], vec![]),
            _ => accept(&["Odd"], vec![]),
        },
        |_| Phase::Running,
    );
    bench.ask(request("C1", "Begin")).unwrap();
    for _ in 0..5 {
        bench.ask(request("C1", "Next")).unwrap();
    }
    assert_eq!(bench.stream("C1-Count"), ["Begun", "Odd", "Even", "Odd", "Even", "Odd"]);
    assert_eq!(bench.standing.engine().counters().audit_differences.load(Ordering::Relaxed), 0);
    assert!(matches!(bench.ask(request("C1", "Next")), Err(Refusal::Guest { .. })));
}
