//! Given / when / then for `international-1.1`: what it does beyond 1.0.
//!
//! That it records the streams of 1.0 on success is shown by the journeys.

use guards::{Guard, Waiting};
use international_1_1::International;
use international_1_1::compensation::{COLLECTION_CANCELLATION_MS, LEG_CANCELLATION_MS};
use international_1_1::decisions::{ANSWER_MS, BOOKING_MS, LEG_MS, Message};
use procession_sdk::Scenario;
use procession_sdk::contract::Phase;
use procession_sdk::scenario::Exploration;
use serde_json::{Value, json};
use shipment_language::carrier::{CollectionBooked, LegManifested};
use shipment_language::collection::Booked;
use shipment_language::shipment::{Generated, Manifested};
use shipment_language::{BookCollection, Failed, Leg, ManifestedLeg, ProcessShipment};
use shipment_undoing::words::{GivenUp, NotUndone, Undone, What};

const ID: &str = "V74YCBYHC8A0";

fn process() -> Scenario<International> {
    Scenario::new(ID)
}

fn leg(carrier_id: &str) -> Leg {
    Leg { carrier_id: carrier_id.to_owned(), sender: "s".to_owned(), receiver: "r".to_owned(), collection: "k".to_owned() }
}

fn start(book_collection: BookCollection) -> Message {
    Message::ProcessShipment(ProcessShipment {
        shipment_id: None,
        legs: vec![leg("c1"), leg("c2")],
        collection_date: "2026-01-16".to_owned(),
        time_zone: "Europe/London".to_owned(),
        book_collection,
    })
}

fn manifested() -> Message {
    let manifested = |carrier_id: &str, number: &str| ManifestedLeg { leg: leg(carrier_id), tracking_number: number.to_owned() };
    Message::ShipmentManifested(Manifested { manifested_legs: vec![manifested("c1", "t0"), manifested("c2", "t1")] })
}

fn at(name: &str) -> Generated {
    Generated { document_location: format!("https://shipment-documents.net/{ID}/{name}") }
}

fn failed() -> Failed {
    Failed { failure: "f1".to_owned() }
}

fn invoice() -> Message {
    Message::CustomsInvoiceGenerated(at("customs-invoice"))
}

fn booked() -> Message {
    Message::CollectionBooked(Booked { booking_reference: "b1".to_owned() })
}

fn promise() -> LegManifested {
    LegManifested { carrier_id: "c1".to_owned(), leg_index: 0, tracking_number: "t0".to_owned() }
}

fn stays(tracking_number: &str) -> NotUndone {
    NotUndone {
        what: What::Leg,
        carrier_id: "c1".to_owned(),
        tracking_number: Some(tracking_number.to_owned()),
        booking_reference: None,
        failure: "no".to_owned(),
    }
}

fn shipment_cancelled(not_undone: &[NotUndone]) -> Message {
    Message::ShipmentCancelled(Undone { not_undone: not_undone.to_vec() })
}

fn collection_cancelled(not_undone: &[NotUndone]) -> Message {
    Message::CollectionBookingCancelled(Undone { not_undone: not_undone.to_vec() })
}

/// A process at each step of a success, the last command sent with it, and how long that may take.
fn steps() -> [(Scenario<International>, &'static str, u64); 6] {
    let invoice_asked = || process().when(start(BookCollection::AtOnce));
    let legs_asked = || invoice_asked().when(invoice());
    let labels_asked = || legs_asked().when(manifested());
    let receipt_asked = || labels_asked().when(Message::ShipmentLabelsGenerated(at("labels")));
    let combined_asked = || receipt_asked().when(Message::ShipmentReceiptGenerated(at("receipt")));
    [
        (invoice_asked(), "GenerateCustomsInvoice", ANSWER_MS),
        (legs_asked(), "ManifestShipment", 2 * LEG_MS),
        (labels_asked(), "GenerateShipmentLabels", ANSWER_MS),
        (receipt_asked(), "GenerateShipmentReceipt", ANSWER_MS),
        (combined_asked(), "GenerateCombinedDocument", ANSWER_MS),
        (before_collection(), "CreateCollectionBooking", BOOKING_MS),
    ]
}

fn before_collection() -> Scenario<International> {
    before_collection_of(BookCollection::AtOnce)
}

fn before_collection_of(book_collection: BookCollection) -> Scenario<International> {
    process()
        .when(start(book_collection))
        .when(invoice())
        .when(manifested())
        .when(Message::ShipmentLabelsGenerated(at("labels")))
        .when(Message::ShipmentReceiptGenerated(at("receipt")))
        .when(Message::ShipmentCombinedDocumentGenerated(at("combined-document")))
}

fn last(scenario: &Scenario<International>) -> Value {
    serde_json::from_str(&scenario.history().last().expect("an event").event.data).expect("JSON")
}

fn outcome(scenario: &Scenario<International>) -> Value {
    serde_json::from_str(&scenario.view().outcome.expect("an outcome")).expect("JSON")
}

#[test]
fn every_command_has_a_deadline_and_its_answer_lifts_it() {
    for (scenario, command, ms) in steps() {
        let scenario = scenario.then_expires_after(command, ms);
        let expected = if command == "GenerateCustomsInvoice" { 2 } else { 1 };
        assert_eq!(scenario.deadlines().len(), expected, "only the step at {command} is awaited");
    }
    before_collection().when(booked()).then_awaits([]);
    let eight_days = 8 * 24 * 60 * 60 * 1_000;
    let _ = before_collection_of(BookCollection::WhenScheduled).then_expires_after("CreateCollectionBooking", eight_days + BOOKING_MS);
}

#[test]
fn a_step_whose_deadline_passes_fails_and_what_was_done_is_undone() {
    for (scenario, command, _) in steps() {
        let collection = command == "CreateCollectionBooking";
        let before = scenario.history().len();
        let scenario = scenario.when_undelivered(command);
        let scenario = if collection { scenario.when(collection_cancelled(&[])) } else { scenario };
        assert_eq!(scenario.view().phase, Phase::Compensating, "{command}");
        let scenario = scenario.when(shipment_cancelled(&[])).then_records(["ManifestationCancellationCompleted", "ShipmentProcessFailed"]);
        assert_eq!(scenario.view().phase, Phase::Failed);
        assert_eq!(last(&scenario)["failure"], format!("{command}: no answer in time"));
        assert_eq!(last(&scenario)["notUndone"], json!([]));
        assert_eq!(outcome(&scenario)["trackingNumbers"], Value::Null);
        assert_eq!(scenario.history().len() - before, if collection { 6 } else { 5 });
    }
}

#[test]
fn a_failed_manifestation_cancels_the_shipment() {
    let scenario = process()
        .when(start(BookCollection::AtOnce))
        .when(invoice())
        .when(Message::ShipmentManifestationFailed(failed()))
        .then_records(["ShipmentManifestationFailed", "ManifestationAndDocumentsFailed", "ManifestationCancellationStarted"])
        .then_sends(["CancelShipment"])
        .then_awaits(["CancelShipment"])
        .then_expires_after("CancelShipment", 2 * LEG_CANCELLATION_MS);
    assert_eq!(scenario.view().phase, Phase::Compensating);
    let scenario = scenario.when(shipment_cancelled(&[]));
    assert_eq!((scenario.view().phase, scenario.view().step.as_deref()), (Phase::Failed, Some("manifestation")));
}

#[test]
fn a_failed_collection_is_cancelled_before_the_shipment() {
    for failure in [Message::CollectionBookingSubprocessFailed(failed()), Message::CollectionBookingSchedulingFailed(failed())] {
        let scenario = before_collection()
            .when(failure)
            .then_records(["CollectionBookingFailed", "CollectionCancellationStarted"])
            .then_sends(["CancelCollectionBooking"])
            .then_expires_after("CancelCollectionBooking", COLLECTION_CANCELLATION_MS)
            .when(booked())
            .then_ignored()
            .when(collection_cancelled(&[]))
            .then_records(["CollectionCancellationCompleted", "ManifestationCancellationStarted"])
            .then_sends(["CancelShipment"])
            .when(shipment_cancelled(&[]))
            .then_records(["ManifestationCancellationCompleted", "ShipmentProcessFailed"])
            .then_awaits([]);
        assert_eq!((scenario.view().phase, scenario.view().step.as_deref()), (Phase::Failed, Some("collection booking")));
    }
}

#[test]
fn a_process_can_be_cancelled_at_every_step() {
    for (scenario, command, _) in steps() {
        let scenario = scenario.when_cancelled("no longer wanted");
        let scenario = if command == "CreateCollectionBooking" {
            scenario
                .then_records(["ShipmentProcessCancellationRequested", "CollectionCancellationStarted"])
                .then_sends(["CancelCollectionBooking"])
                .when(collection_cancelled(&[]))
        } else {
            scenario.then_records(["ShipmentProcessCancellationRequested", "ManifestationCancellationStarted"])
        };
        assert_eq!(scenario.view().phase, Phase::Compensating);
        // The deadline of what was under way stays until the end: what nobody has taken yet must be withdrawn.
        let scenario = scenario.when_undelivered(command).then_ignored().when_cancelled("again").then_ignored();
        let scenario = scenario
            .when(shipment_cancelled(&[]))
            .then_records(["ManifestationCancellationCompleted", "ShipmentProcessCancelled"])
            .then_awaits([]);
        assert_eq!(scenario.view().phase, Phase::Cancelled);
        assert_eq!((&last(&scenario)["reason"], &last(&scenario)["notUndone"]), (&"no longer wanted".into(), &json!([])));
        scenario.when_cancelled("again").then_ignored();
    }
}

#[test]
fn what_has_not_begun_or_has_ended_is_not_cancelled() {
    process().when_cancelled("x").then_rejected("not-started");
    before_collection().when(booked()).when_cancelled("x").then_rejected("completed");
    let undoing = process().when(start(BookCollection::AtOnce)).when_undelivered("GenerateCustomsInvoice");
    undoing.when_cancelled("x").then_ignored().when(shipment_cancelled(&[])).when_cancelled("x").then_rejected("failed");
}

#[test]
fn what_is_not_undone_is_named_in_the_last_event_and_in_the_outcome() {
    let scenario = before_collection().when_cancelled("x").when(collection_cancelled(&[])).when(shipment_cancelled(&[stays("t0")]));
    let expected = json!([{ "what": "leg", "carrierId": "c1", "trackingNumber": "t0", "failure": "no" }]);
    assert_eq!(last(&scenario)["notUndone"], expected);
    assert_eq!(outcome(&scenario)["notUndone"], expected);
    assert_eq!(outcome(&before_collection()).get("notUndone"), None, "nothing is said of it before");
}

#[test]
fn a_subprocess_that_does_not_answer_its_cancellation_leaves_everything_on_the_list() {
    let scenario = before_collection()
        .when_cancelled("x")
        .when_undelivered("CancelCollectionBooking")
        .then_records(["CollectionCancellationFailed", "ManifestationCancellationStarted"])
        .when_undelivered("CancelShipment")
        .then_records(["ManifestationCancellationFailed", "ShipmentProcessCancelled"]);
    let list = &last(&scenario)["notUndone"];
    assert_eq!(
        (&list[0]["what"], &list[1]["trackingNumber"], &list[2]["trackingNumber"]),
        (&"collection".into(), &"t0".into(), &"t1".into())
    );
    // It answers after all, and the list is what it says.
    let scenario = scenario.when(shipment_cancelled(&[])).then_records(["NotUndoneRevised"]).when(collection_cancelled(&[]));
    assert_eq!(outcome(&scenario).get("notUndone"), None);
    assert_eq!(scenario.view().phase, Phase::Cancelled);
    let unknown = process().when(start(BookCollection::AtOnce)).when(invoice()).when_cancelled("x").when_undelivered("CancelShipment");
    assert_eq!(outcome(&unknown)["notUndone"].as_array().map(Vec::len), Some(2), "each leg may have been taken");
    let before = process().when(start(BookCollection::AtOnce)).when_cancelled("x").when_undelivered("CancelShipment");
    assert_eq!(outcome(&before).get("notUndone"), None, "no carrier was asked");
}

#[test]
fn news_about_what_is_not_undone_changes_the_list_and_nothing_else() {
    let given_up = Message::ShipmentLegCancellationFailed(GivenUp { promise: promise(), failure: "no".to_owned() });
    for (scenario, phase) in [
        (before_collection(), Phase::Running),
        (before_collection().when(booked()), Phase::Completed),
        (process().when(start(BookCollection::AtOnce)).when_cancelled("x").when(shipment_cancelled(&[])), Phase::Cancelled),
    ] {
        let scenario = scenario.when(given_up.clone()).then_records(["NotUndoneRevised"]);
        assert_eq!(outcome(&scenario)["notUndone"][0]["trackingNumber"], "t0");
        let scenario = scenario.when(given_up.clone()).then_ignored();
        let scenario = scenario.when(Message::ShipmentLegCancelled(promise())).then_records(["NotUndoneRevised"]);
        assert_eq!((outcome(&scenario).get("notUndone"), scenario.view().phase), (None, phase));
    }
}

#[test]
fn what_an_older_subprocess_brings_about_after_the_end_is_on_the_list() {
    let ended = || before_collection().when_cancelled("x").when_undelivered("CancelCollectionBooking").when(shipment_cancelled(&[]));
    let scenario = ended().when(booked()).then_records(["NotUndoneRevised"]);
    assert_eq!(outcome(&scenario)["notUndone"][0]["bookingReference"], "b1");
    let scenario = ended().when(manifested()).then_records(["NotUndoneRevised"]);
    assert_eq!(outcome(&scenario)["notUndone"].as_array().map(Vec::len), Some(3));
}

#[test]
fn every_trigger_in_every_state_does_no_harm() {
    let booking = CollectionBooked { carrier_id: "c1".to_owned(), booking_reference: "b1".to_owned() };
    let undoing = [
        collection_cancelled(&[]),
        shipment_cancelled(&[]),
        shipment_cancelled(&[stays("t0")]),
        Message::ShipmentLegCancellationFailed(GivenUp { promise: promise(), failure: "no".to_owned() }),
        Message::ShipmentLegCancelled(promise()),
        Message::BookedCollectionCancellationFailed(GivenUp { promise: booking.clone(), failure: "no".to_owned() }),
        Message::BookedCollectionCancelled(booking),
    ];
    let guard = Guard {
        after_completed: &["NotUndoneRevised"],
        after_failed: &["NotUndoneRevised"],
        after_cancelled: &["NotUndoneRevised"],
        for_each_promise: &[],
        any_number: &["NotUndoneRevised"],
        waiting: Waiting::WithinLimits,
    };
    assert_eq!(guard.walk_process(process(), undoing), Exploration { states: 2945, offers: 502_894, accepted: 73_332 });
}
