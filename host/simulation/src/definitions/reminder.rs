//! Reminders: timers that are set, replaced, cleared, due at once, in the past, at the same moment or in an hour.
//! Nothing is sent to anybody.

use std::sync::Arc;

use procession_engine::model::decision::{Context, Decision, Effect, Trigger};
use procession_engine::model::manifest::Manifest;
use procession_engine::model::time::Timestamp;
use procession_engine::model::view::Phase;

use super::{Module, Part, Rules, Story, accept, clear, event, ignore, json, kinds, manifest, records, reject, word};

const NAMES: [&str; 4] = ["a", "b", "c", "d"];

/// How often a reminder may be put off.
const SNOOZED_MAX: u64 = 4;

pub(super) fn module() -> Module {
    let about = Manifest {
        starts: kinds(&["Remind"]),
        handles: kinds(&["Snooze", "Calm"]),
        reacts_to: kinds(&["Reminded"]),
        records: records(&["Reminded", "Set", "Snoozed", "Calmed", "Rang.a", "Rang.b", "Rang.c", "Rang.d"]),
        ..manifest("reminder-1.0", Some("Reminder"))
    };
    Module { bytes: "reminder-1.0", manifest: Arc::new(about), part: Part::Rules(Rules { decide, phase }) }
}

fn decide(story: &Story, context: &Context, trigger: &Trigger) -> Decision {
    let name = context.seed as usize % NAMES.len();
    match word(trigger).as_str() {
        "Remind" if !story.is_empty() => ignore("reminded already"),
        "Remind" => accept(vec![event("Reminded")], Vec::new()),
        "own:Reminded" => accept(vec![event("Set")], NAMES.iter().enumerate().map(|(at, name)| set(name, context, at)).collect()),
        "Snooze" if story.count("Snoozed") < SNOOZED_MAX => accept(vec![event("Snoozed")], vec![set(NAMES[name], context, name)]),
        "Snooze" => reject("snoozed-enough"),
        // Cleared and set and cleared again within one decision: only the last one counts.
        "Calm" => {
            let other = NAMES[(name + 1) % NAMES.len()];
            accept(vec![event("Calmed")], vec![clear(NAMES[name]), set(other, context, 1), clear(other), clear("never-set")])
        }
        rung => match rung.strip_prefix("timer:") {
            Some(name) if NAMES.contains(&name) => accept(vec![event(&format!("Rang.{name}"))], Vec::new()),
            _ => reject("not-expected"),
        },
    }
}

fn set(name: &str, context: &Context, salt: usize) -> Effect {
    let after_ms = [0, 1, 40, 250, 250, 900, 5_000, 3_600_000][(context.seed >> (8 + 4 * salt)) as usize % 8];
    let at = match (context.seed >> (40 + salt)) % 9 {
        0 => Timestamp(context.now.0 - 1_000),
        _ => context.now.plus_ms(after_ms),
    };
    let data = json(format!("{{\"set\":\"{}/{}/{salt}\"}}", context.version, context.seed % 1_000));
    Effect::SetTimer { name: name.to_owned(), at, data }
}

/// Open as long as a timer may be set.
fn phase(story: &Story) -> Phase {
    let rung: u64 = NAMES.iter().map(|name| story.count(&format!("Rang.{name}"))).sum();
    let most = NAMES.len() as u64;
    if story.has("Set") && rung + 2 * story.count("Calmed") >= most { Phase::Completed } else { Phase::Running }
}
