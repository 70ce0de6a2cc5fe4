//! One process from its beginning on: random steps, every promise held after each, until one breaks or the walk is over.
//! What is found is made short before it is told.

use procession_engine::ports::definition::{Definition, GuestError, Role};

use super::dice::Dice;
use super::material::Material;
use super::usage::Metered;
use super::{Finding, Gravity, Plan, Report, repeats, shrink, signature, trigger};
use crate::bench::{Answer, History, Subject};
use crate::checks::Promise;
use crate::run::Failure;
use crate::run::process::{Asked, Play};
use crate::run::stage::Stage;
use crate::scenario::{File, Scenario, Seed, Step, When};
use crate::show;

/// Steps of one process: most have ended before, and what comes after the end matters too.
const STEPS_MAX: usize = 24;

/// The module under attack, and how one of its processes begins.
pub(super) struct Ground<'a> {
    pub(super) subject: Subject<'a>,
    pub(super) begin: Scenario,
    pub(super) batches: [usize; 3],
}

impl<'a> Ground<'a> {
    pub(super) fn new(plan: &'a Plan<'_>, warm: &'a dyn Definition, seed: u64, batches: [usize; 3]) -> Self {
        let twin: &dyn Definition = match &plan.twin.role {
            Role::Process(twin) => &**twin,
            // The same bytes have the same role; should a caller mix them up, the module is its own twin.
            Role::Router(_) | Role::Adapter(_) => warm,
        };
        let subject = Subject { definition: warm, twin, manifest: &plan.module.manifest };
        Self { subject, begin: Scenario { seed: Some(Seed(seed)), ..Scenario::default() }, batches }
    }

    pub(super) fn stage(&self) -> Stage<'a> {
        Stage::of(&File::default(), &self.begin, self.subject.manifest)
    }

    pub(super) fn play(&self, stage: &Stage<'_>) -> Result<Play<'_>, Box<Failure>> {
        Play::begin(self.subject, stage, &self.begin, &self.batches)
    }

    /// Plays steps to their end, or to the failure of the last one; a failure before that is none of this sequence.
    pub(super) fn failure_of(&self, steps: &[Step]) -> Option<Box<Failure>> {
        let mut stage = self.stage();
        let mut play = match self.play(&stage) {
            Ok(play) => play,
            Err(failure) => return Some(failure),
        };
        let (last, before) = steps.split_last()?;
        if before.iter().any(|step| play.step(&mut stage, step).is_err()) {
            return None;
        }
        play.step(&mut stage, last).err()
    }

    /// Plays steps; gives the last turn and the history before it, where all goes well.
    pub(super) fn last_turn(&self, steps: &[Step]) -> Option<(Asked, History)> {
        let mut stage = self.stage();
        let mut play = self.play(&stage).ok()?;
        let (last, before) = steps.split_last()?;
        for step in before {
            play.step(&mut stage, step).ok()?;
        }
        let history = play.history.clone();
        Some((play.step(&mut stage, last).ok()??, history))
    }

    /// A finding with its sequence.
    pub(super) fn finding(&self, gravity: Gravity, promise: &'static str, text: String, steps: Vec<Step>) -> Finding {
        let name = format!("{promise}: {}", text.lines().next().unwrap_or_default());
        Finding { gravity, promise, text, scenario: Scenario { name, steps, ..self.begin.clone() } }
    }
}

/// Walks once.
pub(super) fn one(plan: &Plan<'_>, usage: &Metered, warm: &dyn Definition, dice: &mut Dice, material: &mut Material, report: &mut Report) {
    let batches = [dice.below(4) + 1, dice.below(3) + 1, dice.below(7) + 1];
    let ground = Ground::new(plan, warm, dice.bits(), batches);
    let mut stage = ground.stage();
    report.processes += 1;
    let mut play = match ground.play(&stage) {
        Ok(play) => play,
        Err(failure) => return report.find(ground.finding(Gravity::Broken, "total", words(&failure), Vec::new())),
    };
    let mut steps: Vec<Step> = Vec::new();
    for _ in 0..=dice.below(STEPS_MAX) {
        let step = trigger::next(dice, material, &stage, play.history.version > 0, steps.last());
        let word = word(step.when.as_ref());
        usage.begin(&word);
        steps.push(step);
        let history = play.history.events.len();
        match play.step(&mut stage, &steps[steps.len() - 1]) {
            Ok(Some(asked)) => {
                report.count(&word, sort(&asked.turn.answer));
                learn(material, &asked, &mut play, &ground, &steps, &word);
                repeats::look(&ground, &play.history.up_to(history), &asked, &steps, dice, report);
            }
            Ok(None) => {}
            Err(failure) => {
                report.count(&word, "broken");
                usage.keep(&steps);
                return report.find(found(&ground, &failure, steps));
            }
        }
        usage.keep(&steps);
    }
}

fn learn(material: &mut Material, asked: &Asked, play: &mut Play<'_>, ground: &Ground<'_>, steps: &[Step], word: &str) {
    if let Some(When::Message(message)) = steps.last().and_then(|step| step.when.as_ref()) {
        material.learn_answer(message.kind.as_str(), &message.data.0, &asked.turn.answer);
    }
    material.learn_recorded(&asked.turn.recorded);
    if matches!(asked.turn.answer, Answer::Accepted { .. }) {
        material.learn_way(word, &asked.turn.recorded, play.stands(), ground.begin.seed.map_or(1, |seed| seed.0), steps);
    }
}

/// The finding, made short.
fn found(ground: &Ground<'_>, failure: &Failure, steps: Vec<Step>) -> Finding {
    let wanted = (failure.promise, signature(&words(failure)));
    let is_the_same = |other: &Failure| (other.promise, signature(&words(other))) == wanted;
    let steps = shrink::shortened(steps, &|steps| ground.failure_of(steps).is_some_and(|failure| is_the_same(&failure)));
    let told = ground.failure_of(&steps).unwrap_or_else(|| Box::new(failure.clone()));
    let promise = match (&failure.error, failure.promise) {
        (Some(GuestError::Limit(_)), _) => "bounded",
        (_, Some(promise)) => promise.as_str(),
        (_, None) => Promise::Total.as_str(),
    };
    ground.finding(Gravity::Broken, promise, words(&told), steps)
}

/// A failure in words: what is wrong, on which trigger, and the differences.
pub(super) fn words(failure: &Failure) -> String {
    let text = failure.text.as_deref().unwrap_or("it answers otherwise");
    let on = if failure.when.is_empty() { String::new() } else { format!("on {}: ", failure.when) };
    let differences = failure.differences.iter().take(3).map(|difference| {
        let side =
            |value: &Option<serde_json::Value>| value.as_ref().map_or_else(|| "nothing".to_owned(), |value| clipped(&value.to_string()));
        format!("\n  {}: {} and {}", difference.path, side(&difference.expected), side(&difference.decided))
    });
    format!("{on}{text}{}", differences.collect::<String>())
}

fn clipped(text: &str) -> String {
    if text.chars().count() <= 120 { text.to_owned() } else { text.chars().take(120).chain(['…']).collect() }
}

/// The trigger of a step in a few words, as far as it can be told before it is made.
pub(super) fn word(when: Option<&When>) -> String {
    match when {
        Some(When::Start(message) | When::Message(message)) => message.kind.to_string(),
        Some(When::Request(message)) => format!("request {}", message.kind.0),
        Some(When::Command(message)) => format!("command {}", message.kind.0),
        Some(When::Timer(timer)) => format!("timer {}", timer.name),
        Some(When::Undelivered(back)) => format!("undelivered {}", back.kind.0),
        Some(When::Cancel(_)) => "cancel".to_owned(),
        Some(When::Migrated(from)) => format!("migrated from {}", from.0),
        None => "look".to_owned(),
    }
}

pub(super) fn sort(answer: &Answer) -> &'static str {
    match answer {
        Answer::Accepted { .. } => "accepted",
        Answer::Ignored(_) => "ignored",
        Answer::Rejected(_) => "rejected",
        Answer::Deferred(_) => "deferred",
        Answer::Starts(_) => "starts",
        Answer::Replies(_) => "replies",
    }
}

/// All that a turn decided, as one text.
pub(super) fn text_of(asked: &Asked) -> String {
    show::answer(&asked.turn.answer).to_string()
}
