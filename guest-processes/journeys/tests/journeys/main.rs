//! What every kind of shipment id leaves behind, with all components together.

mod documented;
mod host;
mod order;
mod supersets;
mod undoing;

use collection_booking_1_0::Collection;
use domestic_1_0::Domestic;
use host::{Host, NOON};
use international_1_0::International;
use manifestation_and_documents_1_0::Shipment;
use procession_sdk::contract::Phase;

fn post(id: &str) -> Host {
    Host::new(id).with::<Domestic>().with::<International>().with::<Shipment>().with::<Collection>().post("Start", "null")
}

const DOMESTIC: [&str; 15] = [
    "ShipmentProcessStarted",
    "ManifestationAndDocumentsStarted",
    "ShipmentManifestationStarted",
    "ShipmentManifestationCompleted",
    "ShipmentLabelsGenerationStarted",
    "ShipmentLabelsGenerationCompleted",
    "ReceiptGenerationStarted",
    "ReceiptGenerationCompleted",
    "CombinedDocumentGenerationStarted",
    "CombinedDocumentGenerationCompleted",
    "ManifestationAndDocumentsCompleted",
    "CollectionBookingStarted",
    "CollectionBookingCompleted",
    "ShipmentProcessCompletionChecked",
    "ShipmentProcessCompleted",
];
const CUSTOMS: [&str; 2] = ["CustomsInvoiceGenerationStarted", "CustomsInvoiceGenerationCompleted"];
const LEG: [&str; 2] = ["ShipmentLegManifestationStarted", "ShipmentLegManifested"];
const DOCUMENTS: [&str; 4] =
    ["ShipmentManifested", "ShipmentLabelsGenerated", "ShipmentReceiptGenerated", "ShipmentCombinedDocumentGenerated"];
const COLLECTION: [&str; 3] = ["CollectionBookingInitialized", "CollectionBookingScheduled", "CollectionBookingWithCarrierStarted"];

/// The first events of a process, up to and without this kind.
fn process_until(customs: &[&'static str], end: &str) -> Vec<&'static str> {
    let kinds = DOMESTIC[..2].iter().chain(customs).chain(&DOMESTIC[2..]).copied();
    kinds.take_while(|kind| *kind != end).collect()
}

/// Domestic and international: an id, the customs steps, and what the shipment stream begins with.
fn both(last: char) -> [(String, &'static [&'static str], Vec<&'static str>, usize); 2] {
    [
        (format!("12EEQ9CS9K1{last}"), &[], vec!["ShipmentInitialized"], 1),
        (format!("V74YCBYHC8A{last}"), &CUSTOMS, vec!["ShipmentInitialized", "CustomsInvoiceGenerated"], 2),
    ]
}

fn whole_shipment(begin: &[&'static str], legs: usize) -> Vec<&'static str> {
    [begin, &LEG.repeat(legs), &DOCUMENTS].concat()
}

#[test]
fn a_shipment_succeeds() {
    for last in ['0', '4', '9', 'A'] {
        for (id, customs, begin, legs) in both(last) {
            let host = post(&id);
            assert_eq!(host.kinds("Process"), process_until(customs, "-"));
            assert_eq!(host.kinds("Process").len(), if legs == 1 { 15 } else { 17 });
            assert_eq!(host.kinds("Shipment"), whole_shipment(&begin, legs));
            assert_eq!(host.kinds("Shipment").len(), if legs == 1 { 7 } else { 10 });
            assert_eq!(host.kinds("Collection"), [&COLLECTION[..], &["CollectionBooked"]].concat());
            assert_eq!(host.phases, [Phase::Running, Phase::Completed]);
            // One answer of a carrier for every leg, and one for the collection.
            assert_eq!(host.elapsed(), 500 * (legs as u64 + 1));
        }
    }
}

#[test]
fn last_digit_1_fails_at_the_manifestation() {
    for (id, customs, begin, _) in both('1') {
        let host = post(&id);
        let failed = ["ShipmentManifestationFailed", "ManifestationAndDocumentsFailed", "ShipmentProcessFailed"];
        assert_eq!(host.kinds("Process"), [&process_until(customs, "ShipmentManifestationCompleted")[..], &failed].concat());
        let leg = ["ShipmentLegManifestationStarted", "ShipmentLegManifestationFailed", "ShipmentManifestationFailed"];
        assert_eq!(host.kinds("Shipment"), [&begin[..], &leg].concat());
        assert!(host.kinds("Collection").is_empty());
        assert_eq!(host.phases, [Phase::Running, Phase::Failed]);
    }
}

#[test]
fn last_digit_2_fails_at_the_collection() {
    for (id, customs, begin, legs) in both('2') {
        let host = post(&id);
        let failed = ["CollectionBookingFailed", "ShipmentProcessFailed"];
        assert_eq!(host.kinds("Process"), [&process_until(customs, "CollectionBookingCompleted")[..], &failed].concat());
        assert_eq!(host.kinds("Shipment"), whole_shipment(&begin, legs));
        assert_eq!(host.kinds("Collection"), [&COLLECTION[..], &["CollectionBookingSubprocessFailed"]].concat());
        assert_eq!(host.phases, [Phase::Running, Phase::Failed]);
    }
}

#[test]
fn last_digit_3_fails_and_then_completes_after_all() {
    for (id, customs, _, legs) in both('3') {
        let host = post(&id);
        let after_all = ["CollectionBookingFailed", "ShipmentProcessFailed"].iter().chain(&DOMESTIC[12..]).copied().collect::<Vec<_>>();
        assert_eq!(host.kinds("Process"), [process_until(customs, "CollectionBookingCompleted"), after_all].concat());
        assert_eq!(host.kinds("Collection"), [&COLLECTION[..], &["CollectionBookingSubprocessFailed", "CollectionBooked"]].concat());
        assert_eq!(host.phases, [Phase::Running, Phase::Failed, Phase::Completed]);
        assert_eq!(host.elapsed(), 500 * (legs as u64 + 1) + 2_000);
    }
}

#[test]
fn version_1_1_makes_no_receipt() {
    let new = || Host::new("12EEQ9CS9K10").with::<domestic_1_1::Domestic>().with::<Shipment>().with::<Collection>();
    let host = new().post("Start", "null");
    let kinds: Vec<&str> = DOMESTIC.into_iter().filter(|kind| !kind.starts_with("Receipt")).collect();
    assert_eq!((host.kinds("Process"), kinds.len()), (kinds, 13));
    assert_eq!(host.kinds("Shipment").len(), 6);
    assert!(!host.kinds("Shipment").contains(&"ShipmentReceiptGenerated"));
    assert_eq!(host.kinds("Collection").len(), 4);
}

#[test]
fn the_outcome_tells_what_came_of_it() {
    let host = post("V74YCBYHC8A0");
    let text = host.view("Process").outcome.expect("an outcome");
    let outcome: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let numbers = outcome["trackingNumbers"].as_str().expect("text").split(", ").collect::<Vec<_>>();
    let reference = outcome["collectionBookingReference"].as_str().expect("text");
    assert!([numbers[0], numbers[1], reference].iter().all(|id| id.len() == 32));
    assert!(numbers[0] != numbers[1] && numbers[1] != reference && numbers.len() == 2);
    assert_eq!(
        text,
        format!(
            "{{\"shipmentId\":\"V74YCBYHC8A0\",\"processCategory\":\"international-1.0\",\"collectionDate\":\"2026-01-16\",\"timeZone\":\"Europe/Berlin\",\
             \"trackingNumbers\":\"{}, {}\",\"collectionBookingReference\":\"{reference}\",\"documents\":{{\
             \"labels\":\"https://shipment-documents.net/V74YCBYHC8A0/labels\",\"customsInvoice\":\"https://shipment-documents.net/V74YCBYHC8A0/customs-invoice\",\
             \"receipt\":\"https://shipment-documents.net/V74YCBYHC8A0/receipt\",\
             \"combinedDocument\":\"https://shipment-documents.net/V74YCBYHC8A0/combined-document\"}}}}",
            numbers[0], numbers[1]
        )
    );
}

#[test]
fn every_event_says_whose_it_is() {
    let host = post("12EEQ9CS9K13");
    for (kind, data) in host.data("Process") {
        assert_eq!((&data["shipmentId"], &data["processCategory"]), (&"12EEQ9CS9K13".into(), &"domestic-1.0".into()), "{kind}");
    }
    for (kind, data) in host.data("Shipment").into_iter().chain(host.data("Collection")) {
        assert_eq!(data["shipmentId"], "12EEQ9CS9K13", "{kind}");
    }
}

#[test]
fn a_collection_can_wait_for_its_scheduled_moment() {
    let leg = r#"{"carrierId":"c","sender":"s","receiver":"r","collection":"k"}"#;
    let start = |date: &str| {
        format!(r#"{{"legs":[{leg}],"collectionDate":"{date}","timeZone":"Europe/London","bookCollection":"when-scheduled"}}"#)
    };
    let waits = |date: &str| {
        Host::new("1W").with::<Domestic>().with::<Shipment>().with::<Collection>().post("ProcessShipment", &start(date)).elapsed() + NOON
    };
    let day = 24 * 60 * 60 * 1_000;
    // 22:30 is ten and a half hours after noon; the carrier then takes its half second.
    assert_eq!(waits("2026-01-16"), NOON + 37_800_000 + 500);
    assert_eq!(waits("2026-01-18"), NOON + 37_800_000 + 2 * day + 500);
    assert_eq!(waits("2026-01-15"), NOON + 1_000, "today is now");
}

#[test]
fn a_collection_that_cannot_be_scheduled_fails_the_process() {
    for date in ["2026-01-14", "2026-01-23"] {
        let leg = r#"{"carrierId":"c","sender":"s","receiver":"r","collection":"k"}"#;
        let start = format!(r#"{{"legs":[{leg}],"collectionDate":"{date}","timeZone":"Europe/London"}}"#);
        let host = Host::new("10").with::<Domestic>().with::<Shipment>().with::<Collection>().post("ProcessShipment", &start);
        assert_eq!(host.kinds("Collection"), ["CollectionBookingInitialized", "CollectionBookingSchedulingFailed"]);
        assert!(host.kinds("Process").ends_with(&["CollectionBookingStarted", "CollectionBookingFailed", "ShipmentProcessFailed"]));
        assert_eq!(host.phases, [Phase::Running, Phase::Failed]);
    }
}
