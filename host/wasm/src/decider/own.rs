//! An instance of its own for every warm process: what one process breaks, no other one sees.
//! No lock is needed, since whoever holds the decider holds the instance.

use std::sync::Arc;

use procession_engine::model::decision::{Context, Decision, Trigger};
use procession_engine::model::event::StreamEvent;
use procession_engine::model::json::Json;
use procession_engine::model::view::View;
use procession_engine::ports::definition::{Decider, GuestError, Pace};
use wasmtime::component::ResourceAny;

use super::{ProcessInstance, ProcessModule, calls, log_drop};
use crate::rules::Rules;

/// A process and its instance; none after an error.
pub(super) struct Own {
    live: Option<(ProcessInstance, ResourceAny)>,
    rules: Arc<Rules>,
}

impl Own {
    pub(super) fn restore(module: &ProcessModule, snapshot: Option<&Json>, pace: Pace) -> Result<Self, GuestError> {
        let mut instance = module.blueprint.instantiate(pace)?;
        let process = calls::restore(&mut instance, snapshot)?;
        Ok(Self { live: Some((instance, process)), rules: module.rules.clone() })
    }

    fn run<R>(&mut self, call: impl FnOnce(&mut ProcessInstance, ResourceAny, &Rules) -> Result<R, GuestError>) -> Result<R, GuestError> {
        let Some((instance, process)) = &mut self.live else {
            return Err(GuestError::Trap("its instance was dropped after an earlier error".to_owned()));
        };
        let answer = call(instance, *process, &self.rules);
        if let Err(error) = &answer {
            log_drop(&self.rules, error);
            self.live = None;
        }
        answer
    }
}

impl Decider for Own {
    fn evolve(&mut self, events: &[StreamEvent]) -> Result<(), GuestError> {
        self.run(|instance, process, rules| calls::evolve(instance, process, events, rules))
    }

    fn decide(&mut self, context: &Context, trigger: &Trigger) -> Result<Decision, GuestError> {
        self.run(|instance, process, rules| calls::decide(instance, process, context, trigger, rules))
    }

    fn look(&mut self) -> Result<View, GuestError> {
        self.run(calls::look)
    }

    fn snapshot(&mut self) -> Result<Option<Json>, GuestError> {
        self.run(calls::snapshot)
    }

    fn memory_bytes(&self) -> usize {
        self.live.as_ref().map_or(0, |(instance, _)| instance.memory_bytes())
    }

    fn set_pace(&mut self, pace: Pace) {
        if let Some((instance, _)) = &mut self.live {
            instance.set_pace(pace);
        }
    }
}
