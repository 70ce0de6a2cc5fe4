//! The life of modules that are kept: checked, activated, gone back from, removed.
//! How files and new bytes come and go is in `modules`.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod support;

use std::sync::Arc;

use procession_engine::error::DeployError;
use procession_engine::flow::inbox::Answer;
use procession_engine::model::id::Digest;
use procession_engine::model::manifest::Manifest;
use procession_engine::model::view::Phase;
use procession_engine::ports::definition::{Role, Runtime as _};
use procession_engine::ports::shelf::{DrainReason, ModuleState, Shelf as _, Tally};
use procession_engine::registry::{Origin, Outcome, Pruned, Stays};
use support::{Bench, Native, accept, happened, kinds, manifest, records, request, suffix, word};

/// A bench with four modules that are not deployed: two of steps-1.0, one each of 1.1 and 1.2.
fn bench() -> Bench {
    let bench = Bench::new();
    for (name, category) in [("old", "steps-1.0"), ("new", "steps-1.0"), ("next", "steps-1.1"), ("last", "steps-1.2")] {
        let manifest = Manifest {
            stream: suffix("Steps"),
            starts: kinds(&["Begin"]),
            handles: kinds(&["End"]),
            records: records(&["Begun", "Ended"]),
            ..manifest(category)
        };
        let decide: support::Decide = |_, _, trigger| accept(&[if word(trigger) == "Begin" { "Begun" } else { "Ended" }], vec![]);
        let look: support::Look = |events| if happened(events, "Ended") { Phase::Completed } else { Phase::Running };
        bench.runtime.add(name, manifest, Role::Process(Arc::new(Native { decide, look })));
    }
    bench
}

fn digest(bench: &Bench, name: &str) -> Digest {
    bench.runtime.load(name.as_bytes()).unwrap().digest
}

fn state(bench: &Bench, name: &str) -> ModuleState {
    bench.standing.engine().registry().snapshot().record(&digest(bench, name)).unwrap().state
}

fn draining(because: DrainReason) -> ModuleState {
    ModuleState::Draining { because }
}

fn deploy(bench: &mut Bench, names: &[&str]) {
    for name in names {
        bench.standing.engine().deploy(name.as_bytes(), &Origin::Request).unwrap();
        bench.advance(1);
    }
}

/// The module that a new process begins on.
fn begins_on(bench: &mut Bench, process: &str) -> Digest {
    assert!(matches!(bench.ask(request(process, "Begin")), Ok(Answer::Taken(_))));
    bench.row(process).streams[0].module
}

#[test]
fn a_module_that_is_kept_takes_nothing_until_it_is_activated_also_after_a_restart() {
    let mut bench = bench();
    deploy(&mut bench, &["old"]);
    let kept = bench.standing.engine().shelve(b"next").unwrap();
    assert_eq!((kept.outcome, kept.record.state), (Outcome::Shelved, ModuleState::Checked));
    assert_eq!(bench.standing.engine().shelve(b"next").unwrap().outcome, Outcome::Unchanged);
    assert_eq!(begins_on(&mut bench, "P1"), digest(&bench, "old"));
    bench.restart();
    assert_eq!(begins_on(&mut bench, "P2"), digest(&bench, "old"));
    let next = digest(&bench, "next");
    assert_eq!(bench.standing.engine().activate(&next).unwrap().outcome, Outcome::Reactivated);
    assert_eq!(bench.standing.engine().activate(&next).unwrap().outcome, Outcome::Unchanged);
    assert_eq!(begins_on(&mut bench, "P3"), next);
    assert_eq!(state(&bench, "old"), ModuleState::Active, "another version stays active");
}

#[test]
fn activating_new_bytes_of_a_category_supersedes_the_old_ones() {
    let mut bench = bench();
    deploy(&mut bench, &["old"]);
    bench.standing.engine().shelve(b"new").unwrap();
    let new = digest(&bench, "new");
    bench.standing.engine().activate(&new).unwrap();
    assert_eq!(state(&bench, "old"), draining(DrainReason::Superseded));
    assert_eq!(begins_on(&mut bench, "P1"), new);
    let unknown = bench.standing.engine().activate(&digest(&bench, "last"));
    assert!(matches!(unknown, Err(DeployError::Unknown(_))));
}

#[test]
fn going_back_twice_goes_back_two_steps_and_a_third_time_says_that_there_is_nothing() {
    let mut bench = bench();
    deploy(&mut bench, &["old", "new", "next"]);
    for (process, from, to) in [("P1", "next", "new"), ("P2", "new", "old")] {
        let back = bench.standing.engine().roll_back("steps").unwrap();
        assert_eq!((back.from.digest, back.to.digest), (digest(&bench, from), digest(&bench, to)));
        assert_eq!(state(&bench, from), draining(DrainReason::RolledBack));
        bench.restart();
        assert_eq!(begins_on(&mut bench, process), digest(&bench, to));
        bench.advance(1);
    }
    assert!(matches!(bench.standing.engine().roll_back("steps"), Err(DeployError::NothingBefore(_))));
    assert!(matches!(bench.standing.engine().roll_back("stairs"), Err(DeployError::Unknown(_))));
    assert_eq!(state(&bench, "old"), ModuleState::Active);
    // What was gone back from can be had again.
    bench.standing.engine().activate(&digest(&bench, "next")).unwrap();
    assert_eq!(begins_on(&mut bench, "P3"), digest(&bench, "next"));
}

#[test]
fn going_back_reaches_a_lower_version_that_was_drained() {
    let mut bench = bench();
    deploy(&mut bench, &["old", "next", "last"]);
    for drained in ["old", "next"] {
        bench.standing.engine().drain(&digest(&bench, drained)).unwrap();
    }
    assert_eq!(bench.standing.engine().roll_back("steps-1.2").unwrap().to.digest, digest(&bench, "next"));
    assert_eq!(begins_on(&mut bench, "P1"), digest(&bench, "next"));
}

#[test]
fn only_what_nothing_needs_is_removed_and_says_why_else_not() {
    let mut bench = bench();
    deploy(&mut bench, &["old"]);
    bench.ask(request("P1", "Begin")).unwrap();
    bench.standing.engine().deploy(b"next", &Origin::File("next.wasm".to_owned())).unwrap();
    bench.standing.engine().shelve(b"last").unwrap();
    let engine = Arc::clone(bench.standing.engine());
    for name in ["old", "next"] {
        engine.drain(&digest(&bench, name)).unwrap();
    }
    let prune = |named: &[Digest], dry_run: bool| -> Vec<(String, Pruned)> {
        let looked_at = engine.registry().prune(named, dry_run).unwrap();
        looked_at.into_iter().map(|(record, became)| (record.manifest.category.to_string(), became)).collect()
    };
    let stays = |category: &str, why: Stays| (category.to_owned(), Pruned::Stays(why));
    let in_use = stays("steps-1.0", Stays::InUse(Tally { pending: 1, finished: 0 }));
    let expected = vec![in_use.clone(), stays("steps-1.1", Stays::HasFile("next.wasm".to_owned())), stays("steps-1.2", Stays::Checked)];
    assert_eq!(prune(&[], false), expected);
    engine.registry().file_removed("next.wasm").unwrap();
    let gone = |category: &str| (category.to_owned(), Pruned::Removed);
    let named = [digest(&bench, "next"), digest(&bench, "last")];
    assert_eq!(prune(&named, true), [gone("steps-1.1"), gone("steps-1.2")]);
    assert_eq!(state(&bench, "next"), draining(DrainReason::Operator), "a dry run has changed something");
    assert_eq!(prune(&named, false), [gone("steps-1.1"), gone("steps-1.2")]);
    assert_eq!(prune(&[], false), [in_use]);
    assert_eq!((state(&bench, "next"), bench.store.bytes(&named[0]).unwrap()), (ModuleState::Removed, None));
    assert!(matches!(engine.activate(&named[0]), Err(DeployError::Unknown(_))));
}

#[test]
fn an_active_module_is_not_removed_and_a_removed_one_comes_back_as_new() {
    let mut bench = bench();
    deploy(&mut bench, &["old", "next"]);
    let next = digest(&bench, "next");
    let engine = Arc::clone(bench.standing.engine());
    assert!(matches!(engine.registry().prune(&[next], false), Err(DeployError::Clash(_))));
    engine.drain(&next).unwrap();
    assert_eq!(engine.registry().prune(&[next], false).unwrap()[0].1, Pruned::Removed);
    drop(engine);
    bench.restart();
    assert_eq!(begins_on(&mut bench, "P1"), digest(&bench, "old"));
    assert_eq!(bench.standing.engine().deploy(b"next", &Origin::Request).unwrap().outcome, Outcome::New);
    assert_eq!(begins_on(&mut bench, "P2"), next);
}
