//! Attacks on a definition's promises: random triggers in states that random walks reach.
//! Everything is drawn from a seed, so the same attack can be had again; the clock and the runtime are the caller's.
//!
//! In reading order: `walk` plays one process, `trigger` chooses what happens next, `document` makes data for it out of what `material`
//! has seen, `shrink` makes a finding short, `growth`, `repeats` and `usage` look at what no single answer shows.

mod dice;
mod document;
mod material;
mod trigger;

mod walk;

mod growth;
mod repeats;
mod shrink;
mod usage;

mod others;
mod told;

use std::collections::BTreeMap;
use std::sync::Arc;

use procession_engine::ports::definition::{Module, Role};

use crate::scenario::{File, Scenario};

use dice::Dice;
use material::Material;

pub use told::{document, findings_file, lines};
pub use usage::{Meter, Most, Used};

/// What an attack is told.
pub struct Plan<'a> {
    /// The module.
    pub module: &'a Module,
    /// The same bytes loaded once more, so that nothing is shared with it.
    pub twin: &'a Module,
    /// What the runtime tells of a call, where it does.
    pub meter: Option<Arc<dyn Meter>>,
    /// Where everything is drawn from.
    pub seed: u64,
    /// Scenarios to learn kinds of data from.
    pub scenarios: &'a [File],
}

/// What an attack found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Where everything was drawn from.
    pub seed: u64,
    /// Triggers that were decided.
    pub cases: u64,
    /// Processes that were begun.
    pub processes: u64,
    /// How often each kind of trigger got each sort of answer.
    pub answers: BTreeMap<String, BTreeMap<&'static str, u64>>,
    /// Kinds of events that were never recorded: states that were not seen.
    pub unseen: Vec<String>,
    /// The most that each sort of call used.
    pub usage: BTreeMap<&'static str, Most>,
    /// What was found, the gravest first.
    pub findings: Vec<Finding>,
}

/// How grave a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gravity {
    /// A promise does not hold.
    Broken,
    /// It works, but will cost somebody dear.
    Warning,
}

/// Something that was found.
#[derive(Clone, Debug)]
pub struct Finding {
    /// How grave it is.
    pub gravity: Gravity,
    /// Which promise it is about: `pure`, `total`, `bounded` …
    pub promise: &'static str,
    /// A sentence about it.
    pub text: String,
    /// The shortest sequence that shows it.
    pub scenario: Scenario,
}

impl Report {
    /// Whether a promise does not hold.
    #[must_use]
    pub fn has_broken(&self) -> bool {
        self.findings.iter().any(|finding| finding.gravity == Gravity::Broken)
    }

    fn count(&mut self, trigger: &str, answer: &'static str) {
        self.cases += 1;
        *self.answers.entry(trigger.to_owned()).or_default().entry(answer).or_default() += 1;
    }

    /// Takes a finding in, unless the same was found before.
    fn find(&mut self, finding: Finding) {
        let is_same = |known: &&Finding| known.promise == finding.promise && same_words(&known.text, &finding.text);
        if self.findings.len() < FINDINGS_MAX && !self.findings.iter().any(|known| is_same(&known)) {
            self.findings.push(finding);
        }
    }
}

/// More would not be read.
const FINDINGS_MAX: usize = 20;

/// Whether two texts differ in nothing but numbers and quoted words.
fn same_words(one: &str, other: &str) -> bool {
    signature(one) == signature(other)
}

/// A text without what differs from case to case.
fn signature(text: &str) -> String {
    let mut kept = String::new();
    for (at, part) in text.split(['"', '`']).enumerate() {
        if at % 2 == 0 {
            kept.extend(part.chars().filter(|c| !c.is_ascii_digit()).take(200));
        }
    }
    kept
}

/// Attacks until it is told to stop: `goes_on` is asked after every process, with what there is so far.
#[must_use]
pub fn attack(plan: &Plan<'_>, mut goes_on: impl FnMut(&Report) -> bool) -> Report {
    let mut report = Report { seed: plan.seed, ..Report::default() };
    let mut material = Material::of(plan);
    let mut walk: u64 = 0;
    let wants = |report: &Report| report.findings.len() < FINDINGS_MAX;
    match &plan.module.role {
        Role::Process(_) if plan.module.manifest.starts.is_empty() => {}
        Role::Process(definition) => {
            let usage = usage::Metered::new(plan.meter.clone());
            let warm = usage.wrap(definition.clone());
            while wants(&report) {
                walk::one(plan, &usage, &*warm, &mut Dice::of(plan.seed, walk), &mut material, &mut report);
                walk += 1;
                if !goes_on(&report) {
                    break;
                }
            }
            growth::look(plan, &usage, &*warm, &material, &mut report);
            report.usage = usage.most();
            usage::complain(&mut report, &usage);
        }
        Role::Router(_) | Role::Adapter(_) => {
            while wants(&report) {
                others::one(plan, &mut Dice::of(plan.seed, walk), &mut material, &mut report);
                walk += 1;
                if !goes_on(&report) {
                    break;
                }
            }
        }
    }
    report.unseen = material.unseen(&plan.module.manifest);
    report.findings.sort_by_key(|finding| finding.gravity);
    report
}
