//! Given / when / then for `manifestation-and-documents-1.1`: what it does beyond 1.0.
//!
//! That it records the streams of 1.0 for the commands of 1.0 is shown by the journeys.

use guards::{Guard, Waiting};
use manifestation_and_documents_1_1::Shipment;
use manifestation_and_documents_1_1::decisions::{Command, Message};
use procession_sdk::Scenario;
use procession_sdk::contract::Phase;
use procession_sdk::scenario::Exploration;
use shipment_language::Leg;
use shipment_language::carrier::{LegFailed, LegManifested};
use shipment_language::shipment::CreateShipment;
use shipment_undoing::words::{Cancel, Refused};
use shipment_undoing::{ANSWER_MS, ATTEMPTS_MAX};

const MANIFEST: &str = "ManifestShipmentWithCarrier";
const CANCEL: &str = "CancelShipmentWithCarrier";
const TIMER: &str = "cancel-leg";

fn leg(carrier_id: &str) -> Leg {
    Leg { carrier_id: carrier_id.to_owned(), sender: "s".to_owned(), receiver: "r".to_owned(), collection: "k".to_owned() }
}

fn create() -> Message {
    Message::CreateShipment(CreateShipment { legs: vec![leg("c1"), leg("c2")] })
}

fn promise(leg_index: usize, tracking_number: &str) -> LegManifested {
    LegManifested { carrier_id: format!("c{}", leg_index + 1), leg_index, tracking_number: tracking_number.to_owned() }
}

fn taken(leg_index: usize) -> Message {
    Message::ShipmentManifestedWithCarrier(promise(leg_index, &format!("t{leg_index}")))
}

fn taken_as(leg_index: usize, tracking_number: &str) -> Message {
    Message::ShipmentManifestedWithCarrier(promise(leg_index, tracking_number))
}

fn declined(leg_index: usize) -> Message {
    let carrier_id = format!("c{}", leg_index + 1);
    Message::ShipmentCarrierManifestationFailed(LegFailed { carrier_id, leg_index, failure: "f".to_owned() })
}

fn taken_back(leg_index: usize, tracking_number: &str) -> Message {
    Message::ShipmentCancelledWithCarrier(promise(leg_index, tracking_number))
}

fn refused(leg_index: usize, tracking_number: &str, attempt: u32) -> Message {
    let promise = promise(leg_index, tracking_number);
    Message::ShipmentCarrierCancellationFailed(Refused { promise, attempt, failure: "no".to_owned() })
}

fn cancel() -> Message {
    Message::CancelShipment(Cancel { reason: "no longer wanted".to_owned() })
}

fn first_leg_asked() -> Scenario<Shipment> {
    Scenario::new("V74YCBYHC8A0").when(create()).when(Message::ManifestShipment)
}

fn second_leg_asked() -> Scenario<Shipment> {
    first_leg_asked().when(taken(0))
}

fn manifested() -> Scenario<Shipment> {
    second_leg_asked().when(taken(1))
}

/// Takes the leg that is being cancelled back at once.
fn undo(scenario: Scenario<Shipment>) -> Scenario<Shipment> {
    let [Command::CancelShipmentWithCarrier(asked)] = &scenario.commands()[..] else { panic!("one leg to take back") };
    let promise = asked.promise.clone();
    scenario.when(Message::ShipmentCancelledWithCarrier(promise))
}

#[test]
fn every_question_to_a_carrier_has_a_deadline_that_its_answer_lifts() {
    first_leg_asked()
        .then_awaits([MANIFEST])
        .then_expires_after(MANIFEST, ANSWER_MS)
        .when(taken(0))
        .then_awaits([MANIFEST])
        .when(taken(1))
        .then_awaits([]);
    first_leg_asked().when(declined(0)).then_awaits([]);
}

#[test]
fn a_silent_carrier_is_asked_once_more_and_then_the_manifestation_fails() {
    let scenario = second_leg_asked()
        .when_undelivered(MANIFEST)
        .then_records(["ShipmentLegManifestationRepeated"])
        .then_sends([MANIFEST])
        .then_awaits([MANIFEST])
        .when_undelivered(MANIFEST)
        .then_records(["ShipmentLegManifestationFailed", "ShipmentManifestationFailed"])
        .then_sends([])
        .then_awaits([]);
    assert!(scenario.history().last().expect("an event").event.data.contains("no answer in time"));
    assert_eq!(scenario.view().phase, Phase::Failed);
}

#[test]
fn a_carrier_that_answers_the_second_question_has_taken_the_leg() {
    second_leg_asked().when_undelivered(MANIFEST).when(taken(1)).then_records(["ShipmentLegManifested", "ShipmentManifested"]);
}

#[test]
fn a_leg_that_is_taken_twice_is_kept_once_and_the_other_promise_is_undone() {
    let scenario = second_leg_asked()
        .when_undelivered(MANIFEST)
        .when(taken(1))
        .when(taken_as(1, "late"))
        .then_records(["ShipmentLegManifestedLate", "ShipmentLegCancellationStarted"])
        .then_sends([CANCEL]);
    let scenario = undo(scenario).then_records(["ShipmentLegCancelled"]);
    assert_eq!(scenario.view().step.as_deref(), Some("documents"));
    scenario.when(taken_as(1, "late")).then_ignored().when(taken(1)).then_ignored();
}

#[test]
fn a_leg_that_is_taken_after_the_manifestation_has_failed_is_undone() {
    let failed = second_leg_asked().when_undelivered(MANIFEST).when_undelivered(MANIFEST);
    let late = failed.when(taken(1)).then_records(["ShipmentLegManifestedLate", "ShipmentLegCancellationStarted"]).then_awaits([CANCEL]);
    assert_eq!(late.view().phase, Phase::Compensating);
    let undone = undo(late).then_records(["ShipmentLegCancelled"]).then_awaits([]);
    assert_eq!(undone.view().phase, Phase::Failed);
}

#[test]
fn manifested_legs_are_taken_back_one_after_another_the_last_one_first() {
    let scenario = manifested().when(cancel()).then_records(["ShipmentCancellationStarted", "ShipmentLegCancellationStarted"]);
    assert_eq!(scenario.view().phase, Phase::Compensating);
    let [Command::CancelShipmentWithCarrier(asked)] = &scenario.commands()[..] else { panic!("one command") };
    assert_eq!((&asked.promise, asked.attempt), (&promise(1, "t1"), 1));
    let scenario = scenario
        .when(cancel())
        .then_ignored()
        .when(taken_back(1, "t1"))
        .then_records(["ShipmentLegCancelled", "ShipmentLegCancellationStarted"])
        .when(taken_back(0, "t0"))
        .then_records(["ShipmentLegCancelled", "ShipmentCancelled"])
        .then_awaits([]);
    assert_eq!(scenario.history().last().expect("an event").event.data, r#"{"shipmentId":"V74YCBYHC8A0","notUndone":[]}"#);
    assert_eq!(scenario.view().phase, Phase::Cancelled);
}

#[test]
fn a_shipment_without_a_manifested_leg_is_cancelled_at_once() {
    for scenario in [Scenario::<Shipment>::new("P").when(create()), first_leg_asked().when(declined(0))] {
        scenario
            .when(cancel())
            .then_records(["ShipmentCancellationStarted", "ShipmentCancelled"])
            .when(Message::ManifestShipment)
            .then_rejected("cancelled")
            .when(Message::GenerateCustomsInvoice)
            .then_rejected("cancelled");
    }
}

#[test]
fn the_leg_under_way_is_awaited_and_undone_first() {
    let waiting = second_leg_asked().when(cancel()).then_records(["ShipmentCancellationStarted"]).then_sends([]).then_awaits([MANIFEST]);
    let scenario = waiting.when(taken(1)).then_records(["ShipmentLegManifestedLate", "ShipmentLegCancellationStarted"]);
    let scenario = undo(scenario).then_records(["ShipmentLegCancelled", "ShipmentLegCancellationStarted"]);
    undo(scenario).then_records(["ShipmentLegCancelled", "ShipmentCancelled"]);
}

#[test]
fn a_leg_under_way_that_comes_to_nothing_does_not_hold_the_cancellation_up() {
    let waiting = || second_leg_asked().when(cancel());
    for scenario in [waiting().when(declined(1)), waiting().when_undelivered(MANIFEST)] {
        let scenario = scenario.then_records(["ShipmentLegManifestationFailed", "ShipmentLegCancellationStarted"]).then_awaits([CANCEL]);
        let scenario = undo(scenario).then_records(["ShipmentLegCancelled", "ShipmentCancelled"]);
        let late = scenario.when(taken(1)).then_records(["ShipmentLegManifestedLate", "ShipmentLegCancellationStarted"]);
        assert_eq!(undo(late).then_records(["ShipmentLegCancelled"]).view().phase, Phase::Cancelled);
    }
}

#[test]
fn a_refused_cancellation_is_tried_again_after_growing_pauses() {
    let mut scenario = second_leg_asked().when(declined(1)).when(cancel());
    let mut pauses = Vec::new();
    for attempt in 1..ATTEMPTS_MAX {
        scenario = scenario.when(refused(0, "t0", attempt)).then_records(["ShipmentLegCancellationPutOff"]).then_awaits([]);
        pauses.push(scenario.timers()[0].at - scenario.history().last().expect("an event").time);
        scenario = scenario
            .when(refused(0, "t0", attempt))
            .then_ignored()
            .when_timer(TIMER)
            .then_records(["ShipmentLegCancellationStarted"])
            .then_sends([CANCEL])
            .then_awaits([CANCEL]);
    }
    assert_eq!(pauses, [1_000, 2_000, 4_000]);
    undo(scenario).then_records(["ShipmentLegCancelled", "ShipmentCancelled"]);
}

#[test]
fn what_cannot_be_taken_back_is_named_at_the_end() {
    let mut scenario = second_leg_asked().when(declined(1)).when(cancel());
    for attempt in 1..ATTEMPTS_MAX {
        // A refusal, and silence.
        let failed = if attempt == 1 { scenario.when(refused(0, "t0", attempt)) } else { scenario.when_undelivered(CANCEL) };
        scenario = failed.then_records(["ShipmentLegCancellationPutOff"]).when_timer(TIMER);
    }
    let scenario =
        scenario.when(refused(0, "t0", ATTEMPTS_MAX)).then_records(["ShipmentLegCancellationFailed", "ShipmentCancelled"]).then_awaits([]);
    assert!(scenario.timers().is_empty());
    assert_eq!(
        scenario.history().last().expect("an event").event.data,
        r#"{"shipmentId":"V74YCBYHC8A0","notUndone":[{"what":"leg","carrierId":"c1","trackingNumber":"t0","failure":"no"}]}"#
    );
    scenario.when(taken_back(0, "t0")).then_records(["ShipmentLegCancelled"]).when(taken_back(0, "t0")).then_ignored();
}

#[test]
fn an_answer_to_an_earlier_attempt_counts_when_it_is_the_wanted_one() {
    let paused = second_leg_asked().when(declined(1)).when(cancel()).when_undelivered(CANCEL);
    let scenario = paused.when(taken_back(0, "t0")).then_records(["ShipmentLegCancelled", "ShipmentCancelled"]);
    assert!(scenario.timers().is_empty());
    let again = second_leg_asked().when(declined(1)).when(cancel()).when_undelivered(CANCEL).when_timer(TIMER);
    again.when(refused(0, "t0", 1)).then_ignored().when(taken_back(0, "t0")).then_records(["ShipmentLegCancelled", "ShipmentCancelled"]);
}

#[test]
fn a_command_that_an_operator_drops_counts_as_silence() {
    let asked = first_leg_asked();
    let data = asked.sent()[0].data.clone();
    asked
        .when_dropped(MANIFEST, &data)
        .then_records(["ShipmentLegManifestationRepeated"])
        .then_awaits([MANIFEST])
        .when_dropped(MANIFEST, "{}")
        .then_ignored()
        .when_dropped(MANIFEST, &data)
        .then_records(["ShipmentLegManifestationFailed", "ShipmentManifestationFailed"])
        .when_dropped(MANIFEST, &data)
        .then_ignored();
}

#[test]
fn every_trigger_in_every_state_does_no_harm() {
    let messages = [
        create(),
        Message::GenerateCustomsInvoice,
        Message::ManifestShipment,
        Message::GenerateShipmentLabels,
        Message::GenerateShipmentReceipt,
        Message::GenerateCombinedDocument,
        cancel(),
        taken(0),
        taken(1),
        taken_as(1, "late"),
        // From the wrong carrier, about a leg that there is not.
        Message::ShipmentManifestedWithCarrier(LegManifested { carrier_id: "c2".to_owned(), ..promise(0, "t0") }),
        taken(9),
        declined(0),
        declined(1),
        taken_back(0, "t0"),
        taken_back(1, "t1"),
        taken_back(1, "late"),
        taken_back(1, "t0"),
        refused(0, "t0", 1),
        refused(0, "t0", 4),
        refused(1, "t1", 1),
        refused(1, "late", 4),
    ];
    let guard = Guard {
        after_completed: &[
            "CustomsInvoiceGenerated",
            "ShipmentReceiptGenerated",
            "ShipmentLegManifestedLate",
            "ShipmentLegCancellationStarted",
            "ShipmentLegCancelled",
            "ShipmentCancellationStarted",
        ],
        after_failed: &[
            "ShipmentLegManifestedLate",
            "ShipmentLegCancellationStarted",
            "ShipmentLegCancelled",
            "ShipmentCancellationStarted",
            "ShipmentCancelled",
        ],
        after_cancelled: &["ShipmentLegManifestedLate", "ShipmentLegCancellationStarted", "ShipmentLegCancelled"],
        for_each_promise: &[
            "ShipmentLegManifestedLate",
            "ShipmentLegCancellationStarted",
            "ShipmentLegCancellationPutOff",
            "ShipmentLegCancelled",
            "ShipmentLegCancellationFailed",
        ],
        any_number: &[],
        waiting: Waiting::ForItsProcess(&["initialized", "documents"]),
    };
    assert_eq!(guard.walk(Scenario::<Shipment>::new("P"), &messages), Exploration { states: 1764, offers: 258_156, accepted: 18_340 });
}
