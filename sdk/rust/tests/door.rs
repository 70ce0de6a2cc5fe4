//! A small process from the outside: what an author gets, and what a scenario catches.

use procession_sdk::contract::{Context, Decision as Answer, Event as Text, Fault, Manifest, Phase, RecordedEvent, Trigger as Offer, View};
use procession_sdk::{Decision, Process, Recorded, Scenario, Trigger, accept, defer, hosted, ignore, reject, reject_invalid};
use serde::{Deserialize, Serialize};

#[derive(Debug, Default, Serialize, Deserialize)]
struct State {
    open: bool,
    porter: bool,
    decided_by: String,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all_fields = "camelCase")]
enum Event {
    DoorOpened {
        opened_by: String,
    },
    BellRung,
    DoorClosed,
    PorterAsked,
    PorterMissed,
    /// Only read.
    DoorPainted,
    /// Offered again for ever.
    DoorSwung,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all_fields = "camelCase")]
enum Message {
    OpenDoor { opened_by: String },
    CloseDoor,
    KickDoor,
    PaintDoor,
    SwingDoor,
    KnockLater,
    AskPorter,
    PorterCame,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Command {
    RingBell,
    FetchPorter,
}

struct Door;

impl Process for Door {
    type State = State;
    type Event = Event;
    type Message = Message;
    type Command = Command;

    fn manifest() -> Manifest {
        Manifest::process::<Self>("door-1.0", "Door")
            .starts(["OpenDoor"])
            .reacts_to(["DoorOpened", "DoorSwung"])
            .only_reads(["DoorPainted"])
    }

    fn evolve(state: &mut State, event: Event, recorded: &Recorded<'_>) {
        recorded.decided_by.clone_into(&mut state.decided_by);
        match event {
            Event::DoorOpened { .. } => state.open = true,
            Event::DoorClosed => state.open = false,
            Event::PorterAsked => state.porter = true,
            Event::PorterMissed => state.porter = false,
            Event::BellRung | Event::DoorPainted | Event::DoorSwung => {}
        }
    }

    fn decide(state: &State, ctx: &Context, trigger: Trigger<Message, Event>) -> Decision<Event, Command> {
        match trigger {
            Trigger::Start(_) if state.open => ignore("the door is open already"),
            Trigger::Start(Message::OpenDoor { opened_by }) if opened_by.is_empty() => reject_invalid("nobody", "openedBy: is empty"),
            Trigger::Start(Message::OpenDoor { opened_by }) => accept(Event::DoorOpened { opened_by }),
            Trigger::Recorded(Event::DoorOpened { .. }) => {
                accept(Event::BellRung).send(Command::RingBell).set_timer("close", ctx.now + 5_000, ())
            }
            Trigger::Recorded(Event::DoorSwung) | Trigger::Message(Message::SwingDoor) => accept(Event::DoorSwung),
            Trigger::Timer(_) => accept(Event::DoorClosed),
            Trigger::Message(Message::CloseDoor) if !state.open => ignore("the door is closed already"),
            Trigger::Message(Message::CloseDoor) => accept(Event::DoorClosed).clear_timer("close"),
            Trigger::Message(Message::AskPorter) if state.open && !state.porter => {
                accept(Event::PorterAsked).send(Command::FetchPorter).expires_after(60_000)
            }
            Trigger::Message(Message::PorterCame) => accept(Event::PorterMissed).answered("FetchPorter"),
            Trigger::Undelivered(undelivered) if undelivered.command() == Some(Command::FetchPorter) && state.porter => {
                accept(Event::PorterMissed)
            }
            Trigger::Message(Message::PaintDoor) => accept(Event::DoorPainted),
            Trigger::Message(Message::KnockLater) => defer("somebody must come first"),
            Trigger::Message(Message::KickDoor) => panic!("ouch"),
            _ => reject("not-now", "this door does not do that"),
        }
    }

    fn look(state: &State) -> View {
        View::new(if state.open { Phase::Running } else { Phase::Completed }).step("door").tag("decidedBy", &state.decided_by)
    }

    fn stamp(ctx: &Context) -> Vec<(&'static str, String)> {
        vec![("door", ctx.process_id.clone())]
    }
}

procession_sdk::export_process!(Door);

fn door() -> Scenario<Door> {
    Scenario::new("front")
}

fn open() -> Scenario<Door> {
    door().when(Message::OpenDoor { opened_by: "Ada".to_owned() })
}

#[test]
fn own_events_are_offered_again_in_the_same_turn() {
    let scenario = open().then_records(["DoorOpened", "BellRung"]).then_sends(["RingBell"]);
    assert_eq!(scenario.events(), [Event::DoorOpened { opened_by: "Ada".to_owned() }, Event::BellRung]);
    assert_eq!(scenario.commands(), [Command::RingBell]);
    assert_eq!(scenario.history()[0].event.data, r#"{"door":"front","openedBy":"Ada"}"#);
    assert_eq!(scenario.history()[1].event.data, r#"{"door":"front"}"#);
}

#[test]
fn timers_are_kept_until_they_fire_or_are_cleared() {
    assert_eq!(open().timers().len(), 1);
    assert!(open().when(Message::CloseDoor).timers().is_empty());
    assert!(open().when_timer("close").then_records(["DoorClosed"]).timers().is_empty());
}

#[test]
fn a_deadline_is_open_until_it_passes_or_the_answer_lifts_it() {
    let asked = || open().when(Message::AskPorter).then_awaits(["FetchPorter"]).then_expires_after("FetchPorter", 60_000);
    let start = asked().history()[0].time;
    let missed = asked().when_undelivered("FetchPorter").then_records(["PorterMissed"]).then_awaits([]);
    assert_eq!(missed.history().last().map(|recorded| recorded.time), Some(start + 60_000));
    asked().when(Message::PorterCame).then_awaits([]);
    asked().when_dropped("FetchPorter", "{}").then_records(["PorterMissed"]);
}

#[test]
fn a_process_that_has_ended_waits_for_no_answer() {
    open().when(Message::AskPorter).when(Message::CloseDoor).then_awaits([]);
}

#[test]
#[should_panic(expected = "no deadline of a `RingBell` is open")]
fn a_scenario_catches_a_deadline_that_nobody_keeps() {
    let _ = open().when_undelivered("RingBell");
}

#[test]
fn what_is_not_taken_is_told_apart() {
    open().when(Message::OpenDoor { opened_by: "Bob".to_owned() }).then_ignored().then_records([]);
    open().when(Message::KnockLater).then_deferred();
    door().when(Message::OpenDoor { opened_by: String::new() }).then_rejected("nobody");
    door().when_cancelled("no door").then_rejected("not-now");
    door().when_text("OpenDoor", "{}").then_rejected("invalid-data");
    assert_eq!(door().when_text("OpenDoor", "{}").rejection(), Some(("invalid-data", "openedBy: is missing")));
    door().when_text("EatDoor", "{}").then_rejected("unknown-kind");
}

#[test]
fn the_manifest_is_taken_from_the_types() {
    let manifest = Door::manifest();
    assert_eq!(manifest.starts, ["OpenDoor"]);
    assert_eq!(manifest.handles, ["CloseDoor", "KickDoor", "PaintDoor", "SwingDoor", "KnockLater", "AskPorter", "PorterCame"]);
    assert_eq!(manifest.sends, ["RingBell", "FetchPorter"]);
    assert!(manifest.records.iter().all(|event| event.kind != "DoorPainted" && event.schema == 1));
}

fn recorded(kind: &str, data: &str) -> RecordedEvent {
    let event = Text { kind: kind.to_owned(), schema: 1, data: data.to_owned() };
    RecordedEvent { version: 3, time: 0, decided_by: "door-0.9".to_owned(), event }
}

#[test]
fn a_broken_history_is_a_fault() {
    for broken in [recorded("DoorEaten", "{}"), recorded("DoorOpened", "{}"), recorded("DoorClosed", "no JSON")] {
        let fault: Fault = hosted::evolve::<Door>(&mut State::default(), std::slice::from_ref(&broken)).expect_err("must be a fault");
        assert_eq!(fault.code, "broken-history");
        assert!(fault.message.contains("event 3") && fault.message.contains(&broken.event.kind), "{}", fault.message);
        let ctx = Context { process_id: "front".to_owned(), category: "door-1.0".to_owned(), version: 3, now: 0, seed: 0 };
        let fault = hosted::decide::<Door>(&State::default(), &ctx, Offer::Recorded(broken)).expect_err("must be a fault");
        assert_eq!(fault.code, "broken-history");
    }
}

#[test]
fn a_snapshot_holds_the_state_and_a_broken_one_is_a_fault() {
    let mut state = State::default();
    hosted::evolve::<Door>(&mut state, &[recorded("DoorOpened", r#"{"openedBy":"Ada"}"#)]).expect("a right history");
    let restored = hosted::restore::<Door>(Door::snapshot(&state).as_deref()).expect("a right snapshot");
    assert_eq!((restored.open, restored.decided_by.as_str()), (true, "door-0.9"));
    assert!(!hosted::restore::<Door>(None).expect("a fresh state").open);
    assert_eq!(hosted::restore::<Door>(Some("{")).expect_err("must be a fault").code, "unreadable-snapshot");
}

#[test]
fn a_start_is_answered_as_the_contract_says() {
    let ctx = Context { process_id: "front".to_owned(), category: "door-1.0".to_owned(), version: 0, now: 0, seed: 0 };
    let answer = hosted::decide::<Door>(&State::default(), &ctx, Offer::Cancel("why not".to_owned()));
    assert!(
        matches!(answer, Ok(Answer::Reject(rejection)) if rejection.code == "not-now" && rejection.message == "this door does not do that")
    );
}

#[test]
#[should_panic(expected = "`DoorPainted` was recorded, but the manifest does not declare it")]
fn a_scenario_catches_an_event_that_is_not_declared() {
    let _ = open().when(Message::PaintDoor);
}

#[test]
#[should_panic(expected = "goes round in circles")]
fn a_scenario_catches_a_process_that_never_rests() {
    let _ = open().when(Message::SwingDoor);
}

#[test]
#[should_panic(expected = "is not what was expected")]
fn a_scenario_catches_other_events() {
    open().then_records(["DoorOpened"]);
}

#[test]
#[should_panic(expected = "no timer `paint` is set")]
fn a_scenario_catches_a_timer_that_was_never_set() {
    let _ = open().when_timer("paint");
}

#[test]
#[should_panic(expected = "ouch")]
fn offering_every_trigger_finds_a_panic() {
    open().then_survives_every_trigger(&[]);
}
