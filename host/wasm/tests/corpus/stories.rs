//! What the components do: everything that the contract lets their part do, through the host's own ports.
//! A story asks for what the component of that day did, and nothing more.

use procession_engine::model::decision::{Context, Decision, Effect, Trigger};
use procession_engine::model::event::{Event, StreamEvent};
use procession_engine::model::id::{Category, Kind, MessageId, ProcessId};
use procession_engine::model::json::Json;
use procession_engine::model::manifest::Manifest;
use procession_engine::model::message::Message;
use procession_engine::model::time::Timestamp;
use procession_engine::model::view::Phase;
use procession_engine::ports::definition::{Classifier, Connector, Decider, Definition, Pace};

const NOW: u64 = 1_768_478_400_000;

fn context(process: &str, category: &str, version: u64) -> Context {
    let category = Category::parse(category).unwrap();
    Context { process: ProcessId::parse(process).unwrap(), category, version, now: Timestamp(NOW), seed: 7 }
}

fn message(process: &str, kind: &str, data: &str) -> Message {
    let id = MessageId::parse("m-1").unwrap();
    let (process, kind, data) = (ProcessId::parse(process).unwrap(), Kind::parse(kind).unwrap(), Json::parse(data.to_owned()).unwrap());
    Message { correlation: id.clone(), id, process, kind, source: None, time: Timestamp(NOW), data }
}

/// Decides, and takes in what was decided; answers with the events as they would be recorded.
fn turn(decider: &mut dyn Decider, context: &Context, trigger: &Trigger) -> (Vec<StreamEvent>, Vec<Effect>) {
    let Decision::Accept { events, effects } = decider.decide(context, trigger).unwrap() else { panic!("{trigger:?} was not accepted") };
    let recorded = |(event, version): (Event, u64)| StreamEvent { version, time: context.now, decided_by: context.category.clone(), event };
    let events: Vec<StreamEvent> = events.into_iter().zip(context.version + 1..).map(recorded).collect();
    decider.evolve(&events).unwrap();
    (events, effects)
}

fn open() -> Trigger {
    Trigger::Start(message("T1", "OpenTicket", r#"{"title":"printer on fire"}"#))
}

fn escalate() -> Trigger {
    Trigger::Timer { name: "escalate".to_owned(), due: Timestamp(NOW), data: Json::null() }
}

fn answer() -> Trigger {
    Trigger::Message(message("T1", "AnswerTicket", r#"{"answer":"use water"}"#))
}

/// A ticket: opened, escalated by its timer, answered, and restored from its snapshot and from its events.
pub(crate) fn process(manifest: &Manifest, definition: &dyn Definition) {
    let category = manifest.category.to_string();
    assert_eq!((manifest.category.name(), manifest.stream.as_ref().unwrap().as_str()), ("ticket", "Ticket"));
    let mut ticket = definition.restore(None).unwrap();
    let (mut history, effects) = turn(&mut *ticket, &context("T1", &category, 0), &open());
    assert!(matches!(&effects[..], [Effect::SetTimer { name, at, .. }] if name == "escalate" && at.0 > NOW), "{effects:?}");
    let Decision::Ignore(why) = ticket.decide(&context("T1", &category, 1), &open()).unwrap() else { panic!("it was opened twice") };
    assert_eq!(why, "the ticket is open already");
    let (escalated, effects) = turn(&mut *ticket, &context("T1", &category, 1), &escalate());
    assert!(matches!(&effects[..], [Effect::Send(command)] if command.kind.as_str() == "CallManager"), "{effects:?}");
    history.extend(escalated);
    assert_eq!(ticket.look().unwrap().phase, Phase::Running);
    let Decision::Reject(rejection) = ticket.decide(&context("T1", &category, 2), &Trigger::Message(message("T1", "Lost", "{}"))).unwrap()
    else {
        panic!("an unknown message was not rejected")
    };
    assert_eq!(rejection.code, "unknown-kind");
    history.extend(turn(&mut *ticket, &context("T1", &category, 2), &answer()).0);
    let seen = ticket.look().unwrap();
    assert_eq!(seen.outcome.as_ref().map(Json::as_str), Some(r#""use water""#));
    let snapshot = ticket.snapshot().unwrap().unwrap();
    assert_eq!(definition.restore(Some(&snapshot)).unwrap().look().unwrap(), seen);
    let mut again = definition.restore(None).unwrap();
    again.evolve(&history).unwrap();
    assert_eq!(again.look().unwrap(), seen);
}

/// A ticket that began on the old definition and goes on with the new one.
pub(crate) fn upcasting(old: &dyn Definition, new: &dyn Definition) {
    let mut before = old.restore(None).unwrap();
    let (mut history, _) = turn(&mut *before, &context("T1", "ticket-1.0", 0), &open());
    history.extend(turn(&mut *before, &context("T1", "ticket-1.0", 1), &escalate()).0);
    let mut after = new.restore(None).unwrap();
    after.evolve(&history).unwrap();
    assert_eq!(after.look().unwrap().step.as_deref(), Some("raised"));
    let moved = Trigger::Migrated(Category::parse("ticket-1.0").unwrap());
    assert!(matches!(after.decide(&context("T1", "ticket-2.0", 3), &moved), Ok(Decision::Ignore(_))));
    let (answered, _) = turn(&mut *after, &context("T1", "ticket-2.0", 3), &answer());
    assert_eq!((answered[0].event.kind.as_str(), answered[0].event.schema), ("TicketAnswered", 2));
    // The same kind with the old shape means an answer and the end.
    history.extend(turn(&mut *before, &context("T1", "ticket-1.0", 2), &answer()).0);
    let mut closed = new.restore(None).unwrap();
    closed.evolve(&history).unwrap();
    assert_eq!(closed.look().unwrap().phase, Phase::Completed);
}

/// A request without a body becomes the first command of a shipment.
pub(crate) fn router(router: &dyn Classifier) {
    let loaded = ["domestic-1.0", "international-1.0"].map(|category| Category::parse(category).unwrap());
    let settings = Json::parse("{}".to_owned()).unwrap();
    let id = "12EEQ9CS9K10";
    let classify = |kind: &str, data: &str| {
        router.classify(&settings, &context(id, "shipment-classifier-1.0", 0), &message(id, kind, data), &loaded, Pace::Whole).unwrap()
    };
    let start = classify("Start", "null").unwrap();
    assert_eq!((start.category.as_str(), start.kind.as_str()), ("domestic", "ProcessShipment"));
    assert_eq!(classify("Lost", "null").unwrap_err().code, "unknown-kind");
}

/// A command is carried out after a delay.
pub(crate) fn adapter(adapter: &dyn Connector) {
    let settings = Json::parse(r#"{"delayMs":250}"#.to_owned()).unwrap();
    let data = r#"{"carrierId":"c","legIndex":0,"leg":{"carrierId":"c","sender":"s","receiver":"r","collection":"now"}}"#;
    let command = message("12EEQ9CS9K10", "ManifestShipmentWithCarrier", data);
    let replies = adapter.handle(&settings, &context("12EEQ9CS9K10", "carrier-stub-1.0", 0), &command, Pace::Whole).unwrap();
    assert_eq!(
        replies.iter().map(|reply| (reply.kind.as_str(), reply.after_ms)).collect::<Vec<_>>(),
        [("ShipmentManifestedWithCarrier", 250)]
    );
}
