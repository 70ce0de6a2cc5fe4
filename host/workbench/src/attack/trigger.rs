//! What happens next in a walk: one of the things that a host lets happen in this state.
//! A message that no host would deliver finds nothing, so none is made.

use procession_engine::model::id::Kind;
use procession_engine::model::manifest::Manifest;

use super::dice::Dice;
use super::document;
use super::material::Material;
use crate::run::stage::Stage;
use crate::scenario::{Data, MessageIn, Name, Span, Step, TimerIn, UndeliveredIn, When};

/// Spans that pass between two steps, in milliseconds; the last one is ten years.
const SPANS_MS: [u64; 7] = [1, 1_000, 60_000, 3_600_000, 86_400_000, 30 * 86_400_000, 3_650 * 86_400_000];

/// The next step of a walk whose stream has begun, or has not.
pub(super) fn next(dice: &mut Dice, material: &Material, stage: &Stage<'_>, has_begun: bool, before: Option<&Step>) -> Step {
    let after = if dice.hits(35) { dice.one_of(&SPANS_MS).map(|ms| Span { ms: *ms }) } else { None };
    // What comes at least once comes twice now and then.
    if let Some(again) = before.filter(|_| has_begun && dice.hits(8)) {
        return Step { after, ..again.clone() };
    }
    Step { after, when: Some(what(dice, material, stage, has_begun)), ..Step::default() }
}

fn what(dice: &mut Dice, material: &Material, stage: &Stage<'_>, has_begun: bool) -> When {
    let Manifest { starts, handles, takes_over, .. } = stage.manifest;
    if !has_begun {
        return message(starts, dice, material);
    }
    let if_any = |is_any: bool, weight: usize| if is_any { weight } else { 0 };
    let weights = [
        if_any(!handles.is_empty(), 60),
        6,
        if_any(!stage.timers.is_empty(), 20),
        if_any(!stage.sent.is_empty(), 10),
        7,
        if_any(!takes_over.is_empty(), 3),
    ];
    match dice.weighted(&weights) {
        0 => message(handles, dice, material),
        1 => message(starts, dice, material),
        2 => {
            let names: Vec<&String> = stage.timers.keys().collect();
            let name = dice.one_of(&names).map_or_else(String::new, |name| (*name).clone());
            When::Timer(TimerIn { name, data: None })
        }
        3 => {
            let kinds: Vec<&Kind> = stage.sent.keys().collect();
            let Some(kind) = dice.one_of(&kinds) else { return message(starts, dice, material) };
            let reason = ["no answer in time", "dropped by an operator", ""][dice.below(3)].to_owned();
            When::Undelivered(UndeliveredIn { kind: Name((*kind).clone()), reason, data: None })
        }
        4 => When::Cancel(["not wanted any more", "", "\u{202e}\0👩‍👩‍👧‍👦"][dice.below(3)].to_owned()),
        _ => match dice.one_of(takes_over) {
            Some(from) => When::Migrated(Name(from.clone())),
            None => message(starts, dice, material),
        },
    }
}

fn message(kinds: &[Kind], dice: &mut Dice, material: &Material) -> When {
    let kind = dice.one_of(kinds).cloned().unwrap_or_else(Kind::start);
    let data = Data(document::data_for(kind.as_str(), dice, material));
    When::Message(MessageIn { kind: Name(kind), data, source: None, id: None })
}
