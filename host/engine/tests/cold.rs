//! Modules that are not compiled: no worker waits for one, and what needs one waits for nobody else.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod support;

use std::sync::Arc;

use procession_engine::error::Refusal;
use procession_engine::flow::inbox::Answer;
use procession_engine::model::decision::Effect;
use procession_engine::model::id::Digest;
use procession_engine::model::json::Json;
use procession_engine::model::manifest::Manifest;
use procession_engine::model::view::Phase;
use procession_engine::ports::definition::{Role, Runtime as _};
use procession_engine::registry::Origin;
use support::{Bench, Native, accept, kinds, manifest, records, request, suffix, word};

/// A bench after a restart: P1 is on a module that is drained and not compiled, and has a timer in ten seconds; another one is active.
fn bench() -> (Bench, Digest) {
    let mut bench = Bench::new();
    for (name, category) in [("old", "steps-1.0"), ("next", "steps-1.1")] {
        let manifest = Manifest {
            stream: suffix("Steps"),
            starts: kinds(&["Begin"]),
            handles: kinds(&["Go"]),
            records: records(&["Begun", "Gone", "Rung"]),
            ..manifest(category)
        };
        let decide: support::Decide = |_, context, trigger| match word(trigger).as_str() {
            "Begin" => {
                let at = context.now.plus_ms(10_000);
                accept(&["Begun"], vec![Effect::SetTimer { name: "bell".to_owned(), at, data: Json::null() }])
            }
            "Go" => accept(&["Gone"], vec![]),
            _ => accept(&["Rung"], vec![]),
        };
        bench.runtime.add(name, manifest, Role::Process(Arc::new(Native { decide, look: |_| Phase::Running })));
    }
    bench.standing.engine().deploy(b"old", &Origin::Request).unwrap();
    bench.ask(request("P1", "Begin")).unwrap();
    bench.standing.engine().deploy(b"next", &Origin::Request).unwrap();
    let old = bench.runtime.load(b"old").unwrap().digest;
    bench.standing.engine().drain(&old).unwrap();
    bench.runtime.cool(old);
    bench.restart();
    (bench, old)
}

/// Waits until a module has been made ready on its thread.
fn until_ready(bench: &Bench, module: &Digest) {
    while bench.standing.engine().registry().snapshot().module(module).is_none() {
        std::thread::yield_now();
    }
}

#[test]
fn a_request_for_a_module_that_is_not_compiled_is_told_to_come_again_and_others_are_served() {
    let (mut bench, old) = bench();
    let refused = bench.ask(request("P1", "Go"));
    assert!(matches!(&refused, Err(Refusal::NotCompiled { definition }) if definition.starts_with("steps-1.0")), "{refused:?}");
    assert!(matches!(bench.ask(request("P2", "Begin")), Ok(Answer::Taken(_))));
    until_ready(&bench, &old);
    assert!(matches!(bench.ask(request("P1", "Go")), Ok(Answer::Taken(_))));
    assert_eq!(bench.stream("P1-Steps"), ["Begun", "Gone"]);
}

#[test]
fn a_timer_for_a_module_that_is_not_compiled_waits_and_fires_once() {
    let (mut bench, old) = bench();
    bench.advance(10_000);
    assert_eq!(bench.stream("P1-Steps"), ["Begun"], "it fired on a module that was not there");
    until_ready(&bench, &old);
    bench.advance(bench.limits.cold_retry_ms);
    assert_eq!(bench.stream("P1-Steps"), ["Begun", "Rung"]);
    bench.advance(10_000);
    assert_eq!(bench.stream("P1-Steps"), ["Begun", "Rung"]);
}
