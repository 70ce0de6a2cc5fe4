//! What a process answers, and what becomes of one that answers wrongly or not at all.

use std::sync::Arc;

use procession_engine::model::decision::{Context, Decision, Effect, Trigger};
use procession_engine::model::event::{Event, StreamEvent};
use procession_engine::model::id::{Category, Kind, MessageId, ProcessId};
use procession_engine::model::json::Json;
use procession_engine::model::message::Message;
use procession_engine::model::time::Timestamp;
use procession_engine::model::view::Phase;
use procession_engine::ports::definition::{Decider, Definition, GuestError, Role, Runtime};

use crate::guest::{Guest, accepted, constant, event, fault, runtime};
use procession_guests::{Image, Record};

pub(crate) fn definition(guest: Guest) -> Arc<dyn Definition> {
    match runtime().load(&guest.component()).expect("it loads").role {
        Role::Process(definition) => definition,
        Role::Router(_) | Role::Adapter(_) => panic!("it is a process"),
    }
}

pub(crate) fn decider(guest: Guest) -> Box<dyn Decider> {
    definition(guest).restore(None).expect("it begins")
}

pub(crate) fn context() -> Context {
    let category = Category::parse("counter-1.0").expect("a category");
    Context { process: ProcessId::parse("order-7").expect("an id"), category, version: 0, now: Timestamp(5), seed: 9 }
}

pub(crate) fn message() -> Message {
    let id = MessageId::parse("m-1").expect("an id");
    Message {
        correlation: id.clone(),
        id,
        process: ProcessId::parse("order-7").expect("an id"),
        kind: Kind::parse("Add").expect("a kind"),
        source: Some("somebody".into()),
        time: Timestamp(4),
        data: Json::parse("{}").expect("JSON"),
    }
}

pub(crate) fn trigger() -> Trigger {
    Trigger::Message(message())
}

pub(crate) fn added(version: u64) -> StreamEvent {
    let event = Event { kind: Kind::parse("Added").expect("a kind"), schema: 2, data: Json::null() };
    StreamEvent { version, time: Timestamp(4), decided_by: Category::parse("older-0.9").expect("a category"), event }
}

fn answer(guest: Guest) -> Result<Decision, GuestError> {
    decider(guest).decide(&context(), &trigger())
}

#[test]
fn a_process_folds_decides_and_shows_itself() {
    let mut process = decider(Guest::recording("Added", 2, br#"{"by":  1}"#));
    assert_eq!(process.look().unwrap().phase, Phase::ALL[0]);
    process.evolve(&[added(1), added(2)]).unwrap();
    process.evolve(&[added(3)]).unwrap();
    assert_eq!(process.look().unwrap().phase, Phase::ALL[3]);
    let Decision::Accept { events, effects } = process.decide(&context(), &trigger()).unwrap() else { panic!("it accepts") };
    assert_eq!((events[0].kind.as_str(), events[0].schema, events[0].data.as_str()), ("Added", 2, r#"{"by":  1}"#));
    assert!(effects.is_empty());
    assert_eq!(process.snapshot().unwrap(), None);
}

#[test]
fn every_trigger_reaches_the_guest() {
    let mut process = decider(Guest::process());
    let timer = Trigger::Timer { name: "t".to_owned(), due: Timestamp(1), data: Json::null() };
    for trigger in [Trigger::Start(message()), Trigger::Message(message()), Trigger::Recorded(added(1)), timer] {
        assert_eq!(process.decide(&context(), &trigger), Ok(Decision::Ignore("nothing to do".to_owned())));
    }
}

/// A guest that records one good event with this effect.
fn with_effect(effect: impl FnOnce(&mut Image) -> Record) -> Guest {
    let mut guest = Guest::process();
    let event = event(&mut guest.image, "Added", 2, b"1");
    let events = guest.image.list(&[event]);
    let effect = effect(&mut guest.image);
    let effects = guest.image.list(&[effect]);
    guest.answers(&accepted(events, effects));
    guest
}

fn send(image: &mut Image, kind: &str, process: &str, data: &str) -> Record {
    let send = Record::new(56).span(8, image.text(kind)).byte(16, 1).span(20, image.text(process)).span(28, image.text(data));
    send.byte(40, 1).long(48, 60_000)
}

#[test]
fn commands_and_timers_come_through_with_all_their_fields() {
    let Ok(Decision::Accept { effects, .. }) = answer(with_effect(|image| send(image, "Tell", "other-1", "[]"))) else {
        panic!("it accepts")
    };
    let [Effect::Send(command)] = effects.as_slice() else { panic!("one command") };
    assert_eq!((command.kind.as_str(), command.data.as_str(), command.expires_after_ms), ("Tell", "[]", Some(60_000)));
    assert_eq!(command.process.as_ref().unwrap().as_str(), "other-1");

    let timer = |image: &mut Image| Record::new(56).byte(0, 1).span(8, image.text("t")).long(16, 77).span(24, image.text("3"));
    let Ok(Decision::Accept { effects, .. }) = answer(with_effect(timer)) else { panic!("it accepts") };
    assert_eq!(effects, [Effect::SetTimer { name: "t".to_owned(), at: Timestamp(77), data: Json::parse("3").unwrap() }]);

    let clear = |image: &mut Image| Record::new(56).byte(0, 2).span(8, image.text("t"));
    let Ok(Decision::Accept { effects, .. }) = answer(with_effect(clear)) else { panic!("it accepts") };
    assert_eq!(effects, [Effect::ClearTimer("t".to_owned())]);
}

#[test]
fn an_answer_that_breaks_contract_manifest_or_limit_is_an_error_that_names_the_place() {
    let mut no_event = Guest::process();
    let effect = send(&mut no_event.image, "Tell", "other-1", "1");
    let effects = no_event.image.list(&[effect]);
    no_event.answers(&accepted((0, 0), effects));

    let mut crowd = Guest::process();
    let events: Vec<Record> = (0..257).map(|_| event(&mut crowd.image, "Added", 2, b"1")).collect();
    let events = crowd.image.list(&events);
    crowd.answers(&accepted(events, (0, 0)));

    let large = format!("\"{}\"", "x".repeat(1024 * 1024));
    for (guest, said) in [
        (no_event, "contract: it accepts with 1 effects but no event"),
        (crowd, "limit: events of one decision: 257, the most is 256"),
        (Guest::recording("Removed", 2, b"1"), "contract: it records an event of kind \"Removed\""),
        (Guest::recording("Added", 3, b"1"), "contract: it records Added with schema 3, its manifest says 2"),
        (Guest::recording("Added", 2, b"{"), "contract: the data of the event Added: not well-formed JSON"),
        (Guest::recording("Added", 2, b"\"\xff\""), "contract: its answer cannot be read: invalid utf-8"),
        (Guest::recording("Added", 2, large.as_bytes()), "limit: the event Added carries 1048578 bytes, the most is 1048576"),
        (with_effect(|image| send(image, "Shout", "other-1", "1")), "contract: it sends a command of kind \"Shout\""),
        (with_effect(|image| send(image, "Tell", "not valid", "1")), "contract: it sends Tell to nobody"),
        (with_effect(|image| send(image, "Tell", "other-1", "")), "contract: the data of the command Tell"),
        (with_effect(|image| Record::new(56).byte(0, 2).span(8, image.text(""))), "contract: a timer has an empty name"),
    ] {
        let error = answer(guest).expect_err(said).to_string();
        assert!(error.contains(said), "{error:?} does not say {said:?}");
    }
}

#[test]
fn more_bytes_than_a_call_may_hand_over_are_a_limit_and_no_allocation() {
    let mut guest = Guest::process();
    // The same event a hundred times in a list of 300 texts of 64 KiB each would be 19 MiB on the host.
    let text = guest.image.raw(&[b' '; 65_536]);
    let events: Vec<Record> = (0..300).map(|_| Record::new(20).span(0, text).span(12, text)).collect();
    let events = guest.image.list(&events);
    guest.answers(&accepted(events, (0, 0)));
    let error = answer(guest).unwrap_err();
    assert_eq!(error, GuestError::Limit("answer: a call may hand 8388608 bytes to the host".to_owned()));
}

#[test]
fn a_fault_is_told_as_the_guest_told_it() {
    let mut guest = Guest::process();
    let fault = fault(&mut guest.image, "broken-history", "an event is missing");
    guest.answers(&fault);
    let expected = GuestError::Fault { code: "broken-history".to_owned(), message: "an event is missing".to_owned() };
    assert_eq!(answer(guest), Err(expected));
}

#[test]
fn a_guest_that_breaks_inside_says_where_and_its_decider_is_of_no_use_any_more() {
    for (decide, said) in [
        ("unreachable", "trapped: it panicked or aborted (`unreachable` was executed), in decide"),
        ("(call $busy) unreachable", "limit: fuel: a call may use 1000000; is there an endless loop?, in busy < decide"),
        ("(call $greedy) unreachable", "limit: memory: "),
        ("(call $deep) unreachable", "limit: stack: a call may use 524288 bytes"),
        ("(i32.load (i32.const -4))", "trapped: out of bounds memory access, in decide"),
        ("(i32.const -4)", "contract: its answer cannot be read"),
    ] {
        let definition = definition(Guest::doing(decide));
        let mut process = definition.restore(None).unwrap();
        let mut neighbour = definition.restore(None).unwrap();
        let error = process.decide(&context(), &trigger()).unwrap_err().to_string();
        assert!(error.contains(said), "{error:?} does not say {said:?}");
        assert!(process.look().is_err(), "after {decide} the instance is gone");
        neighbour.evolve(&[added(1)]).unwrap();
        assert_eq!(neighbour.look().unwrap().phase, Phase::ALL[1], "its neighbour knows nothing of it");
    }
}

#[test]
fn every_call_begins_with_a_full_tank() {
    // About 550,000 of a million units a call.
    let spend = "(i32.store (i32.const 128) (i32.const 0))
        (loop $more
            (i32.store (i32.const 128) (i32.add (i32.load (i32.const 128)) (i32.const 1)))
            (br_if $more (i32.lt_u (i32.load (i32.const 128)) (i32.const 50000))))";
    let mut guest = Guest::process();
    guest.decide = format!("{spend} {}", guest.decide);
    let mut process = decider(guest);
    for _ in 0..5 {
        process.decide(&context(), &trigger()).unwrap();
    }
}

#[test]
fn a_wish_for_fuel_moves_within_the_limits_of_the_operator() {
    for (wish, granted) in [(5_000, 5_000), (1_500_000, 1_500_000), (9_000_000_000, 2_000_000)] {
        let mut guest = Guest::doing("(call $busy) unreachable");
        guest.said.fuel_per_call = Some(wish);
        let error = answer(guest).unwrap_err().to_string();
        assert!(error.contains(&format!("a call may use {granted};")), "{error}");
    }
}

#[test]
fn a_long_history_is_folded_in_calls_that_each_have_their_own_fuel() {
    let mut guest = Guest::process();
    // Shows how often it was called: the count of events is there, the phase is the number of batches.
    guest.look = "(i32.div_u (i32.load (local.get $process)) (i32.const 256))".to_owned();
    let mut process = decider(guest);
    let history: Vec<StreamEvent> = (1..=1_024).map(added).collect();
    process.evolve(&history).unwrap();
    assert_eq!(process.look().unwrap().phase, Phase::ALL[4]);
}

#[test]
fn a_snapshot_is_json_of_any_size_that_one_call_can_hand_over() {
    for (text, expected) in [("{\"n\":1}", Ok(Some(Json::parse("{\"n\":1}").unwrap()))), ("nonsense", Err(()))] {
        let mut guest = Guest::process();
        let span = guest.image.text(text);
        let some = guest.image.record(&Record::new(12).byte(0, 1).span(4, span));
        guest.other = constant(some);
        assert_eq!(decider(guest).snapshot().map_err(drop), expected);
    }
}
