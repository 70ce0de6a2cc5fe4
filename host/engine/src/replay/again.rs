//! One history decided again: recorded events are folded, and between them every decision is made once more.
//! A stream of n decisions costs n calls of `decide` and n of `evolve` on one state; where nothing is decided, many events go into one call.

use super::compare::{Compared, compare};
use super::history::{Step, walk};
use super::report::{Counts, Finding, What};
use super::trigger;
use super::which::Chosen;
use crate::model::decision::{Context, Decision, Trigger};
use crate::model::event::StreamEvent;
use crate::model::manifest::Manifest;
use crate::ports::definition::{Decider, Definition, GuestError};
use crate::ports::log::Log;
use crate::ports::store::StoreError;

/// Findings of one history that are kept; the rest is counted.
const FINDINGS_MAX: usize = 8;
/// Events folded in one call where nothing is decided between them.
const BATCH: usize = 256;

/// What one history came to.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) counts: Counts,
    pub(super) findings: Vec<Finding>,
    /// Whether a definition broke on a decision, so that its state was lost before the end.
    broke: bool,
}

impl Outcome {
    /// Whether there is nothing to tell.
    pub(super) fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }

    fn finds(&mut self, finding: Finding) {
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(finding);
        }
    }
}

/// How carefully events are folded.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Folds {
    /// As many at once as there are.
    Batches,
    /// One by one, so that the one that does not fold is known.
    Singly,
}

/// What a history is decided again with.
pub(super) struct Again<'a> {
    pub(super) log: &'a dyn Log,
    pub(super) definition: &'a dyn Definition,
    pub(super) manifest: &'a Manifest,
    pub(super) folds: Folds,
    /// The last position that is looked at.
    pub(super) until: u64,
}

impl Again<'_> {
    /// Decides a history again.
    ///
    /// # Errors
    /// [`StoreError`] where the log cannot be read.
    pub(super) fn history(&self, chosen: &Chosen) -> Result<Outcome, StoreError> {
        let mut pass = Pass::begin(self, chosen, Decides::Everything);
        walk(self.log, &chosen.stream, self.until, &mut |step| pass.step(step))?;
        let mut outcome = pass.end();
        if outcome.broke {
            // Its state was lost where it broke; whether the history folds is a question of its own.
            let mut folding = Pass::begin(self, chosen, Decides::Nothing);
            walk(self.log, &chosen.stream, self.until, &mut |step| folding.step(step))?;
            let folded = folding.end();
            outcome.counts.not_folded = folded.counts.not_folded;
            folded.findings.into_iter().for_each(|finding| outcome.finds(finding));
        }
        outcome.counts.judge(chosen.has_ended);
        Ok(outcome)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Decides {
    Everything,
    Nothing,
}

/// One walk over a history.
struct Pass<'a> {
    again: &'a Again<'a>,
    chosen: &'a Chosen,
    decides: Decides,
    /// The state; none after an error.
    decider: Option<Box<dyn Decider>>,
    /// Recorded events that are still to be folded.
    events: Vec<StreamEvent>,
    outcome: Outcome,
}

impl<'a> Pass<'a> {
    fn begin(again: &'a Again<'a>, chosen: &'a Chosen, decides: Decides) -> Self {
        let mut pass = Self { again, chosen, decides, decider: None, events: Vec::new(), outcome: Outcome::default() };
        match again.definition.restore(None) {
            Ok(decider) => pass.decider = Some(decider),
            Err(error) => pass.does_not_fold(None, &error),
        }
        pass
    }

    fn step(&mut self, step: Step<'_>) -> Result<(), StoreError> {
        // The host's own decision: nobody is asked about it or shown it.
        if step.is_move() {
            return Ok(());
        }
        self.outcome.counts.decisions += 1;
        if self.decides == Decides::Everything {
            self.fold();
            self.decide(step);
        }
        self.events.extend(step.events());
        if self.events.len() >= BATCH || self.again.folds == Folds::Singly {
            self.fold();
        }
        Ok(())
    }

    fn decide(&mut self, step: Step<'_>) {
        let Some(decider) = self.decider.as_mut() else {
            self.outcome.counts.decisions_not_made += 1;
            return;
        };
        let Again { manifest, .. } = self.again;
        let trigger = match trigger::of(step.entry, step.at, &self.chosen.stream, manifest) {
            Ok(trigger) => trigger,
            Err(lost) => {
                self.outcome.counts.decisions_lost += 1;
                return self.tell(step, "unknown", What::Lost { why: lost.to_string() });
            }
        };
        let context = Context {
            process: self.chosen.stream.process.clone(),
            category: manifest.category.clone(),
            version: step.decision.first_version - 1,
            now: step.entry.time,
            seed: step.decision.seed,
        };
        match decided(&mut **decider, &context, &trigger, manifest) {
            Ok(decision) => self.compare(step, &trigger, &decision),
            Err(error) => {
                self.outcome.counts.decisions_broken += 1;
                self.tell(step, trigger.kind(), What::Breaks { error: error.to_string() });
                (self.outcome.broke, self.decider) = (true, None);
            }
        }
    }

    fn compare(&mut self, step: Step<'_>, trigger: &Trigger, decision: &Decision) {
        match compare(step.decision, decision) {
            Compared::Same => self.outcome.counts.decisions_same += 1,
            Compared::SpelledOtherwise => {
                self.outcome.counts.decisions_same += 1;
                self.outcome.counts.decisions_spelled_otherwise += 1;
            }
            Compared::Otherwise(difference) => {
                self.outcome.counts.decisions_otherwise += 1;
                self.tell(step, trigger.kind(), What::DecidesOtherwise(difference));
            }
        }
    }

    /// Folds what waits to be folded.
    fn fold(&mut self) {
        let batch = match self.again.folds {
            Folds::Batches => BATCH,
            Folds::Singly => 1,
        };
        let events = std::mem::take(&mut self.events);
        for events in events.chunks(batch) {
            let Some(decider) = self.decider.as_mut() else { return };
            if let Err(error) = decider.evolve(events) {
                self.does_not_fold(events.first(), &error);
            }
        }
    }

    fn does_not_fold(&mut self, event: Option<&StreamEvent>, error: &GuestError) {
        self.decider = None;
        self.outcome.counts.not_folded = 1;
        let what = What::DoesNotFold { error: error.to_string() };
        let (version, trigger) = event.map_or((0, "the beginning"), |event| (event.version, event.event.kind.as_str()));
        let finding = Finding::of(self.chosen, version, event.map(|event| &event.decided_by), trigger, None, what);
        self.outcome.finds(finding);
    }

    fn tell(&mut self, step: Step<'_>, trigger: &str, what: What) {
        let cause = Some(&step.decision.cause);
        let finding = Finding::of(self.chosen, step.decision.first_version, Some(step.decided_by), trigger, cause, what);
        self.outcome.finds(finding);
    }

    /// Folds the rest, and looks: what cannot be seen is of no more use than what does not fold.
    fn end(mut self) -> Outcome {
        self.fold();
        let looked = self.decider.as_mut().map_or(Ok(()), |decider| decider.look().map(drop));
        if let Err(error) = looked {
            self.outcome.counts.not_folded = 1;
            let what = What::DoesNotFold { error: format!("its state cannot be looked at: {error}") };
            let finding = Finding::of(self.chosen, 0, None, "the end", None, what);
            self.outcome.finds(finding);
        }
        self.outcome
    }
}

/// Decides, and holds the decision against the manifest as a turn would.
fn decided(decider: &mut dyn Decider, context: &Context, trigger: &Trigger, manifest: &Manifest) -> Result<Decision, GuestError> {
    let decision = decider.decide(context, trigger)?;
    if let Decision::Accept { events, effects } = &decision {
        manifest.permits(events, effects).map_err(GuestError::Contract)?;
    }
    Ok(decision)
}
