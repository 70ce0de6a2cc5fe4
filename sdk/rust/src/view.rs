//! What a query sees of a process.

use serde::Serialize;

use crate::contract::{Phase, Tag, View};

impl View {
    /// A view with nothing but the phase.
    #[must_use]
    pub const fn new(phase: Phase) -> Self {
        Self { phase, step: None, outcome: None, tags: Vec::new() }
    }

    /// Names the step that the process is at.
    #[must_use]
    pub fn step(mut self, step: impl Into<String>) -> Self {
        self.step = Some(step.into());
        self
    }

    /// What the process has brought about so far, as JSON; what JSON cannot say (a map whose keys are no text) is left out.
    #[must_use]
    pub fn outcome(mut self, outcome: &impl Serialize) -> Self {
        self.outcome = serde_json::to_string(outcome).ok();
        self
    }

    /// Adds a searchable name and value.
    #[must_use]
    pub fn tag(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.tags.push(Tag { name: name.into(), value: value.into() });
        self
    }
}
