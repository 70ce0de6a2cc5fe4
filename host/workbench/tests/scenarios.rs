//! Scenario files against the ticket: what passes, what fails, and how a failure reads.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod support;

use std::sync::Arc;

use procession_engine::model::decision::{Context, Rejection, RejectionReason, Reply, Start};
use procession_engine::model::id::{Category, Kind};
use procession_engine::model::json::Json;
use procession_engine::model::message::Message;
use procession_engine::ports::definition::{Classifier, Connector, GuestError, Module, Pace, Role};
use procession_workbench::run::{self, Outcome};
use procession_workbench::scenario::File;
use serde_json::{Value, json};
use support::{Flaw, ticket};

fn play(module: &Module, scenario: &Value) -> Outcome {
    let text = json!({ "process": "T1", "scenarios": [scenario] }).to_string();
    let file = File::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
    run::file(module, &file, "").remove(0)
}

/// The lines of a scenario that fails.
fn failing(module: &Module, scenario: &Value) -> String {
    let outcome = play(module, scenario);
    assert!(outcome.failure.is_some(), "{scenario} passed");
    run::lines(&outcome)
}

fn passes(module: &Module, scenario: &Value) {
    let outcome = play(module, scenario);
    assert!(outcome.failure.is_none(), "{}", run::lines(&outcome));
}

fn open() -> Value {
    json!({ "start": { "kind": "OpenTicket", "data": { "title": "fire" } } })
}

fn answer(text: &str) -> Value {
    json!({ "message": { "kind": "AnswerTicket", "data": { "answer": text } } })
}

#[test]
fn a_whole_life_is_played_with_timers_own_events_and_commands_that_come_back() {
    passes(
        &ticket(Flaw::None),
        &json!({ "name": "escalated, then answered", "seed": "18446744073709551615", "steps": [
            { "when": open(),
              "then": { "events": [{ "kind": "TicketOpened", "schema": 1, "data": { "reference": "*", "title": "fire" } }],
                        "effects": [{ "set-timer": { "name": "escalate", "after": "1d", "at": "2026-01-02T00:00:00Z", "data": { "level": 1.0 } } }] },
              "look": { "phase": "running", "step": "open", "tags": { "title": "fire", "nobody": null } } },
            { "when": open(), "then": { "ignored": "*already" } },
            { "after": "24h", "when": { "timer": { "name": "escalate" } },
              "then": { "events": [{ "kind": "TicketEscalated" }], "effects": [{ "send": { "kind": "CallManager", "data": { "level": 1 }, "expiresAfter": "1m" } }] } },
            { "when": { "undelivered": { "kind": "CallManager" } }, "then": { "deferred": true } },
            { "when": { "cancel": "too late" }, "then": { "rejected": { "code": "not-now", "reason": "not-applicable", "message": "*as it is" } } },
            { "when": answer("water"),
              "then": { "events": [{ "kind": "TicketAnswered", "data": { "answer": "water", "closes": true } }, { "kind": "TicketFiled" }],
                        "effects": [{ "clear-timer": "escalate" }, { "send": { "kind": "FileTicket", "process": "T1" } }] },
              "look": { "phase": "completed", "step": "filed", "outcome": { "answers": 1, "hidden": 0 } } },
            { "when": { "migrated": "ticket-0.9" }, "then": { "ignored": true } },
        ] }),
    );
}

#[test]
fn a_timer_never_comes_before_its_moment() {
    passes(
        &ticket(Flaw::None),
        &json!({ "name": "at once", "steps": [
            { "when": open() }, { "when": { "timer": { "name": "escalate" } }, "then": { "effects": [{ "send": { "kind": "CallManager" } }] } },
            { "look": { "step": "escalated" } },
        ] }),
    );
}

#[test]
fn what_is_given_is_folded_from_a_snapshot_on() {
    let given = json!([{ "kind": "TicketEscalated" }]);
    let snapshot = json!({ "step": "open", "title": "smoke", "answers": [] });
    let look = json!({ "step": "escalated", "tags": { "title": "smoke" } });
    passes(
        &ticket(Flaw::None),
        &json!({ "name": "from a snapshot", "snapshot": snapshot, "snapshotVersion": 1, "given": given, "look": look }),
    );
    let text = failing(&ticket(Flaw::None), &json!({ "name": "broken", "snapshot": { "step": "nowhere" }, "look": {} }));
    assert!(text.contains("what is given cannot be folded") && text.contains("unreadable-snapshot"), "{text}");
    let text = failing(&ticket(Flaw::None), &json!({ "name": "odd", "given": [{ "kind": "TicketBurnt" }], "look": {} }));
    assert!(text.contains("given[0]") && text.contains("TicketBurnt"), "{text}");
}

#[test]
fn a_difference_is_told_side_by_side_with_the_whole_answer() {
    let text = failing(
        &ticket(Flaw::None),
        &json!({ "name": "another title", "steps": [
            { "when": open() },
            { "after": "1h", "when": answer("water"), "then": { "events": [{ "kind": "TicketAnswered", "data": { "answer": "sand" } }, { "kind": "TicketFiled" }] } },
        ] }),
    );
    let expected = "\
FAIL  another title
      step 2 of 2: message AnswerTicket, at 2026-01-01T01:00:00Z
      events[0].data.answer
        expected  \"sand\"
        decided   \"water\"
      events[0].data.closes
        expected  (nothing)
        decided   true
      the whole answer: {
        \"events\": [";
    assert!(text.starts_with(expected), "{text}");
    assert!(text.ends_with("recorded before: TicketOpened\n"), "{text}");
}

#[test]
fn lists_of_other_kinds_are_told_by_their_kinds() {
    let then = json!({ "events": [{ "kind": "TicketEscalated", "data": { "a": 1 } }], "effects": [] });
    let text = failing(&ticket(Flaw::None), &json!({ "name": "kinds", "when": open(), "then": then }));
    assert!(text.contains("expected  [\"TicketEscalated\"]\n        decided   [\"TicketOpened\"]"), "{text}");
    assert!(text.contains("expected  []\n        decided   [\"set-timer escalate\"]"), "{text}");
    let text = failing(&ticket(Flaw::None), &json!({ "name": "sort", "when": open(), "then": { "ignored": true } }));
    assert!(text.contains("the answer\n        expected  \"ignored\"\n        decided   \"accepted\""), "{text}");
}

#[test]
fn what_the_host_would_not_deliver_is_no_scenario() {
    let stranger = json!({ "message": { "kind": "BurnTicket", "data": {} } });
    let text = failing(&ticket(Flaw::None), &json!({ "name": "stranger", "when": stranger }));
    assert!(text.contains("would not deliver BurnTicket") && text.contains("[AnswerTicket]"), "{text}");
    let text = failing(&ticket(Flaw::None), &json!({ "name": "role", "when": { "request": { "kind": "Start" } } }));
    assert!(text.contains("a process"), "{text}");
}

#[test]
fn every_promise_is_held_after_every_step() {
    let story = json!({ "name": "a story", "steps": [{ "when": open() }, { "when": open() }, { "when": answer("more") }, { "when": answer("done") }] });
    passes(&ticket(Flaw::None), &story);
    for (flaw, word) in [
        (Flaw::KeepsSomethingOutside, "pure:"),
        (Flaw::DecideWrites, "decide-changes-nothing:"),
        (Flaw::CountsBatches, "batches:"),
        (Flaw::SnapshotForgets, "snapshot:"),
        (Flaw::RecordsTheUnlisted, "TicketBurnt"),
    ] {
        let text = failing(&ticket(flaw), &story);
        assert!(text.contains(word), "{flaw:?}: {text}");
    }
}

#[test]
fn a_definition_that_breaks_fails_the_step_unless_that_is_expected() {
    let steps = |then: Value| {
        let broken = json!({ "when": answer("third"), "then": then });
        json!({ "name": "third", "steps": [{ "when": open() }, { "when": answer("more") }, { "when": answer("more") }, broken, { "when": open() }] })
    };
    let text = failing(&ticket(Flaw::TrapsOnTheThirdAnswer), &steps(json!({ "ignored": true })));
    assert!(text.contains("step 4 of 5") && text.contains("trapped: it panicked"), "{text}");
    passes(&ticket(Flaw::TrapsOnTheThirdAnswer), &steps(json!({ "fault": true })));
    failing(&ticket(Flaw::TrapsOnTheThirdAnswer), &steps(json!({ "fault": { "code": "burnt" } })));
}

#[test]
fn only_names_with_the_text_are_played() {
    let text = json!({ "scenarios": [{ "name": "one", "when": open() }, { "name": "two", "when": open() }] }).to_string();
    let file = File::parse(text.as_bytes()).unwrap();
    let names: Vec<String> = run::file(&ticket(Flaw::None), &file, "tw").into_iter().map(|outcome| outcome.name).collect();
    assert_eq!(names, ["two"]);
}

struct Sorter;

impl Classifier for Sorter {
    fn classify(
        &self,
        settings: &Json,
        _: &Context,
        request: &Message,
        loaded: &[Category],
        _: Pace,
    ) -> Result<Result<Start, Rejection>, GuestError> {
        let Some(first) = loaded.first() else {
            let message = "nothing is loaded".to_owned();
            return Ok(Err(Rejection { reason: RejectionReason::NotApplicable, code: "nowhere".to_owned(), message }));
        };
        Ok(Ok(Start { category: first.to_string(), kind: request.kind.clone(), data: settings.clone() }))
    }
}

#[test]
fn a_router_is_asked_with_settings_and_what_is_loaded() {
    let router = support::module(support::manifest("sorter-1.0"), Role::Router(Arc::new(Sorter)));
    let when = json!({ "request": { "kind": "Start" } });
    passes(
        &router,
        &json!({ "name": "first", "settings": { "a": 1 }, "loaded": ["domestic-1.0"], "when": when,
                 "then": { "starts": { "category": "domestic-1.0", "kind": "Start", "data": { "a": 1 } } } }),
    );
    passes(&router, &json!({ "name": "none", "when": when, "then": { "rejected": { "code": "nowhere" } } }));
    let text =
        failing(&router, &json!({ "name": "other", "loaded": ["a-1.0"], "when": when, "then": { "starts": { "category": "b-1.0" } } }));
    assert!(text.contains("starts.category"), "{text}");
    failing(&router, &json!({ "name": "look", "loaded": ["a-1.0"], "when": when, "look": { "phase": "running" } }));
}

struct Echo;

impl Connector for Echo {
    fn handle(&self, _: &Json, context: &Context, command: &Message, _: Pace) -> Result<Vec<Reply>, GuestError> {
        if command.kind.as_str() == "Break" {
            return Err(GuestError::Fault { code: "broken".to_owned(), message: "as asked".to_owned() });
        }
        let data = Json::parse(format!("{{\"said\":{},\"seed\":{}}}", command.data.as_str(), context.seed)).unwrap();
        Ok(vec![Reply { kind: Kind::parse("Echoed").unwrap(), data, after_ms: 500 }])
    }
}

#[test]
fn an_adapter_answers_with_replies_or_a_fault() {
    let adapter = support::module(support::manifest("echo-1.0"), Role::Adapter(Arc::new(Echo)));
    let when = json!({ "command": { "kind": "Say", "data": "hello" } });
    let reply = |after: &str| json!({ "replies": [{ "kind": "Echoed", "data": { "said": "hello", "seed": 1 }, "after": after }] });
    passes(&adapter, &json!({ "name": "echo", "when": when, "then": reply("500ms") }));
    passes(&adapter, &json!({ "name": "fault", "when": { "command": { "kind": "Break" } }, "then": { "fault": { "code": "broken" } } }));
    let text = failing(&adapter, &json!({ "name": "late", "when": when, "then": reply("1s") }));
    assert!(text.contains("replies[0].after\n        expected  \"1s\"\n        decided   \"500ms\""), "{text}");
}
