//! Events of older versions: translated where a process has an upcaster, as they are where it has none, and never trusted.

use procession_engine::model::decision::{Decision, Trigger};
use procession_engine::model::event::{Event, StreamEvent};
use procession_engine::model::id::Kind;
use procession_engine::model::view::Phase;
use procession_engine::ports::definition::{GuestError, LoadError, Runtime};

use crate::calls::{added, context, decider};
use crate::guest::{Guest, Said, constant, event, limits, runtime};
use procession_guests::{Image, Record};

const VERSION: &str = "0.1.0";

/// An event of this kind and schema.
fn recorded(version: u64, kind: &str, schema: u32) -> StreamEvent {
    let known = added(version);
    StreamEvent { event: Event { kind: Kind::parse(kind).expect("a kind"), schema, ..known.event.clone() }, ..known }
}

/// Two events that the guest would record itself, and an old one between them.
fn history() -> [StreamEvent; 3] {
    [added(1), recorded(2, "Added", 1), added(3)]
}

fn unchanged() -> Record {
    Record::new(12)
}

fn into(image: &mut Image, events: &[Record]) -> Record {
    Record::new(12).byte(0, 1).span(4, image.list(events))
}

/// A guest whose `upcast` answers these translations, whatever it is asked.
fn upcasting(translations: impl FnOnce(&mut Image) -> Vec<Record>) -> Guest {
    let mut guest = Guest::process();
    let translations = translations(&mut guest.image);
    let list = guest.image.list(&translations);
    let answer = guest.image.record(&Record::new(20).span(4, list));
    guest.upcast = Some((VERSION, constant(answer)));
    guest
}

/// How many events `evolve` was shown.
fn shown(guest: Guest) -> Result<usize, GuestError> {
    let mut process = decider(guest);
    process.evolve(&history())?;
    let phase = process.look()?.phase;
    Ok(Phase::ALL.iter().position(|one| *one == phase).expect("a phase"))
}

#[test]
fn only_events_that_the_manifest_does_not_list_are_translated_in_every_way_to_share_instances() {
    for sharing in 0..3 {
        let with = |translations: fn(&mut Image) -> Vec<Record>| {
            let mut guest = upcasting(translations);
            guest.said.sharing = sharing;
            shown(guest)
        };
        assert_eq!(with(|_| vec![unchanged()]), Ok(3));
        assert_eq!(with(|image| vec![into(image, &[])]), Ok(2), "an event may mean nothing any more");
        let twice = |image: &mut Image| {
            let said = [event(image, "Added", 2, b"1"), event(image, "Added", 2, b"2")];
            vec![into(image, &said)]
        };
        assert_eq!(with(twice), Ok(4), "an event may have said two things");
    }
}

#[test]
fn a_guest_without_an_upcaster_gets_its_events_as_they_are_and_one_with_is_not_asked_without_need() {
    assert_eq!(shown(Guest::process()), Ok(3));
    let mut guest = Guest { upcast: Some((VERSION, "unreachable".to_owned())), ..Guest::process() };
    guest.said.records.push(("Removed".to_owned(), 1));
    let mut process = decider(guest);
    process.evolve(&[added(1), recorded(2, "Removed", 1), added(3)]).unwrap();
    assert_eq!(process.look().unwrap().phase, Phase::ALL[3]);
    assert!(matches!(process.evolve(&[recorded(4, "Removed", 2)]), Err(GuestError::Trap(_))), "this one needs it");
}

#[test]
fn a_translation_that_breaks_the_contract_names_the_event() {
    let said = |kind: &'static str, schema: u32, data: &'static [u8]| {
        shown(upcasting(move |image| {
            let said = event(image, kind, schema, data);
            vec![into(image, &[said])]
        }))
        .unwrap_err()
        .to_string()
    };
    for (error, complaint) in [
        (said("Lost", 1, b"{}"), "makes of event 2 (Added with schema 1) an event of kind \"Lost\", which its manifest does not list"),
        (said("Added", 1, b"{}"), "makes of event 2 (Added with schema 1) Added with schema 1, its manifest says 2"),
        (said("Added", 2, b"{"), "the data of the event Added"),
        (shown(upcasting(|_| vec![])).unwrap_err().to_string(), "gives 0 translations for 1 events"),
        (shown(upcasting(|_| vec![unchanged(), unchanged()])).unwrap_err().to_string(), "gives 2 translations for 1 events"),
    ] {
        assert!(error.contains("broke its contract") && error.contains(complaint), "{error:?} does not say {complaint:?}");
    }
}

#[test]
fn an_upcaster_has_the_limits_of_every_other_call() {
    let many = limits().events_per_decision_max + 1;
    let flood = upcasting(|image| {
        let said: Vec<Record> = (0..many).map(|_| event(image, "Added", 2, b"1")).collect();
        vec![into(image, &said)]
    });
    let endless = Guest { upcast: Some((VERSION, "(call $busy) (i32.const 0)".to_owned())), ..Guest::process() };
    for guest in [flood, endless] {
        assert!(matches!(shown(guest), Err(GuestError::Limit(_))));
    }
    let mut faulty = Guest::process();
    let (code, message) = (faulty.image.text("broken-history"), faulty.image.text("what is this"));
    let answer = faulty.image.record(&Record::new(20).byte(0, 1).span(4, code).span(12, message));
    faulty.upcast = Some((VERSION, constant(answer)));
    let fault = GuestError::Fault { code: "broken-history".to_owned(), message: "what is this".to_owned() };
    assert_eq!(shown(faulty), Err(fault));
}

#[test]
fn an_upcaster_of_another_version_or_of_somebody_without_events_is_refused() {
    let newer = Guest { upcast: Some(("0.2.0", constant(0))), ..Guest::process() };
    let router = Guest { world: "router", said: Said::stranger(), upcast: Some((VERSION, constant(0))), ..Guest::process() };
    for (guest, complaint) in [
        (newer, "it exports procession:upcasting/upcaster@0.2.0; this host speaks procession:upcasting/upcaster@0.1.0"),
        (router, "it exports procession:upcasting/upcaster@0.1.0, but a router folds no events"),
    ] {
        let Some(LoadError::WrongWorld(reason)) = runtime().load(&guest.component()).err() else { panic!("no {complaint}") };
        assert_eq!(reason, complaint);
    }
}

#[test]
fn an_old_event_that_is_offered_again_is_translated_too() {
    let offered = Trigger::Recorded(recorded(1, "Added", 1));
    let gone = upcasting(|image| vec![into(image, &[])]);
    let Decision::Ignore(why) = decider(gone).decide(&context(), &offered).unwrap() else { panic!("it is ignored") };
    assert_eq!(why, "the event that it is offered means nothing to this version");
    let broken = upcasting(|image| {
        let said = event(image, "Lost", 1, b"{}");
        vec![into(image, &[said])]
    });
    assert!(matches!(decider(broken).decide(&context(), &offered), Err(GuestError::Contract(_))));
    let read = upcasting(|image| {
        let said = event(image, "Added", 2, b"1");
        vec![into(image, &[said])]
    });
    assert_eq!(decider(read).decide(&context(), &offered), Ok(Decision::Ignore("nothing to do".to_owned())));
}
