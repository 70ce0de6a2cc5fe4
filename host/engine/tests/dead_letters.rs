//! What cannot be delivered: tried again with growing waits, then a dead letter with its story, which an operator replays, edits or drops.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod support;

use std::sync::atomic::{AtomicU32, Ordering};

use procession_engine::error::Refusal;
use procession_engine::flow::inbox::Operation;
use procession_engine::limits::Limits;
use procession_engine::model::json::Json;
use procession_engine::model::manifest::Manifest;
use procession_engine::model::process::DeliveryState;
use procession_engine::model::view::Phase;
use procession_engine::ports::definition::GuestError;
use support::{Bench, accept, kinds, manifest, records, reject, reply, request, send, suffix, word};

/// A process that asks an oracle and waits.
fn asker(bench: &Bench) {
    let manifest = Manifest {
        stream: suffix("Asker"),
        starts: kinds(&["Begin"]),
        handles: kinds(&["Answer", "Remark"]),
        records: records(&["Begun", "Answered", "Remarked", "GaveUp"]),
        sends: kinds(&["Ask"]),
        ..manifest("asker-1.0")
    };
    bench.process(
        "asker",
        manifest,
        |_, _, trigger| match word(trigger).as_str() {
            "Begin" => accept(&["Begun"], vec![send("Ask")]),
            "Answer" => accept(&["Answered"], vec![]),
            "Remark" => accept(&["Remarked"], vec![]),
            "undelivered:Ask" => accept(&["GaveUp"], vec![]),
            _ => reject("no"),
        },
        |_| Phase::Running,
    );
}

fn oracle() -> Manifest {
    Manifest { handles: kinds(&["Ask"]), sends: kinds(&["Answer"]), ..manifest("oracle-1.0") }
}

/// An asker whose oracle fails unless it is asked politely.
fn with_a_rude_oracle() -> Bench {
    let mut bench = Bench::with(Limits { workers: 2, delivery_attempts_max: 3, ..Limits::default() });
    asker(&bench);
    bench.adapter("oracle", oracle(), |_, message| {
        if message.data.as_str().contains("please") {
            Ok(vec![reply("Answer", 0)])
        } else {
            Err(GuestError::Trap("ask politely".to_owned()))
        }
    });
    bench.ask(request("P1", "Begin")).unwrap();
    bench
}

/// Advances in small steps until nothing is tried again by itself, and says at which moments something was.
fn waits(bench: &mut Bench) -> Vec<u64> {
    let (mut moments, mut last) = (Vec::new(), None);
    for step in 0..20_000_u64 {
        let Some(one) = bench.kept("P1").first().cloned() else { break };
        let count = one.failed.as_ref().map(|failed| failed.count);
        if count != last {
            moments.push(step * 10);
            last = count;
        }
        if one.state == DeliveryState::Dead {
            break;
        }
        bench.advance(10);
    }
    moments
}

#[test]
fn an_adapter_is_asked_again_with_growing_waits_and_then_no_more() {
    let mut bench = with_a_rude_oracle();
    let moments = waits(&mut bench);
    let [first, second, third] = moments[..] else { panic!("{moments:?}") };
    assert_eq!(first, 0);
    assert!((250..=510).contains(&second), "{moments:?}");
    assert!((500..=1_010).contains(&(third - second)), "{moments:?}");
    let dead = bench.kept("P1").remove(0);
    let failed = dead.failed.unwrap();
    assert_eq!((dead.state, failed.count), (DeliveryState::Dead, 3));
    assert!(failed.error.contains("ask politely") && failed.definition.contains("oracle-1.0"), "{failed:?}");
    assert!(failed.first < failed.last);
    assert_eq!(bench.notes("P1"), ["died Ask"]);
    bench.advance(10_000_000);
    assert_eq!(bench.kept("P1").len(), 1);
}

#[test]
fn waits_between_attempts_survive_a_restart() {
    let mut bench = with_a_rude_oracle();
    for _ in 0..40 {
        bench.restart();
        bench.advance(100);
    }
    let failed = bench.kept("P1").remove(0).failed.unwrap();
    assert_eq!(failed.count, 3, "a restart is no reason to try sooner or more often");
}

#[test]
fn an_adapter_that_fails_does_not_park_the_process() {
    let mut bench = with_a_rude_oracle();
    waits(&mut bench);
    bench.ask(request("P1", "Remark")).unwrap();
    assert_eq!(bench.stream("P1-Asker"), ["Begun", "Remarked"]);
    assert!(bench.row("P1").parked.is_none());
}

#[test]
fn an_adapter_that_recovers_is_simply_asked_again() {
    static CALLS: AtomicU32 = AtomicU32::new(0);
    let mut bench = Bench::new();
    asker(&bench);
    bench.adapter("oracle", oracle(), |_, _| match CALLS.fetch_add(1, Ordering::SeqCst) {
        0..=3 => Err(GuestError::Trap("busy".to_owned())),
        _ => Ok(vec![reply("Answer", 0)]),
    });
    bench.ask(request("P1", "Begin")).unwrap();
    for _ in 0..100 {
        bench.advance(100);
    }
    assert_eq!((bench.stream("P1-Asker"), CALLS.load(Ordering::SeqCst)), (vec!["Begun".to_owned(), "Answered".to_owned()], 5));
    assert_eq!((bench.kept("P1"), bench.row("P1").delayed), (vec![], vec![]));
}

#[test]
fn a_dead_letter_that_is_replayed_as_it_was_fails_again_with_its_whole_story() {
    let mut bench = with_a_rude_oracle();
    waits(&mut bench);
    let seq = bench.kept("P1")[0].seq;
    bench.operate("P1", Operation::Replay { seq, data: None }).unwrap();
    let failed = bench.kept("P1").remove(0);
    assert_eq!((failed.seq, failed.state, failed.failed.unwrap().count), (seq, DeliveryState::Dead, 4));
    assert_eq!(bench.notes("P1"), ["died Ask", "replayed Ask", "died Ask"]);
}

#[test]
fn a_dead_letter_that_is_edited_and_replayed_has_its_effect() {
    let mut bench = with_a_rude_oracle();
    waits(&mut bench);
    let seq = bench.kept("P1")[0].seq;
    bench.operate("P1", Operation::Replay { seq, data: Some(Json::parse("{\"please\":true}").unwrap()) }).unwrap();
    assert_eq!(bench.stream("P1-Asker"), ["Begun", "Answered"]);
    assert_eq!(bench.notes("P1"), ["died Ask", "edited Ask"]);
    let again = bench.operate("P1", Operation::Replay { seq, data: None }).unwrap_err();
    assert!(matches!(again, Refusal::UnknownMessage { .. }), "{again}");
}

#[test]
fn a_message_between_two_attempts_can_be_replayed_at_once() {
    let mut bench = with_a_rude_oracle();
    let seq = bench.kept("P1")[0].seq;
    bench.operate("P1", Operation::Replay { seq, data: Some(Json::parse("\"please\"").unwrap()) }).unwrap();
    assert_eq!(bench.stream("P1-Asker"), ["Begun", "Answered"]);
    bench.advance(600_000);
    assert_eq!((bench.stream("P1-Asker").len(), bench.row("P1").delayed), (2, vec![]));
}

#[test]
fn a_dead_letter_that_is_dropped_is_told_to_its_sender_and_noted_with_its_data() {
    let mut bench = with_a_rude_oracle();
    waits(&mut bench);
    let seq = bench.kept("P1")[0].seq;
    bench.operate("P1", Operation::Drop { seq, reason: "the oracle has retired".to_owned() }).unwrap();
    assert_eq!(bench.stream("P1-Asker"), ["Begun", "GaveUp"]);
    assert_eq!((bench.kept("P1"), bench.notes("P1")), (vec![], vec!["died Ask".to_owned(), "dropped Ask".to_owned()]));
    bench.restart();
    assert_eq!(bench.stream("P1-Asker"), ["Begun", "GaveUp"]);
}

#[test]
fn a_command_that_nobody_handles_is_listed_and_can_be_dropped() {
    let mut bench = Bench::new();
    asker(&bench);
    bench.ask(request("P1", "Begin")).unwrap();
    let query = bench.standing.engine().query().clone();
    let letters = bench.wait_for(query.dead_letters(None, 10)).unwrap().letters;
    assert_eq!(letters.iter().map(|one| one.state.clone()).collect::<Vec<_>>(), [DeliveryState::Unhandled]);
    bench.operate("P1", Operation::Drop { seq: letters[0].seq, reason: "not needed".to_owned() }).unwrap();
    assert_eq!(bench.stream("P1-Asker"), ["Begun", "GaveUp"]);
}

#[test]
fn what_is_on_its_way_is_no_dead_letter() {
    let mut bench = with_a_rude_oracle();
    let unknown = bench.operate("P1", Operation::Drop { seq: 99, reason: String::new() }).unwrap_err();
    assert!(matches!(unknown, Refusal::UnknownMessage { .. }), "{unknown}");
    let unknown = bench.operate("P9", Operation::Drop { seq: 1, reason: String::new() }).unwrap_err();
    assert!(matches!(unknown, Refusal::UnknownProcess(_)), "{unknown}");
}

/// A process that breaks on every second kind of message.
fn fragile(bench: &Bench) {
    let manifest = Manifest {
        stream: suffix("Fragile"),
        starts: kinds(&["Begin"]),
        handles: kinds(&["Poison", "Answer"]),
        records: records(&["Begun", "Answered", "Swallowed"]),
        sends: kinds(&["Ask"]),
        ..manifest("fragile-1.0")
    };
    bench.process(
        "fragile",
        manifest,
        |_, _, trigger| match (word(trigger).as_str(), trigger) {
            ("Begin", _) => accept(&["Begun"], vec![send("Ask")]),
            ("Poison", procession_engine::model::decision::Trigger::Message(message)) if message.data.as_str() == "{}" => {
                Err(GuestError::Trap("poison".to_owned()))
            }
            ("Poison", _) => accept(&["Swallowed"], vec![]),
            ("Answer", _) => accept(&["Answered"], vec![]),
            _ => reject("no"),
        },
        |_| Phase::Running,
    );
    let oracle = Manifest { sends: kinds(&["Poison", "Answer"]), ..oracle() };
    bench.adapter("oracle", oracle, |_, _| Ok(vec![reply("Poison", 0), reply("Answer", 0), reply("Answer", 10)]));
}

#[test]
fn a_poisoned_message_that_is_dropped_lets_the_others_follow_in_order() {
    let mut bench = Bench::new();
    fragile(&bench);
    bench.ask(request("P1", "Begin")).unwrap();
    bench.advance(10);
    let parked = bench.row("P1").parked.unwrap();
    assert_eq!((bench.stream("P1-Fragile"), bench.kept("P1").len()), (vec!["Begun".to_owned()], 3));
    bench.operate("P1", Operation::Drop { seq: parked.seq, reason: "poison".to_owned() }).unwrap();
    assert_eq!(bench.stream("P1-Fragile"), ["Begun", "Answered", "Answered"]);
    assert!(bench.row("P1").parked.is_none() && bench.kept("P1").is_empty());
}

#[test]
fn a_poisoned_message_that_is_edited_goes_before_those_that_waited_for_it() {
    let mut bench = Bench::new();
    fragile(&bench);
    bench.ask(request("P1", "Begin")).unwrap();
    let parked = bench.row("P1").parked.unwrap();
    bench.restart();
    bench.operate("P1", Operation::Replay { seq: parked.seq, data: Some(Json::parse("{\"cured\":1}").unwrap()) }).unwrap();
    bench.advance(10);
    assert_eq!(bench.stream("P1-Fragile"), ["Begun", "Swallowed", "Answered", "Answered"]);
}

#[test]
fn only_what_waited_for_the_poison_waits_and_nobody_else() {
    let mut bench = Bench::new();
    fragile(&bench);
    bench.ask(request("P1", "Begin")).unwrap();
    asker(&bench);
    let healthy = procession_engine::flow::inbox::Request { category: Some("asker-1.0".to_owned()), ..request("P2", "Begin") };
    bench.ask(healthy).unwrap();
    assert_eq!(bench.stream("P2-Asker"), ["Begun", "Answered"]);
}
