//! A module held against scenarios: what is played, what differs, and how that is told.
//! How one process is folded and asked lives in `bench`; what is asked for, in `scenario`.

mod adapters;
mod process;
mod stage;
mod told;

use procession_engine::ports::definition::{Module, Role};
use serde_json::Value;

use crate::compare::Difference;
use crate::scenario::{File, Moment, Scenario};

pub use told::{document, lines, summary};

/// What came of one scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// Its name.
    pub name: String,
    /// How many steps it has.
    pub steps: usize,
    /// Why it failed; nothing where it passed.
    pub failure: Option<Failure>,
}

/// Why a scenario failed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Failure {
    /// The step, from 1; nothing where it failed before the first one.
    pub step: Option<usize>,
    /// What happened in that step: `message PayOrder`.
    pub when: String,
    /// When it happened.
    pub at: Option<Moment>,
    /// What is wrong, where it is not a difference; or what the two sides of the differences are.
    pub text: Option<String>,
    /// Expected and decided, side by side.
    pub differences: Vec<Difference>,
    /// The whole answer of the step, where there was one.
    pub decided: Option<Value>,
    /// Kinds of the events before the step.
    pub recorded: Vec<String>,
}

impl Failure {
    /// A failure that is no difference.
    fn saying(text: impl Into<String>) -> Self {
        Self { text: Some(text.into()), ..Self::default() }
    }
}

/// Plays the scenarios of a file whose names contain a text.
#[must_use]
pub fn file(module: &Module, file: &File, filter: &str) -> Vec<Outcome> {
    file.scenarios.iter().filter(|scenario| scenario.name.contains(filter)).map(|one| scenario(module, file, one)).collect()
}

/// Plays one scenario.
#[must_use]
pub fn scenario(module: &Module, file: &File, scenario: &Scenario) -> Outcome {
    let mut stage = stage::Stage::of(file, scenario, &module.manifest);
    let played = match &module.role {
        Role::Process(definition) => process::play(&mut stage, &**definition, scenario),
        Role::Router(classifier) => adapters::play_router(&mut stage, &**classifier, scenario),
        Role::Adapter(connector) => adapters::play_adapter(&mut stage, &**connector, scenario),
    };
    Outcome { name: scenario.name.clone(), steps: scenario.steps.len(), failure: played.err().map(|failure| *failure) }
}

/// A scenario that goes on, or has failed.
type Played<T = ()> = Result<T, Box<Failure>>;
