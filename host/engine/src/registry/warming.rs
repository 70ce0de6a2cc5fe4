//! Modules that processes need and that are not compiled: made ready beside the workers, which do something else meanwhile.
//! That happens after an upgrade, when the compiled code of an earlier release is of no use.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Registry;
use crate::model::id::Digest;

/// What is being made ready, and what could not be.
#[derive(Default)]
pub(super) struct Warming(Mutex<HashMap<Digest, Stage>>);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    UnderWay,
    /// It is not tried again: whoever needs it hears why from the loading itself.
    Failed,
}

impl Warming {
    /// Nothing that can panic runs under this lock.
    fn stages(&self) -> MutexGuard<'_, HashMap<Digest, Stage>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Registry {
    /// Whether a worker may ask for this module; if not, it is being made ready from now on.
    pub fn is_at_hand(self: &Arc<Self>, module: &Digest) -> bool {
        if self.snapshot().module(module).is_some() || self.runtime.is_at_hand(module) {
            return true;
        }
        let mut stages = self.warming.stages();
        match stages.get(module) {
            Some(Stage::Failed) => return true,
            Some(Stage::UnderWay) => return false,
            None => {}
        }
        let (registry, digest) = (Arc::clone(self), *module);
        let warm_up = move || registry.warm_up(&digest);
        match std::thread::Builder::new().name("warm-up".to_owned()).spawn(warm_up) {
            Ok(_) => {
                stages.insert(*module, Stage::UnderWay);
                false
            }
            // Slow is better than never.
            Err(_) => true,
        }
    }

    /// Whether processes wait for this module to be compiled.
    #[must_use]
    pub fn is_being_compiled(&self, module: &Digest) -> bool {
        self.warming.stages().get(module) == Some(&Stage::UnderWay)
    }

    fn warm_up(&self, digest: &Digest) {
        let record = self.snapshot().record(digest).cloned();
        let category = record.map(|record| record.manifest.category.to_string());
        tracing::info!(category, module = %digest.short(), "processes need a module that is not compiled; they wait until it is");
        match self.module(digest) {
            Ok(_) => drop(self.warming.stages().remove(digest)),
            Err(error) => {
                tracing::error!(category, module = %digest.short(), %error, "a module that processes need could not be made ready");
                self.warming.stages().insert(*digest, Stage::Failed);
            }
        }
    }
}
