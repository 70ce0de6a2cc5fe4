//! Moving a running process to another module: visible in its stream, refused where its history does not fit, undone the same way.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod support;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use procession_engine::error::Refusal;
use procession_engine::flow::inbox::{Answer, Move, Operation, Request, Unhandled};
use procession_engine::model::decision::{Context, Decision, Effect, Trigger};
use procession_engine::model::event::StreamEvent;
use procession_engine::model::id::{Category, Digest, ProcessId};
use procession_engine::model::json::Json;
use procession_engine::model::manifest::Manifest;
use procession_engine::model::view::{Phase, View};
use procession_engine::ports::definition::{Decider, Definition, GuestError, Role};
use procession_engine::registry::Origin;
use support::{Bench, accept, kinds, manifest, records, reject, request, suffix, word};

fn digest(name: &str) -> Digest {
    let mut digest = [0; 32];
    digest[..name.len()].copy_from_slice(name.as_bytes());
    Digest(digest)
}

fn counter(category: &str, takes_over: &[&str]) -> Manifest {
    Manifest {
        stream: suffix("Count"),
        starts: kinds(&["Begin"]),
        handles: kinds(&["Next"]),
        records: records(&["Counted", "Arrived", "CountedAnew"]),
        takes_over: takes_over.iter().map(|text| Category::parse(text).unwrap()).collect(),
        ..manifest(category)
    }
}

/// A process on `old-1.0`, and two modules that could take it over.
fn with_an_old_process() -> Bench {
    let mut bench = Bench::new();
    bench.process(
        "old",
        counter("count-1.0", &[]),
        |_, _, trigger| match word(trigger).as_str() {
            "Begin" | "Next" => accept(&["Counted"], vec![]),
            _ => reject("no"),
        },
        |_| Phase::Running,
    );
    bench.ask(request("C1", "Begin")).unwrap();
    bench.process(
        "new",
        counter("count-1.1", &["count-1.0"]),
        |_, _, trigger| match word(trigger).as_str() {
            "Next" => accept(&["CountedAnew"], vec![]),
            "migrated:count-1.0" => accept(&["Arrived"], vec![]),
            _ => reject("no"),
        },
        |_| Phase::Running,
    );
    bench.process("stranger", counter("count-1.2", &[]), |_, _, _| reject("no"), |_| Phase::Running);
    bench.process(
        "broken",
        counter("count-1.3", &["count-1.0"]),
        |_, _, trigger| match trigger {
            Trigger::Migrated(_) => Err(GuestError::Trap("no".to_owned())),
            _ => reject("no"),
        },
        |_| Phase::Running,
    );
    bench
}

fn migrate(bench: &mut Bench, name: &str) -> Result<(), Refusal> {
    bench.operate("C1", Operation::Migrate(Move::to(digest(name))))
}

#[test]
fn a_process_goes_on_under_the_new_rules_and_its_stream_says_since_when() {
    let mut bench = with_an_old_process();
    migrate(&mut bench, "new").unwrap();
    bench.ask(request("C1", "Next")).unwrap();
    assert_eq!(bench.stream("C1-Count"), ["Counted", "ProcessCategoryChanged", "Arrived", "CountedAnew"]);
    let moved = &bench.events("C1-Count")[1];
    assert_eq!((moved.category.to_string(), moved.module), ("count-1.1".to_owned(), digest("new")));
    assert!(moved.event.data.as_str().contains("\"from\":\"count-1.0\""), "{:?}", moved.event.data);
    bench.restart();
    bench.ask(request("C1", "Next")).unwrap();
    assert_eq!(bench.row("C1").root().unwrap().module, digest("new"));
}

#[test]
fn a_move_can_be_undone() {
    let mut bench = with_an_old_process();
    migrate(&mut bench, "new").unwrap();
    migrate(&mut bench, "old").unwrap();
    bench.ask(request("C1", "Next")).unwrap();
    let kinds = ["Counted", "ProcessCategoryChanged", "Arrived", "ProcessCategoryChanged", "Counted"];
    assert_eq!(bench.stream("C1-Count"), kinds);
    assert_eq!(bench.row("C1").root().unwrap().category.to_string(), "count-1.0");
}

#[test]
fn a_module_that_does_not_take_over_or_breaks_gets_nothing() {
    let mut bench = with_an_old_process();
    let before = bench.row("C1");
    for (name, why) in [("stranger", "takes-over"), ("broken", "trapped"), ("old", "already")] {
        let refused = migrate(&mut bench, name).unwrap_err().to_string();
        assert!(refused.contains(why), "{name}: {refused}");
        assert_eq!(bench.row("C1"), before, "{name}");
    }
    bench.ask(request("C1", "Next")).unwrap();
    assert_eq!(bench.stream("C1-Count"), ["Counted", "Counted"]);
}

fn rehearse(bench: &Bench, process: &str, wanted: Move) -> Result<(), String> {
    let rehearsed = bench.standing.engine().rehearse(&ProcessId::parse(process).unwrap(), wanted);
    rehearsed.map_err(|refusal| refusal.to_string())
}

#[test]
fn a_rehearsal_says_what_the_move_would_come_to_and_changes_nothing() {
    let mut bench = with_an_old_process();
    let (before, accepted) = (bench.row("C1"), bench.standing.engine().counters().accepted.load(Ordering::SeqCst));
    assert_eq!(rehearse(&bench, "C1", Move::to(digest("new"))), Ok(()));
    for (name, why) in [
        ("stranger", "not-taken-over: count-1.2 does not say"),
        ("broken", "breaks-on-the-move: stream C1-Count folds, but"),
        ("old", "already-there: stream C1-Count is on this module of count-1.0"),
        ("nobody", "unknown-module"),
    ] {
        let refused = rehearse(&bench, "C1", Move::to(digest(name))).unwrap_err();
        assert!(refused.starts_with(why), "{name}: {refused}");
    }
    assert_eq!(rehearse(&bench, "C2", Move::to(digest("new"))).unwrap_err(), "nothing is recorded of process C2");
    assert_eq!((bench.row("C1"), bench.stream("C1-Count").len()), (before, 1));
    assert_eq!(bench.standing.engine().counters().accepted.load(Ordering::SeqCst), accepted);
    // What it was about still passes.
    migrate(&mut bench, "new").unwrap();
}

#[test]
fn what_has_been_moved_meanwhile_is_not_moved_from_where_it_no_longer_is() {
    let mut bench = with_an_old_process();
    let from_old = Move { from: Some(digest("old")), to: digest("new") };
    bench.operate("C1", Operation::Migrate(from_old)).unwrap();
    let back_from_a_stranger = Move { from: Some(digest("stranger")), to: digest("old") };
    for refused in [
        rehearse(&bench, "C1", back_from_a_stranger).unwrap_err(),
        bench.operate("C1", Operation::Migrate(back_from_a_stranger)).unwrap_err().to_string(),
    ] {
        assert!(refused.starts_with("moved-meanwhile: stream C1-Count is on count-1.1"), "{refused}");
    }
    bench.operate("C1", Operation::Migrate(Move { from: Some(digest("new")), to: digest("old") })).unwrap();
    assert_eq!(bench.row("C1").root().unwrap().module, digest("old"));
}

/// A process that broke on its timer, and behind that has a message that it put off before and two that came later.
fn with_a_parked_process() -> Bench {
    let mut bench = Bench::new();
    let wider = |category: &str, takes_over: &[&str]| Manifest {
        handles: kinds(&["Early", "Next", "Last"]),
        records: records(&["Counted", "Rung", "Earlier", "Nexter", "Latest"]),
        ..counter(category, takes_over)
    };
    let breaks: support::Decide = |_, context, trigger| match word(trigger).as_str() {
        "Begin" => accept(&["Counted"], vec![Effect::SetTimer { name: "ring".to_owned(), at: context.now.plus_ms(1), data: Json::null() }]),
        "timer:ring" => Err(GuestError::Trap("unreachable".to_owned())),
        "Early" => Ok(Decision::Defer("not yet".to_owned())),
        _ => reject("no"),
    };
    let mended: support::Decide = |_, _, trigger| match word(trigger).as_str() {
        "timer:ring" => accept(&["Rung"], vec![]),
        "Early" => accept(&["Earlier"], vec![]),
        "Next" => accept(&["Nexter"], vec![]),
        "Last" => accept(&["Latest"], vec![]),
        _ => reject("no"),
    };
    bench.process("old", wider("count-1.0", &[]), breaks, |_| Phase::Running);
    bench.ask(request("C1", "Begin")).unwrap();
    assert!(matches!(bench.ask(request("C1", "Early")), Ok(Answer::Waiting(..))));
    bench.advance(1);
    for kind in ["Next", "Last"] {
        assert!(matches!(bench.ask(request("C1", kind)), Ok(Answer::Waiting(..))), "{kind}");
    }
    bench.process("new", wider("count-1.1", &["count-1.0"]), mended, |_| Phase::Running);
    bench
}

/// It is on the mended module, and nothing that waits has been lost or tried.
fn is_moved_and_still_parked(bench: &Bench, seq: u64) {
    let row = bench.row("C1");
    assert_eq!((row.root().unwrap().module, row.parked.map(|parked| parked.seq)), (digest("new"), Some(seq)));
    assert_eq!(bench.stream("C1-Count"), ["Counted", "ProcessCategoryChanged"]);
    assert_eq!(bench.kept("C1").len(), 4, "{:?}", bench.kept("C1"));
}

/// What it is parked on comes before what came later; what was put off waited longest.
fn goes_on_in_order(bench: &mut Bench) {
    bench.retry("C1").unwrap();
    let mut went_on = bench.stream("C1-Count").split_off(2);
    assert_eq!(went_on, ["Earlier", "Rung", "Nexter", "Latest"]);
    assert!(bench.row("C1").parked.is_none() && bench.kept("C1").is_empty(), "{:?}", bench.kept("C1"));
    bench.restart();
    went_on = bench.stream("C1-Count").split_off(2);
    assert_eq!(went_on.len(), 4, "nothing has its effect twice: {went_on:?}");
}

#[test]
fn a_parked_process_is_moved_to_a_mended_module_and_tried_again_there() {
    let mut bench = with_a_parked_process();
    let seq = bench.row("C1").parked.unwrap().seq;
    assert_eq!(rehearse(&bench, "C1", Move::to(digest("new"))), Ok(()));
    migrate(&mut bench, "new").unwrap();
    is_moved_and_still_parked(&bench, seq);
    goes_on_in_order(&mut bench);
}

#[test]
fn a_crash_between_the_move_of_a_parked_process_and_its_retry_loses_nothing() {
    let mut bench = with_a_parked_process();
    let seq = bench.row("C1").parked.unwrap().seq;
    migrate(&mut bench, "new").unwrap();
    bench.restart();
    is_moved_and_still_parked(&bench, seq);
    goes_on_in_order(&mut bench);
}

/// Folds nothing that it does not know.
struct Narrow;

impl Definition for Narrow {
    fn restore(&self, _: Option<&Json>) -> Result<Box<dyn Decider>, GuestError> {
        Ok(Box::new(Self))
    }
}

impl Decider for Narrow {
    fn evolve(&mut self, events: &[StreamEvent]) -> Result<(), GuestError> {
        let knows = |event: &StreamEvent| event.event.kind.as_str() == "Counted";
        if events.iter().all(knows) { Ok(()) } else { Err(GuestError::Trap("unreachable".to_owned())) }
    }

    fn decide(&mut self, _: &Context, _: &Trigger) -> Result<Decision, GuestError> {
        reject("no")
    }

    fn look(&mut self) -> Result<View, GuestError> {
        Ok(View { phase: Phase::Running, step: None, outcome: None, tags: vec![] })
    }

    fn snapshot(&mut self) -> Result<Option<Json>, GuestError> {
        Ok(None)
    }
}

#[test]
fn a_history_that_does_not_fold_is_named_with_the_event_where_it_breaks() {
    let mut bench = with_an_old_process();
    migrate(&mut bench, "new").unwrap();
    bench.ask(request("C1", "Next")).unwrap();
    bench.runtime.add("narrow", counter("count-1.4", &["count-1.1"]), Role::Process(Arc::new(Narrow)));
    bench.standing.engine().deploy(b"narrow", &Origin::Request).unwrap();
    let refused = rehearse(&bench, "C1", Move::to(digest("narrow"))).unwrap_err();
    // Its second event is the host's own and is shown to nobody.
    assert!(refused.starts_with("does-not-fold: stream C1-Count does not fold at event 3 (Arrived): "), "{refused}");
    assert!(matches!(migrate(&mut bench, "narrow"), Err(Refusal::Guest { .. })));
    bench.ask(request("C1", "Next")).unwrap();
    assert_eq!(bench.row("C1").root().unwrap().module, digest("new"));
}

#[test]
fn what_the_old_module_put_off_or_did_not_take_is_offered_to_the_new_one() {
    let mut bench = Bench::new();
    let waits: support::Decide = |_, _, trigger| match word(trigger).as_str() {
        "Begin" => accept(&["Counted"], vec![]),
        "Next" => Ok(Decision::Defer("not yet".to_owned())),
        _ => reject("no"),
    };
    bench.process("old", counter("count-1.0", &[]), waits, |_| Phase::Running);
    bench.ask(request("C1", "Begin")).unwrap();
    assert!(matches!(bench.ask(request("C1", "Next")), Ok(Answer::Waiting(..))));
    let strange = Request { unhandled: Unhandled::Keep, ..request("C1", "Strange") };
    assert!(matches!(bench.ask(strange), Ok(Answer::Waiting(..))));
    let takes_all: support::Decide = |_, _, trigger| match word(trigger).as_str() {
        "Next" => accept(&["CountedAnew"], vec![]),
        "Strange" => accept(&["Arrived"], vec![]),
        _ => reject("no"),
    };
    let wider = Manifest { handles: kinds(&["Next", "Strange"]), ..counter("count-1.1", &["count-1.0"]) };
    bench.process("new", wider, takes_all, |_| Phase::Running);
    bench.standing.settle();
    assert_eq!(bench.kept("C1").len(), 2, "{:?}", bench.kept("C1"));
    migrate(&mut bench, "new").unwrap();
    assert_eq!(bench.stream("C1-Count"), ["Counted", "ProcessCategoryChanged", "CountedAnew", "Arrived"]);
    assert!(bench.kept("C1").is_empty(), "{:?}", bench.kept("C1"));
}
