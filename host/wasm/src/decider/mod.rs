//! Components that decide.
//! Three ways to share instances, one set of calls; which way is the definition's own choice.

mod calls;
mod fresh;
mod interface;
mod own;
mod shared;
mod upcast;

use std::sync::Arc;

use procession_engine::model::json::Json;
use procession_engine::model::manifest::Sharing;
use procession_engine::ports::definition::{Decider, Definition, GuestError, Pace};

use crate::instance::{Blueprint, Instance};
use crate::rules::Rules;
use interface::ProcessGuest;
pub(crate) use interface::ProcessIndices;

/// An instance of a process module.
type ProcessInstance = Instance<ProcessGuest>;

/// A process module.
pub(crate) struct ProcessDefinition {
    module: Arc<ProcessModule>,
    rooms: shared::Rooms,
}

/// What the deciders of a module share.
struct ProcessModule {
    blueprint: Blueprint<ProcessIndices>,
    rules: Arc<Rules>,
}

impl ProcessDefinition {
    pub(crate) fn new(blueprint: Blueprint<ProcessIndices>, rules: Arc<Rules>) -> Self {
        Self { module: Arc::new(ProcessModule { blueprint, rules }), rooms: shared::Rooms::default() }
    }

    /// Makes an instance, so that a module that cannot have one is refused when it is loaded.
    pub(crate) fn probe(&self) -> Result<(), GuestError> {
        self.module.blueprint.instantiate(Pace::Whole).map(drop)
    }
}

impl Definition for ProcessDefinition {
    fn restore(&self, snapshot: Option<&Json>) -> Result<Box<dyn Decider>, GuestError> {
        self.restore_at(snapshot, Pace::Whole)
    }

    fn restore_at(&self, snapshot: Option<&Json>, pace: Pace) -> Result<Box<dyn Decider>, GuestError> {
        Ok(match self.module.rules.manifest.sharing {
            Sharing::PerProcess => Box::new(own::Own::restore(&self.module, snapshot, pace)?),
            Sharing::Shared => Box::new(self.rooms.restore(&self.module, snapshot, pace)?),
            Sharing::Fresh => Box::new(fresh::Fresh::restore(&self.module, snapshot, pace)?),
        })
    }

    fn restore_apart(&self, snapshot: Option<&Json>, pace: Pace) -> Result<Box<dyn Decider>, GuestError> {
        Ok(Box::new(own::Own::restore(&self.module, snapshot, pace)?))
    }

    fn for_histories(&self) -> Option<Box<dyn Definition>> {
        Some(Box::new(shared::Reading::of(&self.module)))
    }
}

/// The log line of every instance that is dropped because of an error.
fn log_drop(rules: &Rules, error: &GuestError) {
    tracing::debug!(category = %rules.manifest.category, %error, "instance dropped");
}
