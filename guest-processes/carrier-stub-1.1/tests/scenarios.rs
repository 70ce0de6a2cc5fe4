//! How the carriers behave, by the end of the shipment id.
//!
//! What 1.0 answers is asked of both versions, so that they cannot drift apart.

use carrier_stub_1_1::CarrierStub;
use procession_sdk::contract::{Context, Message, Reply};
use procession_sdk::{Adapter, adapter};
use serde_json::{Value, json};

const MANIFEST: &str = "ManifestShipmentWithCarrier";
const BOOK: &str = "BookCollectionWithCarrier";
const CANCEL_LEG: &str = "CancelShipmentWithCarrier";
const CANCEL_COLLECTION: &str = "CancelCollectionWithCarrier";

fn ask_of<A: Adapter>(id: &str, kind: &str, data: &Value) -> Vec<Reply> {
    let ctx = Context { process_id: id.to_owned(), category: "carrier-stub-1.1".to_owned(), version: 0, now: 0, seed: 7 };
    let command = Message { id: "m".to_owned(), kind: kind.to_owned(), source: None, time: 0, data: data.to_string() };
    adapter::handle::<A>("{}", &ctx, &command).expect("an answer")
}

fn leg(leg_index: usize) -> Value {
    let leg = json!({ "carrierId": "c", "sender": "s", "receiver": "r", "collection": "k" });
    json!({ "carrierId": "c", "legIndex": leg_index, "leg": leg })
}

fn collection() -> Value {
    let leg = json!({ "leg": leg(0)["leg"], "trackingNumber": "t" });
    json!({ "carrierId": "c", "collectionLeg": leg, "collectionDate": "2026-01-16", "timeZone": "z" })
}

fn taken_leg(attempt: u32) -> Value {
    json!({ "promise": { "carrierId": "c", "legIndex": 0, "trackingNumber": "t" }, "attempt": attempt })
}

fn booked(attempt: u32) -> Value {
    json!({ "promise": { "carrierId": "c", "bookingReference": "b" }, "attempt": attempt })
}

/// The kinds of the answers, and after how many milliseconds they come.
fn answers(id: &str, kind: &str, data: &Value) -> Vec<(String, u64)> {
    ask_of::<CarrierStub>(id, kind, data).into_iter().map(|reply| (reply.kind, reply.after)).collect()
}

fn one(kind: &str, after: u64) -> Vec<(String, u64)> {
    vec![(kind.to_owned(), after)]
}

#[test]
fn what_1_0_answers_stays_as_it_is() {
    for id in ["12EEQ9CS9K10", "X1", "X2", "X3", "XA", ""] {
        for (kind, data) in [(MANIFEST, leg(0)), (MANIFEST, leg(1)), (BOOK, collection())] {
            assert_eq!(ask_of::<CarrierStub>(id, kind, &data), ask_of::<carrier_stub_1_0::CarrierStub>(id, kind, &data), "{id} {kind}");
        }
    }
}

#[test]
fn the_words_after_the_dash_make_the_second_leg_difficult() {
    let taken = |after| one("ShipmentManifestedWithCarrier", after);
    let declined = one("ShipmentCarrierManifestationFailed", 500);
    for (word, second) in [
        ("declined", declined.clone()),
        ("stubborn", declined.clone()),
        ("stuck", declined.clone()),
        ("mute", declined),
        ("silent", vec![]),
        ("late", taken(25_500)),
        ("uncollected", taken(500)),
        ("other", taken(500)),
    ] {
        let id = format!("V74YCBYHC8A0-{word}");
        assert_eq!(answers(&id, MANIFEST, &leg(0)), taken(500), "{id}");
        assert_eq!(answers(&id, MANIFEST, &leg(1)), second, "{id}");
        let collected = if word == "uncollected" { vec![] } else { one("CollectionBookedWithCarrier", 500) };
        assert_eq!(answers(&id, BOOK, &collection()), collected, "{id}");
    }
}

#[test]
fn an_id_of_letters_and_digits_is_never_difficult() {
    for id in ["SILENT", "silent", "declined", "V74STUCK", "V74stuck"] {
        assert_eq!(answers(id, MANIFEST, &leg(1)), one("ShipmentManifestedWithCarrier", 500), "{id}");
    }
}

#[test]
fn promises_are_taken_back_or_not_as_the_id_says() {
    for (kind, data, back, refused) in [
        (CANCEL_LEG, taken_leg as fn(u32) -> Value, "ShipmentCancelledWithCarrier", "ShipmentCarrierCancellationFailed"),
        (CANCEL_COLLECTION, booked, "CollectionCancelledWithCarrier", "CarrierCollectionCancellationFailed"),
    ] {
        let asked = |id: &str, attempt: u32| answers(id, kind, &data(attempt));
        assert_eq!(asked("V74YCBYHC8A0", 1), one(back, 500));
        assert_eq!(asked("V-declined", 1), one(back, 500));
        assert_eq!([1, 2, 3].map(|attempt| asked("V-stubborn", attempt)), [one(refused, 500), one(refused, 500), one(back, 500)]);
        assert_eq!([1, 4, 99].map(|attempt| asked("V-stuck", attempt)), [one(refused, 500), one(refused, 500), one(refused, 500)]);
        assert_eq!(asked("V-mute", 1), vec![]);
        let reply = &ask_of::<CarrierStub>("V-stuck", kind, &data(4))[0];
        let answer: Value = serde_json::from_str(&reply.data).expect("JSON");
        assert_eq!((&answer["promise"], &answer["attempt"]), (&data(4)["promise"], &4.into()), "it repeats what it answers");
        assert_eq!(answer["failure"].as_str().map(str::len), Some(32));
    }
}
