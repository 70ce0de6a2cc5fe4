//! Attacks on routers and adapters: one random request or command after another.
//! They have no state, so that they answer at all, and the same again, is all that they promise.

use procession_engine::model::id::Kind;
use procession_engine::ports::definition::{GuestError, Role};

use super::dice::Dice;
use super::document;
use super::material::Material;
use super::walk::{word, words};
use super::{Finding, Gravity, Plan, Report, shrink, signature};
use crate::bench::Answer;
use crate::run::{self, Failure};
use crate::scenario::{Data, File, MessageIn, Name, Scenario, Seed, Step, When};

/// Requests of one round.
const ROUND: usize = 16;

/// Attacks with a round of requests or commands.
pub(super) fn one(plan: &Plan<'_>, dice: &mut Dice, material: &mut Material, report: &mut Report) {
    let manifest = &plan.module.manifest;
    let kinds: Vec<&Kind> = manifest.handles.iter().chain(&manifest.starts).collect();
    report.processes += 1;
    for _ in 0..ROUND {
        let kind = dice.one_of(&kinds).map_or_else(Kind::start, |kind| (*kind).clone());
        let data = document::data_for(kind.as_str(), dice, material);
        let message = MessageIn { kind: Name(kind.clone()), data: Data(data.clone()), source: None, id: None };
        let when = if matches!(plan.module.role, Role::Router(_)) { When::Request(message) } else { When::Command(message) };
        let step = Step { when: Some(when), ..Step::default() };
        let trigger = word(step.when.as_ref());
        let mut scenario = Scenario { seed: Some(Seed(dice.bits())), steps: vec![step], ..Scenario::default() };
        match failure(plan, &scenario) {
            None => {
                report.count(&trigger, "answered");
                // What is answered is not told by a scenario that passes; that it is taken is enough to change it further.
                material.learn_answer(kind.as_str(), &data, &Answer::Ignored(shape(&data)));
            }
            Some(found) => {
                report.count(&trigger, "broken");
                let wanted = signature(&words(&found));
                let same = |steps: &[Step]| {
                    let scenario = Scenario { steps: steps.to_vec(), ..scenario.clone() };
                    failure(plan, &scenario).is_some_and(|other| signature(&words(&other)) == wanted)
                };
                let steps = shrink::shortened(scenario.steps.clone(), &same);
                scenario.steps = steps;
                let promise = found.promise.map_or("total", crate::checks::Promise::as_str);
                let text = words(&found);
                scenario.name = format!("{promise}: {}", text.lines().next().unwrap_or_default());
                report.find(Finding { gravity: Gravity::Broken, promise, text, scenario });
            }
        }
    }
}

/// The failure of a scenario. An adapter may say that it cannot carry a command out: the host tries again.
fn failure(plan: &Plan<'_>, scenario: &Scenario) -> Option<Failure> {
    let file = settings(plan);
    let found = run::scenario(plan.module, &file, scenario).failure?;
    let is_an_answer = matches!(plan.module.role, Role::Adapter(_)) && matches!(found.error, Some(GuestError::Fault { .. }));
    (!is_an_answer).then_some(found)
}

/// Settings and what is loaded, as the first scenario file that says something has them.
fn settings(plan: &Plan<'_>) -> File {
    let said = plan.scenarios.iter().find(|file| file.settings.is_some() || file.loaded.is_some());
    said.map_or_else(File::default, |file| File { scenarios: Vec::new(), ..file.clone() })
}

/// The fields of a document, so that documents of a new shape are kept.
fn shape(data: &procession_engine::model::json::Json) -> String {
    let value: serde_json::Value = serde_json::from_str(data.as_str()).unwrap_or_default();
    value.as_object().map(|map| map.keys().cloned().collect::<Vec<_>>().join(" ")).unwrap_or_default()
}
