//! Given / when / then for `manifestation-and-documents-1.0`.

use guards::Guard;
use manifestation_and_documents_1_0::Shipment;
use manifestation_and_documents_1_0::decisions::{Command, Message};
use procession_sdk::Scenario;
use procession_sdk::contract::Phase;
use procession_sdk::scenario::Exploration;
use shipment_language::Leg;
use shipment_language::carrier::{LegFailed, LegManifested};
use shipment_language::shipment::CreateShipment;

fn leg(carrier_id: &str) -> Leg {
    Leg { carrier_id: carrier_id.to_owned(), sender: "s".to_owned(), receiver: "r".to_owned(), collection: "k".to_owned() }
}

fn shipment() -> Scenario<Shipment> {
    Scenario::new("V74YCBYHC8A0").when(Message::CreateShipment(CreateShipment { legs: vec![leg("c1"), leg("c2")] }))
}

fn taken(carrier_id: &str, leg_index: usize) -> Message {
    let tracking_number = format!("t{leg_index}");
    Message::ShipmentManifestedWithCarrier(LegManifested { carrier_id: carrier_id.to_owned(), leg_index, tracking_number })
}

fn declined(carrier_id: &str, leg_index: usize) -> Message {
    Message::ShipmentCarrierManifestationFailed(LegFailed { carrier_id: carrier_id.to_owned(), leg_index, failure: "f".to_owned() })
}

fn manifested() -> Scenario<Shipment> {
    shipment().when(Message::ManifestShipment).when(taken("c1", 0)).when(taken("c2", 1))
}

#[test]
fn legs_are_manifested_one_after_another() {
    let scenario = shipment()
        .then_records(["ShipmentInitialized"])
        .when(Message::ManifestShipment)
        .then_records(["ShipmentLegManifestationStarted"])
        .then_sends(["ManifestShipmentWithCarrier"])
        .when(taken("c1", 0))
        .then_records(["ShipmentLegManifested", "ShipmentLegManifestationStarted"])
        .then_sends(["ManifestShipmentWithCarrier"]);
    let [Command::ManifestShipmentWithCarrier(asked)] = &scenario.commands()[..] else { panic!("one command") };
    assert_eq!((asked.carrier_id.as_str(), asked.leg_index), ("c2", 1));
    scenario.when(taken("c2", 1)).then_records(["ShipmentLegManifested", "ShipmentManifested"]).then_sends([]);
}

#[test]
fn a_carrier_that_declines_fails_the_manifestation() {
    let scenario = shipment()
        .when(Message::ManifestShipment)
        .when(declined("c1", 0))
        .then_records(["ShipmentLegManifestationFailed", "ShipmentManifestationFailed"])
        .then_sends([]);
    assert_eq!(scenario.view().phase, Phase::Failed);
    scenario
        .when(taken("c1", 0))
        .then_ignored()
        .when(Message::ManifestShipment)
        .then_rejected("manifestation-failed")
        .when(Message::GenerateShipmentLabels)
        .then_rejected("manifestation-failed");
}

#[test]
fn second_late_and_foreign_answers_of_carriers_change_nothing() {
    let first = shipment().when(Message::ManifestShipment).when(taken("c2", 0)).then_ignored().when(taken("c2", 1)).then_ignored();
    let second = first.when(taken("c1", 0)).when(taken("c1", 0)).then_ignored().when(declined("c1", 0)).then_ignored();
    second.when(taken("c2", 1)).when(taken("c2", 1)).then_ignored().when(declined("c2", 1)).then_ignored();
}

#[test]
fn documents_are_made_once_and_lie_under_the_shipment() {
    let scenario = manifested()
        .when(Message::GenerateShipmentLabels)
        .then_records(["ShipmentLabelsGenerated"])
        .when(Message::GenerateShipmentLabels)
        .then_ignored()
        .when(Message::GenerateShipmentReceipt)
        .then_records(["ShipmentReceiptGenerated"])
        .when(Message::GenerateCombinedDocument)
        .then_records(["ShipmentCombinedDocumentGenerated"]);
    let last = &scenario.history().last().expect("an event").event.data;
    assert_eq!(last, r#"{"shipmentId":"V74YCBYHC8A0","documentLocation":"https://shipment-documents.net/V74YCBYHC8A0/combined-document"}"#);
    assert_eq!(scenario.view().phase, Phase::Completed);
}

#[test]
fn the_combined_document_needs_labels_but_no_receipt() {
    let scenario = manifested().when(Message::GenerateCombinedDocument).then_rejected("no-labels");
    scenario
        .when(Message::GenerateShipmentLabels)
        .when(Message::GenerateCombinedDocument)
        .then_records(["ShipmentCombinedDocumentGenerated"]);
}

#[test]
fn a_customs_invoice_comes_before_the_manifestation() {
    shipment()
        .when(Message::GenerateCustomsInvoice)
        .then_records(["CustomsInvoiceGenerated"])
        .when(Message::GenerateCustomsInvoice)
        .then_ignored()
        .when(Message::GenerateShipmentLabels)
        .then_rejected("not-manifested");
}

#[test]
fn what_does_not_apply_is_turned_down_with_a_reason() {
    let fresh = || Scenario::<Shipment>::new("P");
    fresh().when(Message::ManifestShipment).then_rejected("not-initialized");
    fresh().when(Message::CreateShipment(CreateShipment { legs: Vec::new() })).then_rejected("no-legs");
    fresh().when(Message::CreateShipment(CreateShipment { legs: vec![leg("")] })).then_rejected("missing-carrier");
    fresh().when_text("CreateShipment", r#"{"legs":[{"carrierId":1}]}"#).then_rejected("invalid-data");
    manifested()
        .when(Message::CreateShipment(CreateShipment { legs: vec![leg("c")] }))
        .then_ignored()
        .when(Message::ManifestShipment)
        .then_ignored()
        .when_cancelled("no longer wanted")
        .then_rejected("cancel-not-supported")
        .when_dropped("ManifestShipmentWithCarrier", "{}")
        .then_rejected("undelivered-not-supported")
        .when_migrated("x-1.0")
        .then_ignored();
}

#[test]
fn nothing_that_can_come_breaks_it() {
    let samples = [
        ("ShipmentManifestedWithCarrier", r#"{"carrierId":"c1","legIndex":18446744073709551615,"trackingNumber":"t"}"#),
        ("ShipmentCarrierManifestationFailed", r#"{"carrierId":"c1","legIndex":0,"failure":"f"}"#),
        ("CreateShipment", r#"{"legs":[]}"#),
    ];
    let under_way = shipment().when(Message::ManifestShipment);
    for stage in [Scenario::new("P"), shipment(), under_way, manifested(), manifested().when(Message::GenerateShipmentLabels)] {
        assert!(stage.then_survives_every_trigger(&samples) > 40);
    }
}

#[test]
fn every_trigger_in_every_state_does_no_harm() {
    let other =
        |leg_index: usize| LegManifested { carrier_id: format!("c{}", leg_index + 1), leg_index, tracking_number: "other".to_owned() };
    let messages = [
        Message::CreateShipment(CreateShipment { legs: vec![leg("c1"), leg("c2")] }),
        Message::CreateShipment(CreateShipment { legs: Vec::new() }),
        Message::GenerateCustomsInvoice,
        Message::ManifestShipment,
        Message::GenerateShipmentLabels,
        Message::GenerateShipmentReceipt,
        Message::GenerateCombinedDocument,
        taken("c1", 0),
        taken("c2", 1),
        taken("c2", 0),
        taken("c1", 1),
        taken("c1", 9),
        Message::ShipmentManifestedWithCarrier(other(0)),
        Message::ShipmentManifestedWithCarrier(other(1)),
        declined("c1", 0),
        declined("c2", 1),
        declined("c2", 0),
    ];
    // A document that is asked for late is made all the same.
    let guard = Guard { after_completed: &["CustomsInvoiceGenerated", "ShipmentReceiptGenerated"], ..Guard::STRICT };
    assert_eq!(guard.walk(Scenario::<Shipment>::new("P"), &messages), Exploration { states: 155, offers: 15_545, accepted: 1468 });
}
