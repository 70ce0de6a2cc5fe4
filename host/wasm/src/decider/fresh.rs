//! A fresh instance for every decision: slowest, but nothing can be left behind.
//! Folding may go on in the instance that folded before; one that decided is never used again.

use std::sync::Arc;

use procession_engine::model::decision::{Context, Decision, Trigger};
use procession_engine::model::event::StreamEvent;
use procession_engine::model::json::Json;
use procession_engine::model::view::View;
use procession_engine::ports::definition::{Decider, GuestError, Pace};
use wasmtime::component::ResourceAny;

use super::{ProcessInstance, ProcessModule, calls, log_drop};
use crate::rules::Rules;

/// A process as its events, and the instance that has folded them, where there is one.
pub(super) struct Fresh {
    module: Arc<ProcessModule>,
    snapshot: Option<Json>,
    events: Vec<StreamEvent>,
    folded: Option<(ProcessInstance, ResourceAny)>,
    broken: Option<GuestError>,
    pace: Pace,
}

impl Fresh {
    pub(super) fn restore(module: &Arc<ProcessModule>, snapshot: Option<&Json>, pace: Pace) -> Result<Self, GuestError> {
        let (module, snapshot) = (module.clone(), snapshot.cloned());
        let mut fresh = Self { module, snapshot, events: Vec::new(), folded: None, broken: None, pace };
        fresh.run(|_, _, _| Ok(()))?;
        Ok(fresh)
    }

    /// Folds all events in a new instance.
    fn fold(&self) -> Result<(ProcessInstance, ResourceAny), GuestError> {
        let mut instance = self.module.blueprint.instantiate(self.pace)?;
        let process = calls::restore(&mut instance, self.snapshot.as_ref())?;
        calls::evolve(&mut instance, process, &self.events, &self.module.rules)?;
        Ok((instance, process))
    }

    fn run<R>(&mut self, call: impl FnOnce(&mut ProcessInstance, ResourceAny, &Rules) -> Result<R, GuestError>) -> Result<R, GuestError> {
        if let Some(error) = &self.broken {
            return Err(GuestError::Trap(format!("its instance was dropped after an earlier error: {error}")));
        }
        let folded = self.folded.take().map_or_else(|| self.fold(), Ok);
        let answer = folded.and_then(|(mut instance, process)| {
            let answer = call(&mut instance, process, &self.module.rules)?;
            self.folded = Some((instance, process));
            Ok(answer)
        });
        answer.inspect_err(|error| {
            log_drop(&self.module.rules, error);
            self.broken = Some(error.clone());
        })
    }
}

impl Decider for Fresh {
    fn evolve(&mut self, events: &[StreamEvent]) -> Result<(), GuestError> {
        self.run(|instance, process, rules| calls::evolve(instance, process, events, rules))?;
        self.events.extend_from_slice(events);
        Ok(())
    }

    fn decide(&mut self, context: &Context, trigger: &Trigger) -> Result<Decision, GuestError> {
        let decision = self.run(|instance, process, rules| calls::decide(instance, process, context, trigger, rules));
        self.folded = None;
        decision
    }

    fn look(&mut self) -> Result<View, GuestError> {
        self.run(calls::look)
    }

    fn snapshot(&mut self) -> Result<Option<Json>, GuestError> {
        self.run(calls::snapshot)
    }

    fn memory_bytes(&self) -> usize {
        self.folded.as_ref().map_or(0, |(instance, _)| instance.memory_bytes())
    }

    fn set_pace(&mut self, pace: Pace) {
        self.pace = pace;
        if let Some((instance, _)) = &mut self.folded {
            instance.set_pace(pace);
        }
    }
}
