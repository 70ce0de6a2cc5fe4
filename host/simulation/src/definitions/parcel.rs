//! A parcel: a second stream of an order's process, which asks the carrier.
//! What it records is heard by the order under the kind of the event.

use std::sync::Arc;

use procession_engine::model::decision::{Context, Decision, Trigger};
use procession_engine::model::manifest::Manifest;
use procession_engine::model::view::Phase;

use super::{Module, Part, Rules, Story, accept, clear, empty, event, ignore, kinds, manifest, records, reject, send, timer, word};

/// How often the carrier is asked.
const ASKED_MAX: u64 = 2;

pub(super) fn module() -> Module {
    let about = Manifest {
        starts: kinds(&["PackParcel"]),
        handles: kinds(&["CarrierTook", "CarrierLost"]),
        reacts_to: kinds(&["ParcelPacked"]),
        records: records(&["ParcelPacked", "CarrierAsked", "ParcelShipped", "ParcelLost"]),
        sends: kinds(&["ShipParcel"]),
        ..manifest("parcel-1.0", Some("Parcel"))
    };
    Module { bytes: "parcel-1.0", manifest: Arc::new(about), part: Part::Rules(Rules { decide, phase }) }
}

fn decide(story: &Story, context: &Context, trigger: &Trigger) -> Decision {
    let is_done = story.has("ParcelShipped") || story.has("ParcelLost");
    match word(trigger).as_str() {
        // Asked again after its answer: the answer is said again.
        "PackParcel" if story.has("ParcelShipped") => accept(vec![event("ParcelShipped")], Vec::new()),
        "PackParcel" if story.has("ParcelLost") => accept(vec![event("ParcelLost")], Vec::new()),
        "PackParcel" if !story.is_empty() => ignore("packed already"),
        "PackParcel" => accept(vec![event("ParcelPacked")], Vec::new()),
        "own:ParcelPacked" => ask(context),
        "CarrierTook" if !is_done => accept(vec![event("ParcelShipped")], vec![clear("ship")]),
        "CarrierLost" if !is_done => accept(vec![event("ParcelLost")], vec![clear("ship")]),
        "CarrierTook" | "CarrierLost" => ignore("known already"),
        "timer:ship" if story.count("CarrierAsked") < ASKED_MAX => ask(context),
        "timer:ship" => accept(vec![event("ParcelLost")], Vec::new()),
        "back:ShipParcel" => ignore("the timer knows"),
        _ => reject("not-expected"),
    }
}

fn ask(context: &Context) -> Decision {
    accept(vec![event("CarrierAsked")], vec![send("ShipParcel", empty()), timer("ship", context, 2_500)])
}

fn phase(story: &Story) -> Phase {
    match () {
        () if story.has("ParcelShipped") => Phase::Completed,
        () if story.has("ParcelLost") => Phase::Failed,
        () => Phase::Running,
    }
}
