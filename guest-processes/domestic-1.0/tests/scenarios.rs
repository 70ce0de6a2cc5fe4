//! Given / when / then for `domestic-1.0`.

use domestic_1_0::Domestic;
use domestic_1_0::decisions::{Command, Message};
use domestic_1_0::state::Event;
use guards::Guard;
use procession_sdk::Scenario;
use procession_sdk::contract::Phase;
use procession_sdk::scenario::Exploration;
use shipment_language::collection::Booked;
use shipment_language::shipment::{Generated, Manifested};
use shipment_language::{BookCollection, Failed, Leg, ManifestedLeg, ProcessShipment};

const ID: &str = "12EEQ9CS9K10";

fn process() -> Scenario<Domestic> {
    Scenario::new(ID)
}

fn leg() -> Leg {
    Leg { carrier_id: "c1".to_owned(), sender: "s".to_owned(), receiver: "r".to_owned(), collection: "k".to_owned() }
}

fn start() -> Message {
    Message::ProcessShipment(ProcessShipment {
        shipment_id: None,
        legs: vec![leg()],
        collection_date: "2026-01-16".to_owned(),
        time_zone: "Europe/London".to_owned(),
        book_collection: BookCollection::AtOnce,
    })
}

fn manifested() -> Message {
    Message::ShipmentManifested(Manifested { manifested_legs: vec![ManifestedLeg { leg: leg(), tracking_number: "t1".to_owned() }] })
}

fn at(name: &str) -> Generated {
    Generated { document_location: format!("https://shipment-documents.net/{ID}/{name}") }
}

fn failed() -> Failed {
    Failed { failure: "f1".to_owned() }
}

fn booked() -> Message {
    Message::CollectionBooked(Booked { booking_reference: "b1".to_owned() })
}

fn before_collection() -> Scenario<Domestic> {
    process()
        .when(start())
        .when(manifested())
        .when(Message::ShipmentLabelsGenerated(at("labels")))
        .when(Message::ShipmentReceiptGenerated(at("receipt")))
        .when(Message::ShipmentCombinedDocumentGenerated(at("combined-document")))
}

#[test]
fn a_start_creates_the_shipment_and_then_has_it_manifested() {
    let scenario = process()
        .when(start())
        .then_records(["ShipmentProcessStarted", "ManifestationAndDocumentsStarted", "ShipmentManifestationStarted"])
        .then_sends(["CreateShipment", "ManifestShipment"]);
    assert_eq!(scenario.view().phase, Phase::Running);
    assert_eq!(scenario.view().step.as_deref(), Some("manifestation"));
}

#[test]
fn documents_are_made_one_after_another() {
    process()
        .when(start())
        .when(manifested())
        .then_records(["ShipmentManifestationCompleted", "ShipmentLabelsGenerationStarted"])
        .then_sends(["GenerateShipmentLabels"])
        .when(Message::ShipmentLabelsGenerated(at("labels")))
        .then_records(["ShipmentLabelsGenerationCompleted", "ReceiptGenerationStarted"])
        .then_sends(["GenerateShipmentReceipt"])
        .when(Message::ShipmentReceiptGenerated(at("receipt")))
        .then_records(["ReceiptGenerationCompleted", "CombinedDocumentGenerationStarted"])
        .then_sends(["GenerateCombinedDocument"])
        .when(Message::ShipmentCombinedDocumentGenerated(at("combined-document")))
        .then_records(["CombinedDocumentGenerationCompleted", "ManifestationAndDocumentsCompleted", "CollectionBookingStarted"])
        .then_sends(["CreateCollectionBooking"]);
}

#[test]
fn a_booked_collection_completes_the_process() {
    let scenario = before_collection()
        .when(booked())
        .then_records(["CollectionBookingCompleted", "ShipmentProcessCompletionChecked", "ShipmentProcessCompleted"])
        .then_sends([]);
    assert_eq!((scenario.view().phase, scenario.history().len()), (Phase::Completed, 15));
    assert_eq!(scenario.view().step.as_deref(), Some("completed"));
}

#[test]
fn the_collection_is_booked_with_the_first_manifested_leg() {
    let scenario = before_collection();
    let [Command::CreateCollectionBooking(booking)] = &scenario.commands()[..] else { panic!("one command") };
    assert_eq!((booking.collection_leg.leg.clone(), booking.collection_leg.tracking_number.as_str()), (leg(), "t1"));
    assert_eq!((booking.collection_date.as_str(), booking.time_zone.as_str()), ("2026-01-16", "Europe/London"));
}

#[test]
fn without_a_manifested_leg_no_collection_is_booked() {
    let empty = Event::ShipmentManifestationCompleted { manifested_legs: Vec::new() };
    let scenario = process()
        .when(start())
        .given([empty, Event::CombinedDocumentGenerationStarted])
        .when(Message::ShipmentCombinedDocumentGenerated(at("combined-document")))
        .then_records([
            "CombinedDocumentGenerationCompleted",
            "ManifestationAndDocumentsCompleted",
            "CollectionBookingFailed",
            "ShipmentProcessFailed",
        ])
        .then_sends([]);
    assert_eq!(scenario.view().phase, Phase::Failed);
}

#[test]
fn a_failed_manifestation_fails_the_process() {
    let scenario = process()
        .when(start())
        .when(Message::ShipmentManifestationFailed(failed()))
        .then_records(["ShipmentManifestationFailed", "ManifestationAndDocumentsFailed", "ShipmentProcessFailed"])
        .then_sends([])
        .when(Message::ShipmentManifestationFailed(failed()))
        .then_ignored()
        .when(manifested())
        .then_ignored();
    assert_eq!(scenario.view().phase, Phase::Failed);
    assert_eq!(scenario.view().step.as_deref(), Some("manifestation"));
}

#[test]
fn a_failed_collection_fails_the_process_until_it_is_booked_after_all() {
    for failure in [Message::CollectionBookingSubprocessFailed(failed()), Message::CollectionBookingSchedulingFailed(failed())] {
        let scenario = before_collection()
            .when(failure.clone())
            .then_records(["CollectionBookingFailed", "ShipmentProcessFailed"])
            .then_sends([])
            .when(failure)
            .then_ignored();
        assert_eq!(scenario.view().phase, Phase::Failed);
        let scenario = scenario.when(booked()).then_records([
            "CollectionBookingCompleted",
            "ShipmentProcessCompletionChecked",
            "ShipmentProcessCompleted",
        ]);
        assert_eq!((scenario.view().phase, scenario.history().len()), (Phase::Completed, 17));
        scenario.when(Message::CollectionBookingSubprocessFailed(failed())).then_ignored();
    }
}

#[test]
fn the_outcome_is_null_where_nothing_exists_yet() {
    assert_eq!(process().view().outcome, None);
    let outcome = process().when(start()).view().outcome.expect("an outcome");
    assert_eq!(
        outcome,
        r#"{"shipmentId":"12EEQ9CS9K10","processCategory":"domestic-1.0","collectionDate":"2026-01-16","timeZone":"Europe/London","trackingNumbers":null,"collectionBookingReference":null,"documents":{"labels":null,"customsInvoice":null,"receipt":null,"combinedDocument":null}}"#
    );
}

#[test]
fn every_event_carries_the_shipment_and_the_category() {
    for recorded in process().when(start()).history() {
        let data: serde_json::Value = serde_json::from_str(&recorded.event.data).expect("JSON");
        assert_eq!((&data["shipmentId"], &data["processCategory"]), (&ID.into(), &"domestic-1.0".into()), "{}", recorded.event.kind);
    }
}

#[test]
fn a_wrong_start_is_refused_and_the_field_is_named() {
    let leg = r#"{"carrierId":"c","sender":"s","receiver":"r","collection":"k"}"#;
    for (data, code, field) in [
        ("null".to_owned(), "invalid-data", "null"),
        (r#"{"legs":[],"collectionDate":"2026-01-16","timeZone":"z"}"#.to_owned(), "no-legs", "legs:"),
        (r#"{"legs":[{"sender":"s"}],"collectionDate":"2026-01-16","timeZone":"z"}"#.to_owned(), "invalid-data", "legs[0].carrierId:"),
        (r#"{"legs":7,"collectionDate":"2026-01-16","timeZone":"z"}"#.to_owned(), "invalid-data", "legs:"),
        (format!(r#"{{"legs":[{leg}],"collectionDate":"soon","timeZone":"z"}}"#), "invalid-collection-date", "collectionDate:"),
        (
            format!(r#"{{"legs":[{leg}],"collectionDate":"2026-01-16","timeZone":"z","bookCollection":"never"}}"#),
            "invalid-data",
            "bookCollection",
        ),
    ] {
        let scenario = process().when_text("ProcessShipment", &data).then_rejected(code).then_records([]);
        let (_, message) = scenario.rejection().expect("a rejection");
        assert!(message.contains(field), "{message}");
    }
    process().when_text("Start", "null").then_rejected("unknown-kind");
}

#[test]
fn what_does_not_apply_is_turned_down_with_a_reason() {
    process().when(booked()).then_rejected("not-started");
    process()
        .when(start())
        .when(start())
        .then_ignored()
        .when(booked())
        .then_ignored()
        .when(Message::ShipmentLabelsGenerated(at("labels")))
        .then_ignored()
        .when_cancelled("no longer wanted")
        .then_rejected("cancel-not-supported")
        .when_dropped("CreateShipment", "{}")
        .then_rejected("undelivered-not-supported")
        .when_migrated("domestic-0.9")
        .then_ignored()
        .then_records([]);
}

#[test]
fn nothing_that_can_come_breaks_it() {
    let messages =
        [manifested(), booked(), Message::ShipmentLabelsGenerated(at("l")), Message::CollectionBookingSchedulingFailed(failed())];
    let samples: Vec<_> = messages.iter().map(|message| procession_sdk::wire::write(message).expect("a message")).collect();
    let samples: Vec<(&str, &str)> = samples.iter().map(|(kind, data)| (*kind, data.as_str())).collect();
    let stages = [
        process(),
        process().when(start()),
        process().when(start()).when(manifested()),
        process().when(start()).when(Message::ShipmentManifestationFailed(failed())),
        before_collection(),
        before_collection().when(Message::CollectionBookingSubprocessFailed(failed())),
        before_collection().when(booked()),
    ];
    for stage in stages {
        assert!(stage.then_survives_every_trigger(&samples) > 40);
    }
}

#[test]
fn every_trigger_in_every_state_does_no_harm() {
    assert_eq!(Guard::PROCESS.walk_process(process(), []), Exploration { states: 23, offers: 2367, accepted: 192 });
}
