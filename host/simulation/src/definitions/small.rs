//! The small ones: an archive that comes late, a watcher of other streams' events, a router, and the adapters.
//! What adapters answer is drawn by the world outside.

use std::sync::Arc;

use procession_engine::model::decision::{Context, Decision, Start, Trigger};
use procession_engine::model::manifest::Manifest;
use procession_engine::model::message::Message;
use procession_engine::model::view::Phase;

use super::{Module, Part, Rules, Story, accept, empty, event, event_with, ignore, json, kinds, manifest, records, reject, send, word};

pub(super) fn modules() -> Vec<Module> {
    vec![archive(), watch(), hush(), router(), bank(), carrier()]
}

/// Nobody handles `Archive` until this is deployed.
fn archive() -> Module {
    let about = Manifest { starts: kinds(&["Archive"]), records: records(&["Archived"]), ..manifest("archive-1.0", Some("Archive")) };
    fn decide(story: &Story, _: &Context, trigger: &Trigger) -> Decision {
        match word(trigger).as_str() {
            "Archive" if story.is_empty() => accept(vec![event("Archived")], Vec::new()),
            "Archive" => ignore("archived already"),
            _ => reject("not-expected"),
        }
    }
    Module { bytes: "archive-1.0", manifest: Arc::new(about), part: Part::Rules(Rules { decide, phase: |_| Phase::Completed }) }
}

/// Hears what an order and a parcel record, without being asked: several streams take one event.
fn watch() -> Module {
    let about = Manifest {
        starts: kinds(&["OrderPlaced"]),
        handles: kinds(&["ParcelShipped", "ParcelLost", "OrderFailed", "PaymentTaken"]),
        records: records(&["Noted"]),
        ..manifest("watch-1.0", Some("Watch"))
    };
    fn decide(_: &Story, _: &Context, trigger: &Trigger) -> Decision {
        accept(vec![event_with("Noted", json(format!("{{\"what\":\"{}\"}}", word(trigger))))], Vec::new())
    }
    Module { bytes: "watch-1.0", manifest: Arc::new(about), part: Part::Rules(Rules { decide, phase: |_| Phase::Completed }) }
}

/// Asks once and sets neither a timer nor a deadline: where no answer comes, only the list of stuck processes shows it.
fn hush() -> Module {
    let about = Manifest {
        starts: kinds(&["Hush"]),
        handles: kinds(&["Heard"]),
        records: records(&["Hushed", "Heard"]),
        sends: kinds(&["Whisper"]),
        ..manifest("hush-1.0", Some("Hush"))
    };
    fn decide(story: &Story, _: &Context, trigger: &Trigger) -> Decision {
        match word(trigger).as_str() {
            "Hush" if story.is_empty() => accept(vec![event("Hushed")], vec![send("Whisper", empty())]),
            "Heard" if !story.has("Heard") => accept(vec![event("Heard")], Vec::new()),
            "Hush" | "Heard" | "Cancel" | "back:Whisper" => ignore("nothing to add"),
            _ => reject("not-expected"),
        }
    }
    let phase = |story: &Story| if story.has("Heard") { Phase::Completed } else { Phase::Running };
    Module { bytes: "hush-1.0", manifest: Arc::new(about), part: Part::Rules(Rules { decide, phase }) }
}

/// Chooses by the first letter of the process.
fn router() -> Module {
    let about = Manifest { handles: kinds(&["Start"]), ..manifest("chooser-1.0", None) };
    fn choose(request: &Message) -> Start {
        let (category, kind, data) = match request.process.as_str().as_bytes().first() {
            Some(b'O') => ("order", "PlaceOrder", "{}"),
            Some(b'S') => ("shipment", "Ship", "{\"legs\":2}"),
            _ => ("reminder", "Remind", "{}"),
        };
        Start { category: category.to_owned(), kind: super::kind(kind), data: json(data.to_owned()) }
    }
    Module { bytes: "chooser-1.0", manifest: Arc::new(about), part: Part::Router(choose) }
}

fn bank() -> Module {
    let about = Manifest {
        handles: kinds(&["TakePayment", "ReturnPayment"]),
        sends: kinds(&["PaymentTaken", "PaymentRefused", "PaymentReturned"]),
        ..manifest("bank-1.0", None)
    };
    Module { bytes: "bank-1.0", manifest: Arc::new(about), part: Part::Outside }
}

fn carrier() -> Module {
    let about = Manifest {
        handles: kinds(&["ShipParcel", "ManifestLeg", "CancelLeg", "Whisper"]),
        sends: kinds(&["CarrierTook", "CarrierLost", "LegTaken", "LegRefused", "LegCancelled", "Heard"]),
        ..manifest("carrier-1.0", None)
    };
    Module { bytes: "carrier-1.0", manifest: Arc::new(about), part: Part::Outside }
}
