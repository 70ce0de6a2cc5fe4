//! The life of modules: new bytes, old processes, files that come and go, and what two definitions may not both claim.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod support;

use procession_engine::error::DeployError;
use procession_engine::flow::inbox::Answer;
use procession_engine::model::manifest::Manifest;
use procession_engine::model::view::Phase;
use procession_engine::ports::definition::Role;
use procession_engine::ports::shelf::{DrainReason, ModuleState};
use procession_engine::registry::{Origin, Outcome};
use std::sync::Arc;
use support::{Bench, Native, accept, happened, kinds, manifest, records, reject, request, suffix, word};

/// A process that ends when it is told to, in the words of its module.
fn two_step(category: &str, end: &'static str) -> (Manifest, Role) {
    let manifest = Manifest {
        stream: suffix("Steps"),
        starts: kinds(&["Begin"]),
        handles: kinds(&["End"]),
        records: records(&["Begun", "EndedByOld", "EndedByNew"]),
        ..manifest(category)
    };
    let decide: support::Decide = match end {
        "EndedByOld" => |_, _, trigger| if word(trigger) == "Begin" { accept(&["Begun"], vec![]) } else { accept(&["EndedByOld"], vec![]) },
        _ => |_, _, trigger| match word(trigger).as_str() {
            "Begin" => accept(&["Begun"], vec![]),
            "End" => accept(&["EndedByNew"], vec![]),
            _ => reject("not-expected"),
        },
    };
    let look: support::Look = |events| {
        if happened(events, "EndedByOld") || happened(events, "EndedByNew") { Phase::Completed } else { Phase::Running }
    };
    (manifest, Role::Process(Arc::new(Native { decide, look })))
}

fn bench() -> Bench {
    let bench = Bench::new();
    for (name, category, end) in
        [("old", "steps-1.0", "EndedByOld"), ("new", "steps-1.0", "EndedByNew"), ("next", "steps-1.1", "EndedByNew")]
    {
        let (manifest, role) = two_step(category, end);
        bench.runtime.add(name, manifest, role);
    }
    bench
}

fn file(name: &str) -> Origin {
    Origin::File(name.to_owned())
}

fn state(bench: &Bench, name: &str) -> ModuleState {
    let module = procession_engine::ports::definition::Runtime::load(&*bench.runtime, name.as_bytes()).unwrap();
    bench.standing.engine().registry().snapshot().record(&module.digest).unwrap().state
}

fn draining(because: DrainReason) -> ModuleState {
    ModuleState::Draining { because }
}

#[test]
fn a_running_process_keeps_its_module_after_a_hot_deploy_and_a_restart() {
    for newer in ["new", "next"] {
        let mut bench = bench();
        bench.standing.engine().deploy(b"old", &file("steps.wasm")).unwrap();
        bench.ask(request("P1", "Begin")).unwrap();
        bench.standing.engine().deploy(newer.as_bytes(), &file("steps.wasm")).unwrap();
        bench.restart();
        bench.ask(request("P2", "Begin")).unwrap();
        for process in ["P1", "P2"] {
            assert!(matches!(bench.ask(request(process, "End")), Ok(Answer::Taken(_))));
        }
        assert_eq!(bench.stream("P1-Steps"), ["Begun", "EndedByOld"]);
        assert_eq!(bench.stream("P2-Steps"), ["Begun", "EndedByNew"]);
    }
}

#[test]
fn new_bytes_under_a_category_supersede_and_old_bytes_bring_it_back() {
    let bench = bench();
    let engine = bench.standing.engine();
    assert_eq!(engine.deploy(b"old", &Origin::Request).unwrap().outcome, Outcome::New);
    assert_eq!(engine.deploy(b"new", &Origin::Request).unwrap().outcome, Outcome::New);
    assert_eq!((state(&bench, "old"), state(&bench, "new")), (draining(DrainReason::Superseded), ModuleState::Active));
    assert_eq!(engine.deploy(b"new", &Origin::Request).unwrap().outcome, Outcome::Unchanged);
    assert_eq!(engine.deploy(b"old", &Origin::Request).unwrap().outcome, Outcome::Reactivated);
    assert_eq!((state(&bench, "old"), state(&bench, "new")), (ModuleState::Active, draining(DrainReason::Superseded)));
}

#[test]
fn a_removed_file_drains_and_comes_back() {
    let mut bench = bench();
    bench.standing.engine().deploy(b"old", &file("a.wasm")).unwrap();
    bench.standing.engine().registry().file_removed("a.wasm").unwrap();
    assert_eq!(state(&bench, "old"), draining(DrainReason::FileRemoved));
    assert!(bench.ask(request("P1", "Begin")).is_err(), "a draining module took a new process");
    assert_eq!(bench.standing.engine().deploy(b"old", &file("a.wasm")).unwrap().outcome, Outcome::Reactivated);
    bench.restart();
    bench.standing.engine().registry().files_present(&[]).unwrap();
    assert_eq!(state(&bench, "old"), draining(DrainReason::FileRemoved));
}

#[test]
fn an_unchanged_file_does_not_undo_a_later_deploy_or_an_operators_drain() {
    let mut bench = bench();
    bench.standing.engine().deploy(b"old", &file("a.wasm")).unwrap();
    bench.standing.engine().deploy(b"new", &Origin::Request).unwrap();
    bench.restart();
    assert_eq!(bench.standing.engine().deploy(b"old", &file("a.wasm")).unwrap().outcome, Outcome::Unchanged);
    assert_eq!((state(&bench, "old"), state(&bench, "new")), (draining(DrainReason::Superseded), ModuleState::Active));
}

#[test]
fn two_files_may_not_claim_one_category_with_different_bytes() {
    let bench = bench();
    let engine = bench.standing.engine();
    engine.deploy(b"old", &file("a.wasm")).unwrap();
    let Err(DeployError::Clash(text)) = engine.deploy(b"new", &file("b.wasm")) else { panic!("taken") };
    assert!(text.contains("a.wasm") && text.contains("b.wasm") && text.contains("steps-1.0"), "{text}");
    assert_eq!(state(&bench, "old"), ModuleState::Active);
    engine.deploy(b"next", &file("b.wasm")).unwrap();
    engine.registry().file_removed("a.wasm").unwrap();
    engine.deploy(b"new", &file("c.wasm")).unwrap();
    assert_eq!(state(&bench, "new"), ModuleState::Active);
}

#[test]
fn two_adapters_may_not_handle_one_kind() {
    let bench = bench();
    let adapter = |category: &str| Manifest { handles: kinds(&["Ask"]), sends: kinds(&["Told"]), ..manifest(category) };
    bench.adapter("mail-one", adapter("mail-1.0"), |_, _| Ok(vec![]));
    bench.adapter("mail-two", adapter("mail-1.1"), |_, _| Ok(vec![]));
    bench.runtime.add("post", adapter("post-1.0"), Role::Adapter(Arc::new(support::NativeAdapter(|_, _| Ok(vec![]), |_| false))));
    let Err(DeployError::Clash(text)) = bench.standing.engine().deploy(b"post", &Origin::Request) else { panic!("taken") };
    assert!(text.contains("mail-1.1") && text.contains("Ask"), "{text}");
}

#[test]
fn the_list_says_how_many_streams_are_on_each_module() {
    let mut bench = bench();
    bench.standing.engine().deploy(b"old", &Origin::Request).unwrap();
    for process in ["P1", "P2", "P3"] {
        bench.ask(request(process, "Begin")).unwrap();
    }
    bench.ask(request("P1", "End")).unwrap();
    let list = bench.standing.engine().registry().list().unwrap();
    let tallies: Vec<_> =
        list.iter().map(|(record, tally)| (record.manifest.category.to_string(), tally.pending, tally.finished)).collect();
    assert_eq!(tallies, [("steps-1.0".to_owned(), 2, 1)]);
}
