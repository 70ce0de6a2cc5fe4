//! A counter: it counts every command once, from whichever process, and never refuses one.
//! Its stream grows long; what is missing or doubled anywhere shows here.

use std::sync::Arc;

use procession_engine::model::decision::{Context, Decision, Trigger};
use procession_engine::model::manifest::Manifest;
use procession_engine::model::view::Phase;

use super::{Module, Part, Rules, Story, accept, data, event, event_with, kinds, manifest, records, reject, timer, word};

pub(super) fn module() -> Module {
    let about =
        Manifest { starts: kinds(&["Count"]), records: records(&["Counted", "Rested"]), ..manifest("counter-1.0", Some("Counter")) };
    Module { bytes: "counter-1.0", manifest: Arc::new(about), part: Part::Rules(Rules { decide, phase }) }
}

fn decide(story: &Story, context: &Context, trigger: &Trigger) -> Decision {
    match word(trigger).as_str() {
        "Count" => {
            let counted = event_with("Counted", data(trigger));
            // Replaced again and again, so it rings only after the last one.
            let effects = if story.version().is_multiple_of(3) { vec![timer("rest", context, 700)] } else { Vec::new() };
            accept(vec![counted], effects)
        }
        "timer:rest" => accept(vec![event("Rested")], Vec::new()),
        _ => reject("not-expected"),
    }
}

/// At rest between any two commands.
fn phase(_: &Story) -> Phase {
    Phase::Completed
}
