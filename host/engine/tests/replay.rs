//! Histories decided again: what comes out the same, what does not, and what is said about it.
//! A witness writes down all that it was called with, so that a decision comes out the same only where its trigger does to the byte.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod support;

use std::ops::ControlFlow;
use std::sync::Arc;

use procession_engine::flow::inbox::{Move, Operation};
use procession_engine::model::decision::{Command, Context, Decision, Effect, Trigger};
use procession_engine::model::event::{Event, StreamEvent};
use procession_engine::model::id::{Category, Digest, ProcessId};
use procession_engine::model::json::Json;
use procession_engine::model::manifest::Manifest;
use procession_engine::model::view::{Phase, View};
use procession_engine::ports::definition::{Decider, Definition, GuestError, Module, Role, Runtime as _};
use procession_engine::replay::{Class, Difference, Report, What, Which};
use support::{Bench, accept, event, happened, kind, kinds, manifest, order, records, reject, request, send, suffix, word};

fn load(bench: &Bench, name: &str) -> Module {
    bench.runtime.load(name.as_bytes()).unwrap()
}

fn replay_of(bench: &Bench, module: &Module, which: Which) -> Report {
    let engine = bench.standing.engine();
    engine.replay(module).which(which).threads(2).run(&mut |_| ControlFlow::Continue(())).unwrap()
}

fn replay(bench: &Bench, name: &str) -> Report {
    replay_of(bench, &load(bench, name), Which::All)
}

fn all_the_same(report: &Report) {
    let told: Vec<String> = report.findings().map(ToString::to_string).collect();
    assert!(told.is_empty(), "{told:#?}");
    assert_eq!((report.total.same, report.total.decisions_same), (report.total.histories, report.total.decisions));
}

// --- the witness ---

fn seen(what: &str, context: &Context, trigger: &Trigger) -> Event {
    // The category is the module's own, and another version is to decide the same.
    let context = Context { category: Category::parse("witness-0.0").unwrap(), ..context.clone() };
    let text = serde_json::to_string(&format!("{context:?} {trigger:?}")).unwrap();
    Event { data: Json::parse(text).unwrap(), ..event(what) }
}

fn witness(events: &[StreamEvent], context: &Context, trigger: &Trigger) -> Result<Decision, GuestError> {
    let ask = |text: &str, ms| Effect::Send(Command { kind: kind(text), process: None, data: Json::null(), expires_after_ms: ms });
    let data = Json::parse("{ \"kept\": [1, 2.50] }").unwrap();
    let with = |effects| Ok(Decision::Accept { events: vec![seen("Witnessed", context, trigger)], effects });
    match word(trigger).as_str() {
        "Begin" => {
            let timer = Effect::SetTimer { name: "alarm".to_owned(), at: context.now.plus_ms(50), data };
            Ok(Decision::Accept {
                events: vec![seen("Begun", context, trigger)],
                effects: vec![timer, ask("Ask", Some(100)), ask("Help", None)],
            })
        }
        "Later" if !happened(events, "Readied") => Ok(Decision::Defer("not ready".to_owned())),
        "Ready" => Ok(Decision::Accept { events: vec![seen("Readied", context, trigger)], effects: Vec::new() }),
        "own:Begun"
        | "timer:alarm"
        | "undelivered:Ask"
        | "cancel"
        | "Later"
        | "Helped"
        | "Greet"
        | "migrated:witness-1.0"
        | "migrated:witness-1.1" => with(Vec::new()),
        _ => reject("no"),
    }
}

fn witness_manifest(category: &str, takes_over: &[&str]) -> Manifest {
    Manifest {
        stream: suffix("Seen"),
        starts: kinds(&["Begin"]),
        handles: kinds(&["Later", "Ready", "Helped", "Greet"]),
        reacts_to: kinds(&["Begun"]),
        records: records(&["Begun", "Readied", "Witnessed"]),
        sends: kinds(&["Ask", "Help"]),
        takes_over: takes_over.iter().map(|text| Category::parse(text).unwrap()).collect(),
        ..manifest(category)
    }
}

fn helper(_: &[StreamEvent], _: &Context, trigger: &Trigger) -> Result<Decision, GuestError> {
    match word(trigger).as_str() {
        "Help" => accept(&["Helped"], Vec::new()),
        "Wave" => {
            let process = Some(ProcessId::parse("W1").unwrap());
            accept(&["Waved"], vec![Effect::Send(Command { kind: kind("Greet"), process, data: Json::null(), expires_after_ms: None })])
        }
        _ => reject("no"),
    }
}

/// A process that has met every kind of trigger, and another one that sent it something.
fn with_a_witness() -> Bench {
    let mut bench = Bench::new();
    bench.process("witness", witness_manifest("witness-1.0", &[]), witness, |_| Phase::Running);
    bench.process("witness11", witness_manifest("witness-1.1", &["witness-1.0"]), witness, |_| Phase::Running);
    let of_helper = Manifest {
        stream: suffix("Help"),
        starts: kinds(&["Help", "Wave"]),
        records: records(&["Helped", "Waved"]),
        sends: kinds(&["Greet"]),
        ..manifest("helper-1.0")
    };
    bench.process("helper", of_helper, helper, |_| Phase::Running);
    bench.ask(Request10::begin()).unwrap();
    bench.ask(request("W1", "Later")).unwrap();
    bench.ask(request("other", "Wave")).unwrap();
    bench.advance(50);
    bench.advance(50);
    bench.ask(request("W1", "Ready")).unwrap();
    for to in ["witness11", "witness", "witness11"] {
        bench.operate("W1", Operation::Migrate(Move::to(digest(to)))).unwrap();
    }
    bench.cancel("W1", "enough of \"this\"").unwrap();
    bench
}

/// A request that names the version that it wants.
struct Request10;

impl Request10 {
    fn begin() -> procession_engine::flow::inbox::Request {
        procession_engine::flow::inbox::Request { category: Some("witness-1.0".to_owned()), ..request("W1", "Begin") }
    }
}

fn digest(name: &str) -> Digest {
    let mut digest = [0; 32];
    digest[..name.len()].copy_from_slice(name.as_bytes());
    Digest(digest)
}

#[test]
fn every_kind_of_trigger_is_put_together_again_to_the_byte() {
    let bench = with_a_witness();
    let told: Vec<String> = bench.events("W1-Seen").iter().map(|event| event.event.data.as_str().to_owned()).collect();
    for trigger in ["Start(", "Message(", "Recorded(", "Timer {", "Undelivered {", "Cancel(", "Migrated("] {
        assert!(told.iter().any(|text| text.contains(trigger)), "{trigger} is not among {told:#?}");
    }
    for message in ["Later", "Helped", "Greet"] {
        assert!(told.iter().any(|text| text.contains(&format!("kind: \\\"{message}\\\""))), "{message} is not among {told:#?}");
    }
    for module in ["witness", "witness11"] {
        let report = replay(&bench, module);
        all_the_same(&report);
        assert_eq!((report.total.histories, report.total.pending), (1, 1));
        let moves = told.iter().filter(|text| text.contains("\"fromModule\"")).count();
        assert_eq!((report.total.decisions, moves), (told.len() as u64 - 3, 3), "all but the moves, which nobody decided");
    }
    all_the_same(&replay(&bench, "helper"));
}

#[test]
fn an_order_with_its_subprocess_and_its_adapter_comes_out_the_same() {
    let mut bench = Bench::new();
    order(&bench);
    for process in ["O1", "O2", "O3"] {
        bench.ask(request(process, "PlaceOrder")).unwrap();
    }
    for (module, decisions) in [("order", 5), ("parcel", 2)] {
        let report = replay(&bench, module);
        all_the_same(&report);
        assert_eq!((report.total.histories, report.total.pending, report.total.decisions), (3, 0, 3 * decisions), "{module}");
    }
}

// --- what differs ---

fn tally(events: &[StreamEvent], trigger: &Trigger, last: &str) -> Result<Decision, GuestError> {
    let number = events.len() + 1;
    let text = if number == 3 { last.to_owned() } else { format!("{{\"number\":{number}}}") };
    match word(trigger).as_str() {
        "Begin" | "Next" => {
            let event = Event { data: Json::parse(text).unwrap(), ..event("Counted") };
            Ok(Decision::Accept { events: vec![event], effects: vec![send("Tell")] })
        }
        _ => reject("no"),
    }
}

fn tallies(category: &str) -> Manifest {
    Manifest {
        stream: suffix("Tally"),
        starts: kinds(&["Begin"]),
        handles: kinds(&["Next"]),
        records: records(&["Counted"]),
        sends: kinds(&["Tell"]),
        ..manifest(category)
    }
}

fn begun(events: &[StreamEvent]) -> Phase {
    if events.len() == 4 { Phase::Completed } else { Phase::Running }
}

/// A tally of four, and one of two that is pending.
fn with_tallies() -> Bench {
    let mut bench = Bench::new();
    bench.process("tally", tallies("tally-1.0"), |events, _, trigger| tally(events, trigger, "{\"number\":3,\"of\":[1,2]}"), begun);
    for (process, next) in [("T1", 3), ("T2", 1)] {
        bench.ask(request(process, "Begin")).unwrap();
        (0..next).for_each(|_| drop(bench.ask(request(process, "Next")).unwrap()));
    }
    bench
}

fn add(bench: &Bench, name: &str, role: impl Definition + 'static) {
    bench.runtime.add(name, tallies("tally-2.0"), Role::Process(Arc::new(role)));
}

fn native(decide: support::Decide) -> support::Native {
    support::Native { decide, look: begun }
}

fn first(report: &Report) -> Difference {
    match &report.findings().next().unwrap().what {
        What::DecidesOtherwise(difference) => difference.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_decided_otherwise_is_named_with_its_place() {
    let bench = with_tallies();
    add(&bench, "other", native(|events, _, trigger| tally(events, trigger, "{\"of\":[1,3],\"number\":3}")));
    let report = replay(&bench, "other");
    let total = &report.total;
    assert_eq!((total.histories, total.same, total.otherwise, total.not_folded), (2, 1, 1, 0));
    assert_eq!((total.decisions, total.decisions_same, total.decisions_otherwise), (6, 5, 1));
    let finding = report.findings().next().unwrap();
    assert_eq!((finding.stream.to_string().as_str(), finding.version, finding.trigger.as_str()), ("T1-Tally", 3, "Next"));
    assert_eq!((finding.has_ended, finding.decided_by.clone()), (true, Category::parse("tally-1.0").ok()));
    let difference = first(&report);
    assert_eq!((difference.place.as_str(), difference.path.as_str()), ("event 1", "data/of/1"));
    assert_eq!((difference.recorded.as_str(), difference.decided.as_str()), ("2", "3"));
}

#[test]
fn other_spelling_is_counted_and_is_no_difference() {
    let bench = with_tallies();
    add(&bench, "other", native(|events, _, trigger| tally(events, trigger, "{ \"of\" : [1, 2.0], \"number\" : 3 }")));
    let report = replay(&bench, "other");
    all_the_same(&report);
    assert_eq!(report.total.decisions_spelled_otherwise, 1);
}

#[test]
fn other_events_effects_and_answers_are_differences() {
    let decides: [(support::Decide, &str, &str, &str, &str); 5] = [
        (|_, _, _| accept(&["Counted", "Counted"], vec![send("Tell")]), "event 1", "data/number", "1", "nothing"),
        (|_, _, _| Ok(Decision::Ignore("why not".to_owned())), "answer", "", "accepted: Counted", "ignored: why not"),
        (|_, _, _| reject("never"), "answer", "", "accepted: Counted", "rejected: never: not now"),
        (
            |events, _, trigger| match tally(events, trigger, "{\"number\":3,\"of\":[1,2]}") {
                Ok(Decision::Accept { events, .. }) => Ok(Decision::Accept { events, effects: Vec::new() }),
                other => other,
            },
            "effect 1",
            "",
            "send Tell {}",
            "nothing",
        ),
        (|_, _, _| Ok(Decision::Accept { events: Vec::new(), effects: Vec::new() }), "event 1", "", "Counted {\"number\":1}", "nothing"),
    ];
    for (index, (decide, place, path, recorded, decided)) in decides.into_iter().enumerate() {
        let bench = with_tallies();
        add(&bench, "other", native(decide));
        let report = replay(&bench, "other");
        assert_eq!((report.total.otherwise, report.total.not_folded, report.total.same), (2, 0, 0), "{index}");
        let expected = [place, path, recorded, decided].map(str::to_owned);
        let Difference { place, path, recorded, decided } = first(&report);
        assert_eq!([place, path, recorded, decided], expected);
    }
}

#[test]
fn a_definition_that_breaks_on_a_decision_is_asked_no_more_and_still_folded() {
    let bench = with_tallies();
    add(
        &bench,
        "other",
        native(|events, _, trigger| match events.len() {
            1 => Err(GuestError::Trap("out of bounds".to_owned())),
            _ => tally(events, trigger, "{}"),
        }),
    );
    let report = replay(&bench, "other");
    let total = &report.total;
    assert_eq!((total.otherwise, total.not_folded, total.same), (2, 0, 0));
    assert_eq!((total.decisions, total.decisions_same, total.decisions_broken, total.decisions_not_made), (6, 2, 2, 2));
    let finding = report.findings().next().unwrap();
    assert_eq!((finding.class(), finding.version), (Class::Breaks, 2));
    assert!(finding.to_string().contains("out of bounds"), "{finding}");
}

#[test]
fn a_decision_that_its_manifest_does_not_list_breaks() {
    let bench = with_tallies();
    let mute = Manifest { sends: Vec::new(), ..tallies("tally-2.0") };
    let same = native(|events, _, trigger| tally(events, trigger, "{\"number\":3,\"of\":[1,2]}"));
    bench.runtime.add("mute", mute, Role::Process(Arc::new(same)));
    let report = replay(&bench, "mute");
    assert_eq!((report.total.otherwise, report.total.decisions_broken), (2, 2));
    assert!(report.findings().all(|finding| finding.to_string().contains("sends Tell")));
}

/// Folds no more than so many events.
struct Narrow(usize);

struct Folded(usize, usize);

impl Definition for Narrow {
    fn restore(&self, _: Option<&Json>) -> Result<Box<dyn Decider>, GuestError> {
        Ok(Box::new(Folded(0, self.0)))
    }
}

impl Decider for Folded {
    fn evolve(&mut self, events: &[StreamEvent]) -> Result<(), GuestError> {
        self.0 += events.len();
        let fault = GuestError::Fault { code: "full".to_owned(), message: "no room".to_owned() };
        if self.0 > self.1 { Err(fault) } else { Ok(()) }
    }

    fn decide(&mut self, _: &Context, _: &Trigger) -> Result<Decision, GuestError> {
        Ok(Decision::Ignore("never".to_owned()))
    }

    fn look(&mut self) -> Result<View, GuestError> {
        Ok(View { phase: Phase::Running, step: None, outcome: None, tags: Vec::new() })
    }

    fn snapshot(&mut self) -> Result<Option<Json>, GuestError> {
        Ok(None)
    }
}

#[test]
fn a_history_that_does_not_fold_is_named_with_its_event() {
    let bench = with_tallies();
    add(&bench, "narrow", Narrow(2));
    let report = replay(&bench, "narrow");
    let total = &report.total;
    assert_eq!((total.histories, total.not_folded, total.otherwise, total.same), (2, 1, 1, 0));
    assert_eq!((total.decisions, total.decisions_otherwise, total.decisions_not_made), (6, 5, 1));
    let finding = report.findings().next().unwrap();
    assert_eq!((finding.class(), finding.stream.to_string().as_str(), finding.version), (Class::DoesNotFold, "T1-Tally", 3));
    assert!(finding.to_string().contains("no room") && finding.to_string().contains("Counted"), "{finding}");
}

// --- which histories ---

#[test]
fn only_streams_of_the_name_or_of_what_is_taken_over_are_looked_at() {
    let bench = with_tallies();
    let same = || Role::Process(Arc::new(native(|events, _, trigger| tally(events, trigger, "{\"number\":3,\"of\":[1,2]}"))));
    bench.runtime.add("stranger", tallies("count-1.0"), same());
    assert_eq!(replay(&bench, "stranger").total.histories, 0);
    let heir = Manifest { takes_over: vec![Category::parse("tally-1.0").unwrap()], ..tallies("count-1.0") };
    bench.runtime.add("heir", heir, same());
    let report = replay(&bench, "heir");
    all_the_same(&report);
    assert_eq!(report.by_category.keys().map(ToString::to_string).collect::<Vec<_>>(), ["tally-1.0"]);
    assert_eq!(report.total.histories, 2);
}

#[test]
fn a_sample_has_pending_histories_and_the_newest_ones() {
    let mut bench = with_tallies();
    for number in 0..20 {
        let process = format!("N{number:02}");
        bench.ask(request(&process, "Begin")).unwrap();
        (0..3).for_each(|_| drop(bench.ask(request(&process, "Next")).unwrap()));
    }
    add(&bench, "narrow", Narrow(0));
    let sample = |histories_max| {
        let which = Which::Sample { histories_max, ms_max: 1_000 };
        let report = replay_of(&bench, &load(&bench, "narrow"), which);
        assert!(!report.was_cut_short);
        report
            .findings()
            .filter(|finding| finding.class() == Class::DoesNotFold)
            .map(|finding| finding.stream.process.to_string())
            .collect()
    };
    let four: Vec<String> = sample(4);
    assert_eq!(four, ["N17", "N18", "N19", "T2"], "T2 is pending and old");
    let none: Vec<String> = sample(0);
    assert!(none.is_empty(), "{none:?}");
    let all: Vec<String> = sample(1_000);
    assert_eq!(all.len(), 20, "as many findings as are kept");
    let which = Which::Sample { histories_max: 1_000, ms_max: 0 };
    let report = replay_of(&bench, &load(&bench, "narrow"), which);
    assert!(report.was_cut_short && report.total.histories == 0);
}

#[test]
fn whoever_asked_may_stop_it() {
    let bench = with_tallies();
    let module = load(&bench, "tally");
    let stopped = bench.standing.engine().replay(&module).run(&mut |_| ControlFlow::Break(()));
    assert_eq!(stopped.unwrap_err().to_string(), "the replay was stopped");
}
