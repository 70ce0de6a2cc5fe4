//! Moving a running process to another module: visible in its stream, refused where its history does not fit, undone the same way.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod support;

use procession_engine::error::Refusal;
use procession_engine::flow::inbox::Operation;
use procession_engine::model::decision::Trigger;
use procession_engine::model::id::{Category, Digest};
use procession_engine::model::manifest::Manifest;
use procession_engine::model::view::Phase;
use procession_engine::ports::definition::GuestError;
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
    bench.operate("C1", Operation::Migrate { suffix: None, to: digest(name) })
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
