//! Which process a request begins, and which requests are refused.

use procession_sdk::contract::{Context, Message, Rejection, RejectionReason, Start};
use procession_sdk::{Router, router};
use serde_json::{Value, json};
use shipment_classifier_1_0::ShipmentClassifier;

/// Noon of 15 January 2026.
const NOON: u64 = 1_768_478_400_000;

fn classify(id: &str, kind: &str, data: &str) -> Result<Start, Rejection> {
    let ctx = Context { process_id: id.to_owned(), category: "shipment-classifier-1.0".to_owned(), version: 0, now: NOON, seed: 0 };
    let request = Message { id: "m".to_owned(), kind: kind.to_owned(), source: None, time: NOON, data: data.to_owned() };
    router::classify::<ShipmentClassifier>("{}", &ctx, &request, &[])
}

fn leg(place: usize) -> Value {
    json!({ "carrierId": format!("c{place}"), "sender": "s", "receiver": "r", "collection": "k" })
}

#[test]
fn an_id_that_begins_with_1_is_domestic() {
    let start = classify("12EEQ9CS9K10", "Start", "null").expect("a start");
    assert_eq!((start.category.as_str(), start.kind.as_str()), ("domestic", "ProcessShipment"));
    let expected = json!({
        "shipmentId": "12EEQ9CS9K10",
        "legs": [{ "carrierId": "c62bee76-3e7a-4ce3-87dd-a5eb11678815", "sender": "GB-sender1", "receiver": "GB-receiver1", "collection": "GB-collection1" }],
        "collectionDate": "2026-01-16",
        "timeZone": "Europe/London",
    });
    assert_eq!(serde_json::from_str::<Value>(&start.data).expect("JSON"), expected);
}

#[test]
fn any_other_id_is_international() {
    let start = classify("V74YCBYHC8A0", "Start", "null").expect("a start");
    assert_eq!(start.category, "international");
    let expected = json!({
        "shipmentId": "V74YCBYHC8A0",
        "legs": [
            { "carrierId": "c62bee76-3e7a-4ce3-87dd-a5eb11678815", "sender": "DE-sender1", "receiver": "DE-receiver1", "collection": "DE-collection1" },
            { "carrierId": "9d6d28f2-fbee-4e53-aeac-2c3b3ba98d28", "sender": "DE-sender2", "receiver": "GB-receiver2", "collection": "DE-collection2" },
        ],
        "collectionDate": "2026-01-16",
        "timeZone": "Europe/Berlin",
    });
    assert_eq!(serde_json::from_str::<Value>(&start.data).expect("JSON"), expected);
}

#[test]
fn a_body_is_classified_by_its_legs_and_passed_on() {
    for (legs, category) in [(1, "domestic"), (2, "international"), (3, "international")] {
        let legs: Vec<Value> = (0..legs).map(leg).collect();
        let body = json!({ "legs": legs, "collectionDate": "2026-01-20", "timeZone": "Europe/Paris", "bookCollection": "when-scheduled" });
        let start = classify("1X", "ProcessShipment", &body.to_string()).expect("a start");
        assert_eq!(start.category, category);
        let first: Value = serde_json::from_str(&start.data).expect("JSON");
        assert_eq!((&first["shipmentId"], &first["bookCollection"]), (&"1X".into(), &"when-scheduled".into()));
        assert_eq!(first["legs"], Value::from(legs));
    }
}

#[test]
fn a_wrong_body_is_refused_and_the_field_is_named() {
    let right = json!({ "legs": [leg(0)], "collectionDate": "2026-01-20", "timeZone": "Europe/Paris" });
    let with = |field: &str, value: Value| {
        let mut body = right.clone();
        body[field] = value;
        body
    };
    for (body, field) in [
        (with("legs", json!([])), "legs"),
        (with("legs", json!([leg(0), { "sender": "s", "receiver": "r", "collection": "k" }])), "legs[1].carrierId"),
        (with("legs", json!([{ "carrierId": "", "sender": "s", "receiver": "r", "collection": "k" }])), "legs[0].carrierId"),
        (with("legs", json!([{ "carrierId": 7, "sender": "s", "receiver": "r", "collection": "k" }])), "legs[0].carrierId"),
        (with("legs", Value::Null), "legs"),
        (with("collectionDate", json!("2026-02-30")), "collectionDate"),
        (with("collectionDate", json!(20_260_220)), "collectionDate"),
        (with("timeZone", json!("")), "timeZone"),
        (with("shipmentId", json!("another")), "shipmentId"),
        (json!({}), "legs"),
    ] {
        let refused = classify("1X", "ProcessShipment", &body.to_string()).expect_err("must be refused");
        assert_eq!(refused.reason, RejectionReason::Invalid);
        assert!(refused.message.starts_with(&format!("{field}:")), "{} for {body}", refused.message);
        assert!(!refused.code.is_empty());
    }
    assert!(classify("1X", "ProcessShipment", &right.to_string()).is_ok());
}

#[test]
fn a_request_of_another_kind_is_refused() {
    let refused = classify("1X", "SingASong", "{}").expect_err("must be refused");
    assert_eq!((refused.code.as_str(), refused.reason), ("unknown-kind", RejectionReason::Invalid));
}

#[test]
fn the_manifest_names_the_requests() {
    let manifest = ShipmentClassifier::manifest();
    assert_eq!(manifest.handles, ["Start", "ProcessShipment"]);
    assert!(manifest.stream_suffix.is_none() && manifest.starts.is_empty());
}
