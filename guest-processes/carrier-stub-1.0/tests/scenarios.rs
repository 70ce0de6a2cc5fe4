//! How the carriers answer, by the last digit of the shipment id.

use std::collections::HashSet;

use carrier_stub_1_0::CarrierStub;
use procession_sdk::contract::{Context, Message, Reply};
use procession_sdk::{Adapter, adapter};
use serde_json::Value;

const LEG: &str = r#"{"carrierId":"c","sender":"s","receiver":"r","collection":"k"}"#;

fn ask(id: &str, seed: u64, settings: &str, kind: &str) -> Vec<Reply> {
    let ctx = Context { process_id: id.to_owned(), category: "carrier-stub-1.0".to_owned(), version: 0, now: 0, seed };
    let data = match kind {
        "ManifestShipmentWithCarrier" => format!(r#"{{"carrierId":"c","legIndex":1,"leg":{LEG}}}"#),
        _ => format!(
            r#"{{"carrierId":"c","collectionLeg":{{"leg":{LEG},"trackingNumber":"t"}},"collectionDate":"2026-01-16","timeZone":"z"}}"#
        ),
    };
    let command = Message { id: "m".to_owned(), kind: kind.to_owned(), source: None, time: 0, data };
    adapter::handle::<CarrierStub>(settings, &ctx, &command).expect("an answer")
}

fn kinds(replies: &[Reply]) -> Vec<(&str, u64)> {
    replies.iter().map(|reply| (reply.kind.as_str(), reply.after)).collect()
}

#[test]
fn the_last_digit_says_how_carriers_answer() {
    for (last, manifestation) in
        [("0", "ShipmentManifestedWithCarrier"), ("1", "ShipmentCarrierManifestationFailed"), ("2", "ShipmentManifestedWithCarrier")]
    {
        assert_eq!(kinds(&ask(last, 7, "{}", "ManifestShipmentWithCarrier")), [(manifestation, 500)], "{last}");
    }
    for (last, collection) in
        [("0", "CollectionBookedWithCarrier"), ("1", "CollectionBookedWithCarrier"), ("2", "CarrierCollectionBookingFailed")]
    {
        assert_eq!(kinds(&ask(last, 7, "{}", "BookCollectionWithCarrier")), [(collection, 500)], "{last}");
    }
    let twice = [("CarrierCollectionBookingFailed", 500), ("CollectionBookedWithCarrier", 2_500)];
    assert_eq!(kinds(&ask("X3", 7, "{}", "BookCollectionWithCarrier")), twice);
}

#[test]
fn the_delay_is_a_setting_and_second_thoughts_come_later_still() {
    let settings = r#"{"delayMs":0}"#;
    assert_eq!(kinds(&ask("0", 7, settings, "ManifestShipmentWithCarrier")), [("ShipmentManifestedWithCarrier", 0)]);
    let twice = [("CarrierCollectionBookingFailed", 0), ("CollectionBookedWithCarrier", 2_000)];
    assert_eq!(kinds(&ask("3", 7, settings, "BookCollectionWithCarrier")), twice);
}

#[test]
fn answers_repeat_what_they_answer_and_draw_ids_from_the_seed() {
    let data = |reply: &Reply| -> Value { serde_json::from_str(&reply.data).expect("JSON") };
    let answer = data(&ask("0", 7, "{}", "ManifestShipmentWithCarrier")[0]);
    assert_eq!((&answer["carrierId"], &answer["legIndex"]), (&"c".into(), &1.into()));
    let mut ids = HashSet::new();
    for seed in 0..100 {
        for reply in ask("3", seed, "{}", "BookCollectionWithCarrier") {
            let data = data(&reply);
            let id = data["failure"].as_str().or(data["bookingReference"].as_str()).expect("an id").to_owned();
            assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
            assert!(ids.insert(id), "ids are different");
        }
    }
    assert_eq!(
        ask("3", 7, "{}", "BookCollectionWithCarrier"),
        ask("3", 7, "{}", "BookCollectionWithCarrier"),
        "the same seed answers the same"
    );
}

#[test]
fn the_manifest_names_commands_and_answers() {
    let manifest = CarrierStub::manifest();
    assert_eq!(manifest.handles, ["ManifestShipmentWithCarrier", "BookCollectionWithCarrier"]);
    let answers = [
        "ShipmentManifestedWithCarrier",
        "ShipmentCarrierManifestationFailed",
        "CollectionBookedWithCarrier",
        "CarrierCollectionBookingFailed",
    ];
    assert_eq!(manifest.sends, answers);
}

#[test]
fn wrong_settings_and_unknown_commands_are_faults() {
    let ctx = Context { process_id: "0".to_owned(), category: "carrier-stub-1.0".to_owned(), version: 0, now: 0, seed: 0 };
    let command = |kind: &str| Message { id: "m".to_owned(), kind: kind.to_owned(), source: None, time: 0, data: "{}".to_owned() };
    let code = |settings: &str, kind: &str| adapter::handle::<CarrierStub>(settings, &ctx, &command(kind)).map_err(|fault| fault.code);
    assert_eq!(code(r#"{"delayMs":"long"}"#, "BookCollectionWithCarrier"), Err("invalid-settings".to_owned()));
    assert_eq!(code("{}", "BookCollectionWithCarrier"), Err("invalid-data".to_owned()));
    assert_eq!(code("{}", "SingASong"), Err("unknown-kind".to_owned()));
}
