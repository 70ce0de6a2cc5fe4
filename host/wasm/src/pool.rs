//! Idle instances of a module whose calls have nothing to do with each other.
//! An instance that failed never comes back.

use std::sync::{Mutex, MutexGuard, PoisonError};

use procession_engine::model::manifest::Sharing;
use procession_engine::ports::definition::{GuestError, Pace};

use crate::instance::{Blueprint, Instance, Interface};
use crate::rules::Rules;

/// Makes instances and keeps the healthy ones for the next call.
pub(crate) struct Pool<I: Interface> {
    blueprint: Blueprint<I>,
    idle: Mutex<Vec<Instance<I::Guest>>>,
    idle_max: usize,
}

impl<I: Interface> Pool<I> {
    pub(crate) fn new(blueprint: Blueprint<I>, rules: &Rules) -> Self {
        let idle_max = if rules.manifest.sharing == Sharing::Fresh { 0 } else { rules.limits.idle_instances_max };
        Self { blueprint, idle: Mutex::new(Vec::new()), idle_max }
    }

    /// Runs one call on an idle instance or a new one, at a pace. The lock is not held meanwhile.
    pub(crate) fn run<R>(&self, pace: Pace, call: impl FnOnce(&mut Instance<I::Guest>) -> Result<R, GuestError>) -> Result<R, GuestError> {
        let idle = self.idle().pop();
        let mut instance = idle.map_or_else(|| self.blueprint.instantiate(pace), Ok)?;
        instance.set_pace(pace);
        let answer = call(&mut instance)?;
        let mut idle = self.idle();
        if idle.len() < self.idle_max {
            idle.push(instance);
        }
        Ok(answer)
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Instance<I::Guest>>> {
        // Pushing and popping cannot leave the list half done, so a panic elsewhere does not spoil it.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
