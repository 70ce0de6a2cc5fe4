//! What shows only in the long run: memory that grows with every call, and a state that grows with every event.
//! Both are warnings: a host gives an instance up now and then, and a state may have its reasons.

use procession_engine::model::decision::Context;
use procession_engine::ports::definition::{Decider, Definition};

use super::material::Material;
use super::usage::Metered;
use super::walk::Ground;
use super::{Gravity, Plan, Report};
use crate::bench::{Answer, History};
use crate::run::process::Asked;
use crate::scenario::Step;

/// Calls of one instance between two looks at its memory.
const CALLS: usize = 300;
/// Events between two looks at a state.
const EVENTS: usize = 60;
/// Triggers that are tried for so long.
const TRIGGERS_MAX: usize = 12;
/// A state that grows by less than this with an event is no burden, in bytes: a flag or a digit in a list. A short word is more.
const GROWTH_BYTES_MIN: usize = 5;

/// Looks at every trigger that was ever accepted, on the shortest way that led there.
pub(super) fn look(plan: &Plan<'_>, usage: &Metered, warm: &dyn Definition, material: &Material, report: &mut Report) {
    for (word, (seed, steps)) in material.ways().take(TRIGGERS_MAX) {
        let ground = Ground::new(plan, warm, *seed, [1, 2, 3]);
        let Some((asked, history)) = ground.last_turn(steps) else { continue };
        if let Some(text) = memory(&ground, usage, &asked, &history, word) {
            report.find(ground.finding(Gravity::Warning, "bounded", text, steps.clone()));
        }
        if let Some(text) = state(&ground, asked, history, word) {
            let again: Vec<Step> = steps.iter().chain(steps.last()).cloned().collect();
            report.find(ground.finding(Gravity::Warning, "bounded", text, again));
        }
    }
}

/// Asks one instance the same again and again: nothing that it needs for an answer is needed after it.
fn memory(ground: &Ground<'_>, usage: &Metered, asked: &Asked, history: &History, word: &str) -> Option<String> {
    let mut decider = ground.subject.fold(history).ok()?;
    let category = ground.subject.manifest.category.clone();
    let place = &asked.place;
    let context = Context { process: place.process.clone(), category, version: place.version, now: place.now, seed: place.seed };
    let mut sizes = Vec::new();
    for _ in 0..4 {
        for _ in 0..CALLS {
            decider.decide(&context, &asked.trigger).ok()?;
        }
        sizes.push(usage.memory_bytes()?);
    }
    // It may take a while until what was freed is used again; after that, nothing may be added.
    let is_growing = sizes.windows(2).all(|pair| pair[1] > pair[0]);
    let grown = sizes.last()? - sizes.first()?;
    is_growing.then(|| {
        let calls = CALLS * (sizes.len() - 1);
        format!("memory grows by about {} bytes with every decide on {word} ({grown} bytes in {calls} calls)", grown / calls as u64)
    })
}

/// Lets the same happen again and again, as long as it is accepted, and looks how long the snapshot becomes.
fn state(ground: &Ground<'_>, asked: Asked, mut history: History, word: &str) -> Option<String> {
    let mut decider = ground.subject.fold(&history).ok()?;
    let mut place = asked.place;
    let mut sizes = Vec::new();
    for at in 1..=3 * EVENTS {
        let turn = ground.subject.turn(&mut *decider, &place, &asked.trigger).ok()?;
        if !matches!(turn.answer, Answer::Accepted { .. }) {
            return None;
        }
        history.record(&turn);
        place.version = history.version;
        place.seed = place.seed.wrapping_add(turn.decisions);
        if at % EVENTS == 0 {
            sizes.push(size(&mut *decider)?);
        }
    }
    let (first, second) = (sizes[1].checked_sub(sizes[0])?, sizes[2].checked_sub(sizes[1])?);
    let by_event = second / EVENTS;
    (by_event >= GROWTH_BYTES_MIN && second * 2 >= first).then(|| {
        format!(
            "the state grows by about {by_event} bytes with every {word}, without an end in sight: {} bytes after {} of them",
            sizes[2],
            3 * EVENTS
        )
    })
}

fn size(decider: &mut dyn Decider) -> Option<usize> {
    decider.snapshot().ok()?.map(|snapshot| snapshot.as_str().len())
}
