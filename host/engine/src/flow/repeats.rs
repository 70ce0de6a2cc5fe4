//! Ids that repeat: the first process that a module begins after the start is decided once more, under another seed.
//! Nothing follows from it but a warning; what was decided is recorded as it is.
//!
//! Not when a module is loaded, because nobody knows then what it would accept: a made-up start is nearly always turned down.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::turn::Turn;
use crate::model::chance;
use crate::model::commit::DecisionRecord;
use crate::model::decision::{Context, Decision, Effect, Trigger};
use crate::model::event::Event;
use crate::model::id::Digest;
use crate::model::json::Json;
use crate::ports::definition::{Pace, Role};

/// The modules that were looked at since the start, and what was found.
#[derive(Default)]
pub(crate) struct Repeats(Mutex<HashMap<Digest, Option<Arc<str>>>>);

impl Repeats {
    /// What was found about a module.
    pub(crate) fn of(&self, module: &Digest) -> Option<Arc<str>> {
        self.modules().get(module).cloned().flatten()
    }

    /// Whether nobody has looked at a module yet; from now on somebody has.
    fn is_first(&self, module: &Digest) -> bool {
        let mut modules = self.modules();
        let is_first = !modules.contains_key(module);
        if is_first {
            modules.insert(*module, None);
        }
        is_first
    }

    fn found(&self, module: &Digest, warning: Arc<str>) {
        self.modules().insert(*module, Some(warning));
    }

    fn modules(&self) -> MutexGuard<'_, HashMap<Digest, Option<Arc<str>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Looks at the decision that began a stream, if it is the first one of its module.
pub(super) fn look(turn: &Turn<'_>, trigger: &Trigger, decisions: &[DecisionRecord]) {
    let (Some(first), Trigger::Start(_)) = (decisions.first(), trigger) else { return };
    if turn.version > 0 || !turn.shared.repeats.is_first(&turn.module.digest) {
        return;
    }
    let Some((events, effects)) = decided_otherwise(turn, trigger, first.seed) else { return };
    let (one, other) = (text(&first.events, &first.effects), text(&events, &effects));
    if let Some(part) = chance::repeated(&one, &other, &known(turn, trigger)) {
        let category = &turn.module.manifest.category;
        let warning =
            format!("\"{part}\" looks drawn, but comes out the same for another seed: other processes of this module get the same one");
        tracing::warn!(%category, module = %turn.module.digest.short(), stream = %turn.stream, "{warning}; ids come from the seed");
        turn.shared.repeats.found(&turn.module.digest, warning.into());
    }
}

/// The same decision in an instance of its own, under another seed. One that breaks or turns it down says nothing about ids.
fn decided_otherwise(turn: &Turn<'_>, trigger: &Trigger, seed: u64) -> Option<(Vec<Event>, Vec<Effect>)> {
    let Role::Process(definition) = &turn.module.role else { return None };
    let category = turn.module.manifest.category.clone();
    let context = Context { process: turn.stream.process.clone(), category, version: 0, now: turn.now, seed: !seed };
    match definition.restore_at(None, Pace::Slice).ok()?.decide(&context, trigger).ok()? {
        Decision::Accept { events, effects } => Some((events, effects)),
        Decision::Ignore(_) | Decision::Reject(_) | Decision::Defer(_) => None,
    }
}

/// Everything that a decision says.
fn text(events: &[Event], effects: &[Effect]) -> String {
    let of_effect = |effect: &Effect| match effect {
        Effect::Send(command) => command.data.clone(),
        Effect::SetTimer { data, .. } => data.clone(),
        Effect::ClearTimer(_) => Json::null(),
    };
    let all = events.iter().map(|event| event.data.clone()).chain(effects.iter().map(of_effect));
    all.fold(String::new(), |text, data| text + data.as_str() + "\n")
}

/// What was there before the decision, and may be said again.
fn known<'a>(turn: &'a Turn<'_>, trigger: &'a Trigger) -> [&'a str; 3] {
    match trigger {
        Trigger::Start(message) => [turn.stream.process.as_str(), message.data.as_str(), message.id.as_str()],
        _ => [turn.stream.process.as_str(), "", ""],
    }
}
