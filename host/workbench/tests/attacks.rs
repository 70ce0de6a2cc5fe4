//! Attacks on the ticket: a sound one has nothing to fear, and every flaw is found, made short, and shown again by its scenario.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod support;

use std::sync::Arc;

use procession_engine::model::decision::{Context, Rejection, RejectionReason, Start};
use procession_engine::model::id::{Category, Kind};
use procession_engine::model::json::Json;
use procession_engine::model::message::Message;
use procession_engine::ports::definition::{Classifier, GuestError, Module, Pace, Role};
use procession_workbench::attack::{self, Gravity, Plan, Report};
use procession_workbench::run;
use procession_workbench::scenario::File;
use support::{Flaw, ticket};

fn attacked(module: &Module, seed: u64, cases: u64) -> Report {
    let plan = Plan { module, twin: module, meter: None, seed, scenarios: &[] };
    attack::attack(&plan, |so_far| so_far.cases < cases)
}

/// A way to answer without closing the ticket: a word that nobody can guess.
fn more() -> [File; 1] {
    let text = r#"{"scenarios":[{"name":"more","steps":[{"when":{"start":{"kind":"OpenTicket","data":{"title":"a"}}}},
        {"when":{"message":{"kind":"AnswerTicket","data":{"answer":"more"}}}}]}]}"#;
    [File::parse(text.as_bytes()).unwrap()]
}

#[test]
fn a_sound_definition_is_seen_whole_and_nothing_is_found() {
    let report = attacked(&ticket(Flaw::None), 1, 2_000);
    assert!(report.findings.is_empty(), "{}", attack::lines(&report));
    // Without any scenario: refusals have named the fields.
    assert!(report.unseen.is_empty(), "{}", attack::lines(&report));
    assert!(report.answers["AnswerTicket"]["accepted"] > 0 && report.answers["undelivered CallManager"]["deferred"] > 0, "{report:?}");
}

#[test]
fn every_flaw_is_found_made_short_and_shown_again_by_its_scenario() {
    for (flaw, promise, steps_max) in [
        (Flaw::DecideWrites, "decide-changes-nothing", 1),
        (Flaw::CountsBatches, "batches", 3),
        (Flaw::SnapshotForgets, "snapshot", 1),
        (Flaw::TrapsOnLongTitles, "total", 1),
        (Flaw::TrapsOnTheThirdAnswer, "total", 4),
        (Flaw::RecordsTheUnlisted, "total", 2),
        (Flaw::KeepsSomethingOutside, "pure", 2),
    ] {
        let module = ticket(flaw);
        let plan = Plan { module: &module, twin: &module, meter: None, seed: 7, scenarios: &more() };
        let report = attack::attack(&plan, |so_far| so_far.cases < 4_000 && so_far.findings.is_empty());
        let Some(finding) = report.findings.iter().find(|finding| finding.promise == promise) else {
            panic!("{flaw:?} was not found: {}", attack::lines(&report));
        };
        assert_eq!(finding.gravity, Gravity::Broken, "{flaw:?}");
        assert!(finding.scenario.steps.len() <= steps_max, "{flaw:?}: {}", attack::lines(&report));
        // It reads back from the file, and fails there.
        let file = File::parse(attack::findings_file(&report).unwrap().as_bytes()).unwrap();
        let scenario = file.scenarios.iter().find(|scenario| scenario.name == finding.scenario.name).unwrap();
        let outcome = run::scenario(&module, &file, scenario);
        assert!(outcome.failure.is_some() || flaw == Flaw::KeepsSomethingOutside, "{flaw:?} is not shown by {scenario:?}");
    }
}

#[test]
fn an_id_that_repeats_and_a_state_that_only_grows_are_warnings() {
    let report = attacked(&ticket(Flaw::RepeatsIds), 3, 300);
    let finding = report.findings.iter().find(|finding| finding.promise == "seeded").expect("it repeats its ids");
    assert!(finding.gravity == Gravity::Warning && finding.text.contains("another seed"), "{finding:?}");
    assert_eq!(finding.scenario.steps.len(), 1);
    assert!(!report.has_broken());

    // A ticket that is answered with "more" stays open.
    let module = ticket(Flaw::KeepsEverything);
    let plan = Plan { module: &module, twin: &module, meter: None, seed: 1, scenarios: &more() };
    let report = attack::attack(&plan, |so_far| so_far.cases < 500);
    let finding = report.findings.iter().find(|finding| finding.text.contains("the state grows"));
    assert!(finding.is_some_and(|finding| finding.gravity == Gravity::Warning), "{}", attack::lines(&report));
}

#[test]
fn the_same_seed_is_the_same_attack() {
    let told = |seed| attack::lines(&attacked(&ticket(Flaw::TrapsOnTheThirdAnswer), seed, 300));
    assert_eq!(told(11), told(11));
    assert_ne!(told(11), told(12));
}

struct Fussy;

impl Classifier for Fussy {
    fn classify(&self, _: &Json, _: &Context, request: &Message, _: &[Category], _: Pace) -> Result<Result<Start, Rejection>, GuestError> {
        if request.data.as_str().contains("null") {
            return Err(GuestError::Trap("it panicked".to_owned()));
        }
        let message = "not today".to_owned();
        Ok(Err(Rejection { reason: RejectionReason::NotApplicable, code: "closed".to_owned(), message }))
    }
}

#[test]
fn a_router_that_breaks_on_a_request_is_found() {
    let mut manifest = support::manifest("fussy-1.0");
    manifest.handles = vec![Kind::parse("Start").unwrap()];
    let report = attacked(&support::module(manifest, Role::Router(Arc::new(Fussy))), 1, 500);
    assert!(report.has_broken() && report.findings[0].text.contains("it panicked"), "{}", attack::lines(&report));
}
