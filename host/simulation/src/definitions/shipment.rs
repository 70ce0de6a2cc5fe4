//! A shipment: legs manifested one after another at the carrier; where one fails, what was manifested is cancelled in reverse order.
//! What cannot be cancelled stays visible as `LegLeft`.

use std::sync::Arc;

use procession_engine::model::decision::{Context, Decision, Trigger};
use procession_engine::model::event::StreamEvent;
use procession_engine::model::json::Json;
use procession_engine::model::manifest::Manifest;
use procession_engine::model::view::Phase;

use super::{
    Module, Part, Rules, Story, accept, answered, ask, count, data, empty, event, event_with, ignore, json, kinds, manifest, number,
    records, reject, send, word,
};

/// How often the carrier is asked for one leg, and to cancel one.
const ASKED_MAX: u64 = 2;

pub(super) fn module() -> Module {
    let about = Manifest {
        starts: kinds(&["Ship"]),
        handles: kinds(&["LegTaken", "LegRefused", "LegCancelled"]),
        reacts_to: kinds(&["ShipmentStarted", "LegManifested", "LegFailed", "LegUndone", "LegLeft"]),
        records: records(&[
            "ShipmentStarted",
            "LegAsked",
            "LegManifested",
            "LegFailed",
            "UndoAsked",
            "LegUndone",
            "LegLeft",
            "ShipmentDone",
            "ShipmentFailed",
        ]),
        sends: kinds(&["ManifestLeg", "CancelLeg", "Count", "Archive"]),
        ..manifest("shipment-1.0", Some("Shipment"))
    };
    Module { bytes: "shipment-1.0", manifest: Arc::new(about), part: Part::Rules(Rules { decide, phase }) }
}

fn decide(story: &Story, context: &Context, trigger: &Trigger) -> Decision {
    let leg = number(&data(trigger), "leg");
    let open = story.last_leg("LegAsked");
    match word(trigger).as_str() {
        "Ship" if !story.is_empty() => ignore("started already"),
        "Ship" => accept(vec![event_with("ShipmentStarted", legs(number(&data(trigger), "legs").clamp(1, 4)))], vec![]),
        "own:ShipmentStarted" => ask_for(1),
        "LegTaken" if is_undoing(story) && !story.has_leg("LegManifested", leg) => {
            // Late, but it must not be forgotten: the carrier has it now.
            accept(vec![event_with("LegManifested", leg_data(leg))], Vec::new())
        }
        "LegTaken" if story.has_leg("LegManifested", leg) || leg != open => ignore("known already"),
        "LegTaken" => accept(vec![event_with("LegManifested", leg_data(leg))], vec![answered("ManifestLeg")]),
        "own:LegManifested" if is_undoing(story) => undo_unless_under_way(story, context),
        "own:LegManifested" if leg < story.legs() => ask_for(leg + 1),
        "own:LegManifested" => accept(vec![event("ShipmentDone")], vec![count(context, "shipped"), send("Archive", empty())]),
        "LegRefused" if is_undoing(story) || story.has("ShipmentDone") || leg != open => ignore("too late"),
        "LegRefused" => accept(vec![event_with("LegFailed", leg_data(leg))], vec![answered("ManifestLeg")]),
        "back:ManifestLeg" if is_undoing(story) || story.has("ShipmentDone") || leg != open => ignore("too late"),
        "back:ManifestLeg" if asked(story, "LegAsked", open) < ASKED_MAX => ask_for(open),
        "back:ManifestLeg" => accept(vec![event_with("LegFailed", leg_data(open))], Vec::new()),
        "Cancel" if is_undoing(story) || story.has("ShipmentDone") => reject("ended"),
        "Cancel" => accept(vec![event_with("LegFailed", leg_data(open))], vec![answered("ManifestLeg")]),
        "own:LegFailed" => undo_unless_under_way(story, context),
        "LegCancelled" if story.has_leg("UndoAsked", leg) && !is_settled(story, leg) => {
            accept(vec![event_with("LegUndone", leg_data(leg))], vec![answered("CancelLeg")])
        }
        "LegCancelled" => ignore("known already"),
        "back:CancelLeg" if is_settled(story, leg) || leg != under_way(story) => ignore("too late"),
        "back:CancelLeg" if asked(story, "UndoAsked", leg) < ASKED_MAX => undo(leg),
        "back:CancelLeg" => accept(vec![event_with("LegLeft", leg_data(leg))], Vec::new()),
        "own:LegUndone" | "own:LegLeft" => undo_unless_under_way(story, context),
        _ => reject("not-expected"),
    }
}

fn ask_for(leg: u64) -> Decision {
    accept(vec![event_with("LegAsked", leg_data(leg))], vec![ask("ManifestLeg", leg_data(leg), 3_000)])
}

fn undo(leg: u64) -> Decision {
    accept(vec![event_with("UndoAsked", leg_data(leg))], vec![ask("CancelLeg", leg_data(leg), 1_000)])
}

/// Cancels the last leg that is manifested, unless one is being cancelled; fails where none is left.
fn undo_unless_under_way(story: &Story, context: &Context) -> Decision {
    if under_way(story) > 0 {
        return ignore("one after another");
    }
    let left = story.of("LegManifested").rev().map(leg_of).find(|leg| !is_settled(story, *leg));
    match left {
        Some(leg) => undo(leg),
        None if story.has("ShipmentFailed") => ignore("failed already"),
        None => accept(vec![event("ShipmentFailed")], vec![count(context, "failed"), send("Archive", empty())]),
    }
}

fn is_undoing(story: &Story) -> bool {
    story.has("LegFailed")
}

fn is_settled(story: &Story, leg: u64) -> bool {
    story.has_leg("LegUndone", leg) || story.has_leg("LegLeft", leg)
}

/// The leg that is being cancelled; 0 where none is.
fn under_way(story: &Story) -> u64 {
    Some(story.last_leg("UndoAsked")).filter(|leg| !is_settled(story, *leg)).unwrap_or(0)
}

fn asked(story: &Story, kind: &str, leg: u64) -> u64 {
    story.of(kind).filter(|event| leg_of(event) == leg).count() as u64
}

fn leg_of(event: &StreamEvent) -> u64 {
    number(&event.event.data, "leg")
}

fn leg_data(leg: u64) -> Json {
    json(format!("{{\"leg\":{leg}}}"))
}

fn legs(count: u64) -> Json {
    json(format!("{{\"legs\":{count}}}"))
}

impl Story {
    fn legs(&self) -> u64 {
        self.first().map_or(0, |first| number(&first.event.data, "legs"))
    }

    fn last_leg(&self, kind: &str) -> u64 {
        self.of(kind).next_back().map_or(0, leg_of)
    }

    fn has_leg(&self, kind: &str, leg: u64) -> bool {
        self.of(kind).any(|event| leg_of(event) == leg)
    }
}

fn phase(story: &Story) -> Phase {
    match () {
        () if story.has("ShipmentDone") => Phase::Completed,
        () if is_undoing(story) && (under_way(story) > 0 || !story.has("ShipmentFailed")) => Phase::Compensating,
        () if story.has("ShipmentFailed") => Phase::Failed,
        () => Phase::Running,
    }
}
