//! What the shipments of `international-1.1` leave behind that cannot be finished, or are cancelled.

use carrier_stub_1_1::CarrierStub;
use collection_booking_1_1::Collection;
use international_1_1::International;
use manifestation_and_documents_1_1::Shipment;
use procession_sdk::contract::Phase;
use serde_json::{Value, json};

use crate::host::Host;
use crate::host::carriers::Travel;
use crate::{COLLECTION, CUSTOMS, LEG, process_until};

const SECOND_LEG_FAILED: [&str; 2] = ["ShipmentLegManifestationFailed", "ShipmentManifestationFailed"];
const LEG_UNDONE: [&str; 2] = ["ShipmentLegCancellationStarted", "ShipmentLegCancelled"];

pub(crate) fn shipment(id: &str) -> Host {
    Host::new(id).with::<International>().with::<Shipment>().with::<Collection>().carriers::<CarrierStub>(Travel::Straight)
}

fn post(id: &str) -> Host {
    shipment(id).post("Start", "null")
}

/// What stands at the end: failed or cancelled, nothing under way, and with the carriers only what is named.
fn ended(host: &Host, end: &str, phase: Phase) -> Vec<Value> {
    assert_eq!(host.kinds("Process").last(), Some(&end));
    assert_eq!(host.view("Process").phase, phase);
    assert_eq!(host.under_way(), Vec::<&str>::new());
    let list = host.data("Process")[end]["notUndone"].as_array().cloned().expect("a list");
    let named: Vec<&str> =
        list.iter().filter_map(|entry| entry["trackingNumber"].as_str().or(entry["bookingReference"].as_str())).collect();
    assert_eq!(named, host.carriers_after().promises.iter().collect::<Vec<_>>(), "with the carriers is what is named, and nothing else");
    list
}

/// The process until its second leg fails.
fn until_manifestation() -> Vec<&'static str> {
    process_until(&CUSTOMS, "ShipmentManifestationCompleted")
}

fn shipment_until_second_leg() -> Vec<&'static str> {
    [&["ShipmentInitialized", "CustomsInvoiceGenerated"][..], &LEG, &LEG[..1]].concat()
}

/// What follows in the process when the manifestation fails.
const MANIFESTATION_UNDONE: [&str; 5] = [
    "ShipmentManifestationFailed",
    "ManifestationAndDocumentsFailed",
    "ManifestationCancellationStarted",
    "ManifestationCancellationCompleted",
    "ShipmentProcessFailed",
];

#[test]
fn a_declined_second_leg_takes_the_first_one_back() {
    let host = post("V74YCBYHC8A0-declined");
    assert_eq!(host.kinds("Process"), [&until_manifestation()[..], &MANIFESTATION_UNDONE].concat());
    let undone = ["ShipmentCancellationStarted", LEG_UNDONE[0], LEG_UNDONE[1], "ShipmentCancelled"];
    assert_eq!(host.kinds("Shipment"), [&shipment_until_second_leg()[..], &SECOND_LEG_FAILED, &undone].concat());
    assert!(ended(&host, "ShipmentProcessFailed", Phase::Failed).is_empty());
    assert_eq!((host.phases.as_slice(), host.elapsed()), (&[Phase::Running, Phase::Compensating, Phase::Failed][..], 1_500));
}

#[test]
fn last_digit_1_has_nothing_to_take_back() {
    let host = post("V74YCBYHC8A1");
    assert_eq!(host.kinds("Process"), [&until_manifestation()[..], &MANIFESTATION_UNDONE].concat());
    assert!(host.kinds("Shipment").ends_with(&["ShipmentManifestationFailed", "ShipmentCancellationStarted", "ShipmentCancelled"]));
    assert!(ended(&host, "ShipmentProcessFailed", Phase::Failed).is_empty());
    assert_eq!(host.elapsed(), 500);
}

#[test]
fn last_digit_2_takes_both_legs_back_the_last_one_first() {
    let host = post("V74YCBYHC8A2");
    let undone = [
        "CollectionBookingFailed",
        "CollectionCancellationStarted",
        "CollectionCancellationCompleted",
        "ManifestationCancellationStarted",
        "ManifestationCancellationCompleted",
        "ShipmentProcessFailed",
    ];
    assert_eq!(host.kinds("Process"), [&process_until(&CUSTOMS, "CollectionBookingCompleted")[..], &undone].concat());
    let cancelled = ["CollectionBookingSubprocessFailed", "CollectionBookingCancellationStarted", "CollectionBookingCancelled"];
    assert_eq!(host.kinds("Collection"), [&COLLECTION[..], &cancelled].concat());
    let manifested: Vec<Value> = host.data("Shipment")["ShipmentManifested"]["manifestedLegs"].as_array().cloned().expect("legs");
    let numbers: Vec<&str> = manifested.iter().rev().filter_map(|leg| leg["trackingNumber"].as_str()).collect();
    assert_eq!(host.carriers_after().taken_back, numbers, "in reverse order");
    assert!(ended(&host, "ShipmentProcessFailed", Phase::Failed).is_empty());
}

#[test]
fn last_digit_3_takes_the_late_booking_back_as_well() {
    let host = post("V74YCBYHC8A3");
    assert!(host.kinds("Collection").ends_with(&[
        "CollectionBookingCancelled",
        "CollectionBookedLate",
        "BookedCollectionCancellationStarted",
        "BookedCollectionCancelled"
    ]));
    assert!(ended(&host, "ShipmentProcessFailed", Phase::Failed).is_empty());
    assert_eq!(host.carriers_after().taken_back.len(), 3);
}

#[test]
fn a_silent_second_leg_is_asked_again_and_then_the_first_one_is_taken_back() {
    let host = post("V74YCBYHC8A0-silent");
    let asked_again = ["ShipmentLegManifestationRepeated"];
    let undone = ["ShipmentCancellationStarted", LEG_UNDONE[0], LEG_UNDONE[1], "ShipmentCancelled"];
    assert_eq!(host.kinds("Shipment"), [&shipment_until_second_leg()[..], &asked_again, &SECOND_LEG_FAILED, &undone].concat());
    assert_eq!(host.kinds("Process"), [&until_manifestation()[..], &MANIFESTATION_UNDONE].concat());
    assert!(ended(&host, "ShipmentProcessFailed", Phase::Failed).is_empty());
    assert_eq!(host.elapsed(), 500 + 2 * 10_000 + 500);
}

#[test]
fn a_late_second_leg_is_taken_back_each_time_it_comes() {
    let host = post("V74YCBYHC8A0-late");
    let late = ["ShipmentLegManifestedLate", LEG_UNDONE[0], LEG_UNDONE[1]];
    assert!(host.kinds("Shipment").ends_with(&[&["ShipmentCancelled"][..], &late, &late].concat()), "{:?}", host.kinds("Shipment"));
    assert!(ended(&host, "ShipmentProcessFailed", Phase::Failed).is_empty());
    assert_eq!(host.carriers_after().taken_back.len(), 3);
}

#[test]
fn a_stubborn_carrier_takes_its_leg_back_at_the_third_attempt() {
    let host = post("V74YCBYHC8A0-stubborn");
    let put_off = ["ShipmentLegCancellationStarted", "ShipmentLegCancellationPutOff"];
    let undone = [&["ShipmentCancellationStarted"][..], &put_off, &put_off, &LEG_UNDONE, &["ShipmentCancelled"]].concat();
    assert_eq!(host.kinds("Shipment"), [&shipment_until_second_leg()[..], &SECOND_LEG_FAILED, &undone].concat());
    assert!(ended(&host, "ShipmentProcessFailed", Phase::Failed).is_empty());
    assert_eq!(host.elapsed(), 1_000 + 3 * 500 + 1_000 + 2_000);
}

#[test]
fn a_carrier_that_never_takes_its_leg_back_is_named() {
    for (word, failure, elapsed) in
        [("stuck", None, 1_000 + 4 * 500 + 7_000), ("mute", Some("no answer in time"), 1_000 + 4 * 10_000 + 7_000)]
    {
        let host = post(&format!("V74YCBYHC8A0-{word}"));
        assert!(host.kinds("Shipment").ends_with(&[
            "ShipmentLegCancellationStarted",
            "ShipmentLegCancellationFailed",
            "ShipmentCancelled"
        ]));
        let list = ended(&host, "ShipmentProcessFailed", Phase::Failed);
        assert_eq!((list.len(), &list[0]["what"]), (1, &json!("leg")));
        assert_eq!(list[0]["carrierId"], "c62bee76-3e7a-4ce3-87dd-a5eb11678815");
        assert!(failure.is_none_or(|failure| list[0]["failure"] == failure), "{list:?}");
        let outcome: Value = serde_json::from_str(&host.view("Process").outcome.expect("an outcome")).expect("JSON");
        assert_eq!((&outcome["notUndone"], &outcome["trackingNumbers"]), (&Value::from(list), &Value::Null));
        assert_eq!(host.elapsed(), elapsed);
    }
}

#[test]
fn a_collection_that_nobody_answers_ends_by_its_deadline() {
    let host = post("V74YCBYHC8A0-uncollected");
    let cancelled = [
        "CollectionBookingRepeated",
        "CollectionBookingSubprocessFailed",
        "CollectionBookingCancellationStarted",
        "CollectionBookingCancelled",
    ];
    assert_eq!(host.kinds("Collection"), [&COLLECTION[..], &cancelled].concat());
    assert!(ended(&host, "ShipmentProcessFailed", Phase::Failed).is_empty());
    assert_eq!(host.carriers_after().taken_back.len(), 2);
}

#[test]
fn a_shipment_can_be_cancelled_at_any_moment_and_nothing_stays() {
    // Legs are manifested after 500 and 1,000 ms, the collection is booked after 1,500.
    for ms in [0, 1, 250, 499, 500, 501, 750, 999, 1_000, 1_001, 1_250, 1_499] {
        let host = shipment("V74YCBYHC8A0").cancel_after(ms).cancel_after(ms + 1).post("Start", "null");
        assert!(ended(&host, "ShipmentProcessCancelled", Phase::Cancelled).is_empty());
        assert_eq!(host.phases, [Phase::Running, Phase::Compensating, Phase::Cancelled], "after {ms} ms");
        assert!(host.rejected.is_empty(), "a second cancel is ignored");
        assert!(!host.kinds("Process").contains(&"ShipmentProcessCompleted"));
    }
}

#[test]
fn a_leg_under_way_is_taken_back_as_soon_as_its_carrier_has_taken_it() {
    let host = shipment("V74YCBYHC8A0").cancel_after(750).post("Start", "null");
    assert_eq!(
        host.kinds("Shipment")[4..],
        [
            "ShipmentLegManifestationStarted",
            "ShipmentCancellationStarted",
            "ShipmentLegManifestedLate",
            "ShipmentLegCancellationStarted",
            "ShipmentLegCancelled",
            "ShipmentLegCancellationStarted",
            "ShipmentLegCancelled",
            "ShipmentCancelled"
        ]
    );
    let silent = shipment("V74YCBYHC8A0-silent").cancel_after(750).post("Start", "null");
    assert!(ended(&silent, "ShipmentProcessCancelled", Phase::Cancelled).is_empty());
    assert_eq!(silent.elapsed(), 500 + 10_000 + 500, "silence ends by its deadline");
}

#[test]
fn what_has_ended_is_not_cancelled() {
    let completed = shipment("V74YCBYHC8A0").cancel_after(1_501).post("Start", "null");
    assert_eq!((completed.rejected, completed.phases), (vec!["completed".to_owned()], vec![Phase::Running, Phase::Completed]));
    let failed = shipment("V74YCBYHC8A0-declined").cancel_after(60_000).post("Start", "null");
    assert_eq!((failed.rejected, failed.phases.last()), (vec!["failed".to_owned()], Some(&Phase::Failed)));
}

#[test]
fn a_collection_that_waits_for_its_moment_can_be_cancelled() {
    let leg = r#"{"carrierId":"c","sender":"s","receiver":"r","collection":"k"}"#;
    let start =
        format!(r#"{{"legs":[{leg},{leg}],"collectionDate":"2026-01-18","timeZone":"Europe/Berlin","bookCollection":"when-scheduled"}}"#);
    let host = shipment("V74YCBYHC8A0").cancel_after(60_000).post("ProcessShipment", &start);
    assert!(ended(&host, "ShipmentProcessCancelled", Phase::Cancelled).is_empty());
    assert!(!host.kinds("Collection").contains(&"CollectionBookingWithCarrierStarted"));
    let booked = shipment("V74YCBYHC8A0").post("ProcessShipment", &start);
    assert_eq!(booked.phases, [Phase::Running, Phase::Completed], "its deadline is longer than the wait");
}
