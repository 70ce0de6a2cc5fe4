//! Randomness that is none: the same trigger under another seed, in an instance that has nothing to do with the first one.
//! What looks drawn and is the same in both was not drawn from the seed, and so is the same in every process.

use procession_engine::model::chance;
use procession_engine::model::decision::Trigger;

use super::dice::Dice;
use super::walk::{Ground, text_of};
use super::{Gravity, Report, shrink};
use crate::bench::{Answer, History, Place};
use crate::run::process::Asked;
use crate::scenario::Step;

/// Looks at one accepted decision in so many.
const PERCENT: usize = 30;

/// Looks whether an id repeats; history is what was before the turn.
pub(super) fn look(ground: &Ground<'_>, history: &History, asked: &Asked, steps: &[Step], dice: &mut Dice, report: &mut Report) {
    if !matches!(asked.turn.answer, Answer::Accepted { .. }) || !dice.hits(PERCENT) {
        return;
    }
    let Some(part) = repeated(ground, history, asked) else { return };
    let shows = |steps: &[Step]| ground.last_turn(steps).is_some_and(|(asked, history)| repeated(ground, &history, &asked).is_some());
    let steps = shrink::shortened(steps.to_vec(), &shows);
    let text = format!(
        "\"{part}\" looks drawn, but is the same for another seed in a fresh instance: two processes would get the same one; \
         ids come from the seed of the context"
    );
    report.find(ground.finding(Gravity::Warning, "seeded", text, steps));
}

fn repeated(ground: &Ground<'_>, history: &History, asked: &Asked) -> Option<String> {
    let place = Place { seed: asked.place.seed ^ 0x5bd1_e995_9e37_79b9, ..asked.place.clone() };
    let mut fresh = ground.subject.fold_afresh(history).ok()?;
    let turn = ground.subject.turn(&mut *fresh, &place, &asked.trigger).ok()?;
    let other = Asked { place, trigger: asked.trigger.clone(), turn };
    let mut known: Vec<&str> = history.events.iter().map(|event| event.event.data.as_str()).collect();
    known.push(asked.place.process.as_str());
    known.extend(said(&asked.trigger));
    chance::repeated(&text_of(asked), &text_of(&other), &known).map(str::to_owned)
}

/// Everything that a trigger says.
fn said(trigger: &Trigger) -> Vec<&str> {
    match trigger {
        Trigger::Start(message) | Trigger::Message(message) => vec![message.data.as_str(), message.id.as_str()],
        Trigger::Recorded(event) => vec![event.event.data.as_str()],
        Trigger::Timer { data, .. } => vec![data.as_str()],
        Trigger::Undelivered { data, id, .. } => vec![data.as_str(), id.as_str()],
        Trigger::Cancel(why) => vec![why],
        Trigger::Migrated(_) => Vec::new(),
    }
}
