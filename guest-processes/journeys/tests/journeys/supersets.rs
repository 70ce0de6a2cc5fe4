//! The subprocesses and carriers of 1.1 beside those of 1.0: for what 1.0 knows they leave the same behind.
//!
//! The highest version of a name takes new streams, also those of an older process.

use carrier_stub_1_1::CarrierStub;
use procession_sdk::Process;
use serde_json::Value;

use crate::host::Host;
use crate::host::carriers::Travel;
use crate::{COLLECTION, DOCUMENTS, LEG, process_until};

fn old<P: Process>(id: &str) -> Host {
    Host::new(id)
        .with::<P>()
        .with::<manifestation_and_documents_1_0::Shipment>()
        .with::<collection_booking_1_0::Collection>()
        .post("Start", "null")
}

fn new<P: Process>(id: &str) -> Host {
    Host::new(id)
        .with::<P>()
        .with::<manifestation_and_documents_1_1::Shipment>()
        .with::<collection_booking_1_1::Collection>()
        .carriers::<CarrierStub>(Travel::Straight)
        .post("Start", "null")
}

/// Tracking numbers, references and failures differ from run to run.
fn without_ids(mut data: Value) -> Value {
    match &mut data {
        Value::String(text) if text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) => return "an id".into(),
        Value::Array(items) => items.iter_mut().for_each(|item| *item = without_ids(item.take())),
        Value::Object(fields) => fields.values_mut().for_each(|field| *field = without_ids(field.take())),
        _ => {}
    }
    data
}

fn leaves_the_same<P: Process>(id: &str) {
    let (old, new) = (old::<P>(id), new::<P>(id));
    for suffix in ["Process", "Shipment", "Collection"] {
        let events = |host: &Host| host.events(suffix).into_iter().map(|(kind, data)| (kind, without_ids(data))).collect::<Vec<_>>();
        assert_eq!(events(&new), events(&old), "{id}-{suffix}");
    }
    assert_eq!((&new.phases, new.elapsed()), (&old.phases, old.elapsed()), "{id}");
}

#[test]
fn an_older_process_leaves_the_same_streams_with_the_new_subprocesses() {
    for last in ['0', '1', '2', '3', '7', 'A'] {
        leaves_the_same::<domestic_1_0::Domestic>(&format!("12EEQ9CS9K1{last}"));
        leaves_the_same::<domestic_1_1::Domestic>(&format!("12EEQ9CS9K1{last}"));
        leaves_the_same::<international_1_0::International>(&format!("V74YCBYHC8A{last}"));
    }
}

#[test]
fn version_1_1_leaves_the_streams_of_1_0_on_success() {
    let (old, new) = (old::<international_1_0::International>("V74YCBYHC8A0"), new::<international_1_1::International>("V74YCBYHC8A0"));
    for suffix in ["Process", "Shipment", "Collection"] {
        assert_eq!(new.kinds(suffix), old.kinds(suffix), "{suffix}");
    }
    assert_eq!(new.kinds("Process"), process_until(&crate::CUSTOMS, "-"));
    assert_eq!(new.kinds("Shipment"), [&["ShipmentInitialized", "CustomsInvoiceGenerated"][..], &LEG.repeat(2), &DOCUMENTS].concat());
    assert_eq!(new.kinds("Collection"), [&COLLECTION[..], &["CollectionBooked"]].concat());
    assert_eq!((&new.phases, new.elapsed()), (&old.phases, old.elapsed()));
    let outcome = new.view("Process").outcome.expect("an outcome").replace("international-1.1", "international-1.0");
    let keys = |text: &str| without_ids(serde_json::from_str(text).expect("JSON")).to_string().len();
    assert_eq!(keys(&outcome), keys(&old.view("Process").outcome.expect("an outcome")));
}

#[test]
fn the_new_process_with_old_subprocesses_names_what_they_cannot_undo() {
    let host = Host::new("V74YCBYHC8A2")
        .with::<international_1_1::International>()
        .with::<manifestation_and_documents_1_0::Shipment>()
        .with::<collection_booking_1_0::Collection>()
        .post("Start", "null");
    assert_eq!(host.unhandled, ["CancelCollectionBooking", "CancelShipment"]);
    let list = host.data("Process")["ShipmentProcessFailed"]["notUndone"].as_array().cloned().expect("a list");
    assert_eq!(list.iter().map(|entry| &entry["what"]).collect::<Vec<_>>(), ["collection", "leg", "leg"]);
    assert_eq!(host.phases.last(), Some(&procession_sdk::contract::Phase::Failed));
}
