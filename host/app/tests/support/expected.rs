//! What each shipment id must leave behind: kinds in order, and the outcome.
//! Written down by hand from the description of the example, not derived from the guests.

use serde_json::{Value, json};

const DOCUMENTS: [&str; 8] = [
    "ShipmentLabelsGenerationStarted",
    "ShipmentLabelsGenerationCompleted",
    "ReceiptGenerationStarted",
    "ReceiptGenerationCompleted",
    "CombinedDocumentGenerationStarted",
    "CombinedDocumentGenerationCompleted",
    "ManifestationAndDocumentsCompleted",
    "CollectionBookingStarted",
];
const COMPLETED: [&str; 3] = ["CollectionBookingCompleted", "ShipmentProcessCompletionChecked", "ShipmentProcessCompleted"];

/// What a shipment leaves behind.
pub(crate) struct Expected {
    pub(crate) id: String,
    pub(crate) category: String,
    pub(crate) process: Vec<&'static str>,
    pub(crate) shipment: Vec<&'static str>,
    pub(crate) collection: Vec<&'static str>,
    pub(crate) phase: &'static str,
}

/// A shipment on the first versions.
pub(crate) fn expected(id: &str) -> Expected {
    let is_domestic = id.starts_with('1');
    let last = id.chars().last().unwrap();
    Expected {
        id: id.to_owned(),
        category: if is_domestic { "domestic-1.0" } else { "international-1.0" }.to_owned(),
        process: process(is_domestic, last),
        shipment: shipment(is_domestic, last),
        collection: collection(last),
        phase: if matches!(last, '1' | '2') { "failed" } else { "completed" },
    }
}

/// A shipment on the version that has no receipt.
pub(crate) fn without_receipt(id: &str) -> Expected {
    let mut expected = expected(id);
    expected.category = "domestic-1.1".to_owned();
    expected.process.retain(|kind| !kind.starts_with("ReceiptGeneration"));
    expected.shipment.retain(|kind| *kind != "ShipmentReceiptGenerated");
    expected
}

fn process(is_domestic: bool, last: char) -> Vec<&'static str> {
    let mut kinds = vec!["ShipmentProcessStarted", "ManifestationAndDocumentsStarted"];
    if !is_domestic {
        kinds.extend(["CustomsInvoiceGenerationStarted", "CustomsInvoiceGenerationCompleted"]);
    }
    kinds.push("ShipmentManifestationStarted");
    if last == '1' {
        kinds.extend(["ShipmentManifestationFailed", "ManifestationAndDocumentsFailed", "ShipmentProcessFailed"]);
        return kinds;
    }
    kinds.push("ShipmentManifestationCompleted");
    kinds.extend(DOCUMENTS);
    if matches!(last, '2' | '3') {
        kinds.extend(["CollectionBookingFailed", "ShipmentProcessFailed"]);
    }
    if last != '2' {
        kinds.extend(COMPLETED);
    }
    kinds
}

fn shipment(is_domestic: bool, last: char) -> Vec<&'static str> {
    let mut kinds = vec!["ShipmentInitialized"];
    if !is_domestic {
        kinds.push("CustomsInvoiceGenerated");
    }
    if last == '1' {
        kinds.extend(["ShipmentLegManifestationStarted", "ShipmentLegManifestationFailed", "ShipmentManifestationFailed"]);
        return kinds;
    }
    for _ in 0..if is_domestic { 1 } else { 2 } {
        kinds.extend(["ShipmentLegManifestationStarted", "ShipmentLegManifested"]);
    }
    kinds.extend(["ShipmentManifested", "ShipmentLabelsGenerated", "ShipmentReceiptGenerated", "ShipmentCombinedDocumentGenerated"]);
    kinds
}

fn collection(last: char) -> Vec<&'static str> {
    let begun = ["CollectionBookingInitialized", "CollectionBookingScheduled", "CollectionBookingWithCarrierStarted"];
    let end: &[&str] = match last {
        '1' => return Vec::new(),
        '2' => &["CollectionBookingSubprocessFailed"],
        '3' => &["CollectionBookingSubprocessFailed", "CollectionBooked"],
        _ => &["CollectionBooked"],
    };
    [&begun, end].concat()
}

impl Expected {
    /// Checks a history against this: kinds, order, versions, and what every event carries.
    pub(crate) fn check(&self, history: &[Value]) {
        for (suffix, kinds) in [("Process", &self.process), ("Shipment", &self.shipment), ("Collection", &self.collection)] {
            let stream = format!("{}-{suffix}", self.id);
            let events: Vec<&Value> = history.iter().filter(|event| event["stream"] == stream.as_str()).collect();
            let found: Vec<&str> = events.iter().map(|event| event["kind"].as_str().unwrap()).collect();
            assert_eq!(found, *kinds, "{stream}");
            let versions: Vec<u64> = events.iter().map(|event| event["version"].as_u64().unwrap()).collect();
            assert_eq!(versions, (1..=kinds.len() as u64).collect::<Vec<_>>(), "{stream}");
        }
        assert_eq!(history.len(), self.process.len() + self.shipment.len() + self.collection.len(), "{} has other streams", self.id);
        assert!(history.is_sorted_by_key(|event| event["position"].as_u64().unwrap()), "{} is not in recorded order", self.id);
        history.iter().for_each(|event| self.check_event(event));
    }

    fn check_event(&self, event: &Value) {
        let text = |field: &str| event[field].as_str().unwrap_or_else(|| panic!("{field} is missing: {event}"));
        assert!(text("time").ends_with('Z') && text("time").len() == "2026-01-01T00:00:00.000Z".len(), "{event}");
        assert!(text("module").starts_with("sha256:") && text("module").len() == 71, "{event}");
        assert!(!text("cause").is_empty() && !text("correlation").is_empty(), "{event}");
        assert_eq!(event["data"]["shipmentId"], self.id.as_str(), "{event}");
        let category = match text("stream").rsplit('-').next().unwrap() {
            "Process" => self.category.as_str(),
            "Shipment" => "manifestation-and-documents-1.0",
            _ => "collection-booking-1.0",
        };
        assert_eq!(text("category"), category, "{event}");
        if category == self.category {
            assert_eq!(event["data"]["processCategory"], category, "{event}");
        }
    }

    /// Checks the outcome: what is known is there, and nothing else.
    pub(crate) fn check_outcome(&self, outcome: &Value) {
        let is_domestic = self.id.starts_with('1');
        let has = |kind: &str| self.process.contains(&kind);
        let document = |kind: &str, name: &str| {
            if has(kind) { json!(format!("https://shipment-documents.net/{}/{name}", self.id)) } else { Value::Null }
        };
        let legs = if !has("ShipmentManifestationCompleted") {
            0
        } else if is_domestic {
            1
        } else {
            2
        };
        let numbers: Vec<&str> = outcome["trackingNumbers"].as_str().map_or_else(Vec::new, |text| text.split(", ").collect());
        let reference = outcome["collectionBookingReference"].as_str();
        let are_hex = numbers.iter().chain(&reference).all(|number| number.len() == 32 && number.bytes().all(|b| b.is_ascii_hexdigit()));
        assert!(numbers.len() == legs && are_hex, "{outcome}");
        assert_eq!(reference.is_some(), has("CollectionBookingCompleted"), "{outcome}");
        let wanted = json!({
            "shipmentId": self.id,
            "processCategory": self.category,
            "collectionDate": outcome["collectionDate"],
            "timeZone": if is_domestic { "Europe/London" } else { "Europe/Berlin" },
            "trackingNumbers": outcome["trackingNumbers"],
            "collectionBookingReference": outcome["collectionBookingReference"],
            "documents": {
                "labels": document("ShipmentLabelsGenerationCompleted", "labels"),
                "customsInvoice": document("CustomsInvoiceGenerationCompleted", "customs-invoice"),
                "receipt": document("ReceiptGenerationCompleted", "receipt"),
                "combinedDocument": document("CombinedDocumentGenerationCompleted", "combined-document"),
            },
        });
        assert_eq!(*outcome, wanted);
        assert!(outcome["collectionDate"].as_str().is_some_and(|date| date.len() == 10), "{outcome}");
    }
}
