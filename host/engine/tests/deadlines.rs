//! Deadlines: an answer that does not come in time is told to whoever waits for it, once, and never where the answer came.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod support;

use procession_engine::model::decision::{Command, Decision, Effect, Trigger};
use procession_engine::model::event::StreamEvent;
use procession_engine::model::json::Json;
use procession_engine::model::manifest::Manifest;
use procession_engine::model::process::DeliveryState;
use procession_engine::model::view::Phase;
use procession_engine::ports::definition::GuestError;
use support::{Bench, accept, happened, kinds, manifest, records, reject, reply, request, suffix, word};

fn ask_within(text: &str, ms: u64) -> Effect {
    Effect::Send(Command { kind: support::kind(text), process: None, data: Json::parse("{\"n\":1}").unwrap(), expires_after_ms: Some(ms) })
}

fn lift(text: &str) -> Effect {
    Effect::ClearTimer(format!("undelivered:{text}"))
}

fn decide(events: &[StreamEvent], trigger: &Trigger) -> Result<Decision, GuestError> {
    match word(trigger).as_str() {
        "Begin" if events.is_empty() => accept(&["Begun"], vec![ask_within("Ask", 1_000), ask_within("Ask", 2_000)]),
        "Answer" => accept(&["Answered"], vec![lift("Ask")]),
        "undelivered:Ask" => {
            let Trigger::Undelivered { data, id, .. } = trigger else { unreachable!() };
            assert_eq!((data.as_str(), id.as_str().starts_with("P1-Asker/1/")), ("{\"n\":1}", true));
            accept(&["GaveUp"], vec![])
        }
        "Finish" => accept(&["Finished"], vec![]),
        _ => reject("no"),
    }
}

fn asker(bench: &Bench) {
    let manifest = Manifest {
        stream: suffix("Asker"),
        starts: kinds(&["Begin"]),
        handles: kinds(&["Answer", "Finish"]),
        records: records(&["Begun", "Answered", "GaveUp", "Finished"]),
        sends: kinds(&["Ask"]),
        ..manifest("asker-1.0")
    };
    let look = |events: &[StreamEvent]| if happened(events, "Finished") { Phase::Completed } else { Phase::Running };
    bench.process("asker", manifest, |events, _, trigger| decide(events, trigger), look);
}

fn oracle() -> Manifest {
    Manifest { handles: kinds(&["Ask"]), sends: kinds(&["Answer"]), ..manifest("oracle-1.0") }
}

/// An asker whose oracle takes every question and never answers.
fn with_a_silent_oracle() -> Bench {
    let mut bench = Bench::new();
    asker(&bench);
    bench.adapter("oracle", oracle(), |_, _| Ok(vec![]));
    bench.ask(request("P1", "Begin")).unwrap();
    bench
}

#[test]
fn whoever_waits_is_told_when_the_time_is_over_and_not_before() {
    let mut bench = with_a_silent_oracle();
    bench.advance(999);
    assert_eq!(bench.stream("P1-Asker"), ["Begun"]);
    bench.advance(1);
    assert_eq!(bench.stream("P1-Asker"), ["Begun", "GaveUp"]);
    bench.advance(999);
    assert_eq!(bench.stream("P1-Asker"), ["Begun", "GaveUp"]);
    bench.advance(60_000);
    assert_eq!(bench.stream("P1-Asker"), ["Begun", "GaveUp", "GaveUp"]);
}

#[test]
fn an_answer_lifts_the_oldest_deadline_of_its_command() {
    let mut bench = with_a_silent_oracle();
    bench.ask(request("P1", "Answer")).unwrap();
    bench.advance(1_500);
    assert_eq!(bench.stream("P1-Asker"), ["Begun", "Answered"]);
    bench.advance(500);
    assert_eq!(bench.stream("P1-Asker"), ["Begun", "Answered", "GaveUp"]);
}

#[test]
fn a_stream_that_has_ended_waits_for_no_answer() {
    let mut bench = with_a_silent_oracle();
    bench.ask(request("P1", "Finish")).unwrap();
    assert_eq!(bench.row("P1").root().unwrap().deadlines, []);
    bench.advance(60_000);
    assert_eq!(bench.stream("P1-Asker"), ["Begun", "Finished"]);
}

#[test]
fn a_deadline_survives_a_restart() {
    let mut bench = with_a_silent_oracle();
    bench.restart();
    bench.advance(2_000);
    assert_eq!(bench.stream("P1-Asker"), ["Begun", "GaveUp", "GaveUp"]);
}

#[test]
fn a_command_that_still_waits_is_withdrawn_and_has_no_effect_later() {
    let mut bench = Bench::new();
    asker(&bench);
    bench.ask(request("P1", "Begin")).unwrap();
    assert_eq!(bench.kept("P1").len(), 2, "nobody takes the questions yet");
    bench.advance(1_000);
    assert_eq!(bench.kept("P1").len(), 1);
    assert_eq!(bench.notes("P1"), ["withdrawn Ask"]);
    bench.adapter("oracle", oracle(), |_, _| Ok(vec![reply("Answer", 0)]));
    bench.standing.settle();
    assert_eq!(bench.stream("P1-Asker"), ["Begun", "GaveUp", "Answered"]);
}

#[test]
fn a_command_that_is_tried_again_is_withdrawn_with_its_next_attempt() {
    let mut bench = Bench::new();
    asker(&bench);
    bench.adapter("oracle", oracle(), |_, _| Err(GuestError::Trap("no line".to_owned())));
    bench.ask(request("P1", "Begin")).unwrap();
    assert!(bench.kept("P1").iter().all(|one| matches!(one.state, DeliveryState::Retrying(_))), "{:?}", bench.kept("P1"));
    for _ in 0..100 {
        bench.advance(50);
    }
    assert_eq!(bench.stream("P1-Asker"), ["Begun", "GaveUp", "GaveUp"]);
    assert_eq!((bench.kept("P1"), bench.row("P1").delayed), (vec![], vec![]));
    bench.advance(600_000);
    assert_eq!(bench.stream("P1-Asker").len(), 3);
}

#[test]
fn a_definition_sets_no_timer_under_the_name_of_a_deadline() {
    let mut bench = Bench::new();
    let manifest = Manifest { stream: suffix("Sly"), starts: kinds(&["Begin"]), records: records(&["Begun"]), ..manifest("sly-1.0") };
    let sly = |_: &[StreamEvent], context: &procession_engine::model::decision::Context, _: &Trigger| {
        let timer = Effect::SetTimer { name: "undelivered:Ask".to_owned(), at: context.now.plus_ms(1), data: Json::null() };
        accept(&["Begun"], vec![timer])
    };
    bench.process("sly", manifest, sly, |_| Phase::Running);
    let refused = bench.ask(request("P1", "Begin")).unwrap_err().to_string();
    assert!(refused.contains("undelivered:Ask"), "{refused}");
}
