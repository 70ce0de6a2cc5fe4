//! Which modules there are, which of them take new processes, and who handles which kind.
//! Bytes are kept by the shelf and made to run by the runtime; nothing is decided about processes here.

mod coming;
mod deploy;
mod life;
mod snapshot;
mod warming;

use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

pub use coming::Arrival;
use coming::Coming;
pub use deploy::{Deployed, Origin, Outcome};
pub use life::{Pruned, RolledBack, Stays};
pub use snapshot::{Handler, Snapshot};
use warming::Warming;

use crate::error::DeployError;
use crate::gate::{Gate, Verdict};
use crate::model::id::{Category, Digest};
use crate::model::manifest::Manifest;
use crate::ports::clock::Clock;
use crate::ports::definition::{Module, Runtime};
use crate::ports::shelf::{DrainReason, ModuleRecord, ModuleState, Shelf, Tally};
use crate::ports::store::StoreError;

/// All modules that the host knows.
///
/// Readers take a snapshot and never wait; changes happen one at a time and are durable before they show.
pub struct Registry {
    shelf: Arc<dyn Shelf>,
    runtime: Arc<dyn Runtime>,
    clock: Arc<dyn Clock>,
    current: RwLock<Arc<Snapshot>>,
    /// Held while a change is made, so that two deploys never interleave.
    changing: Mutex<()>,
    coming: Coming,
    warming: Warming,
    /// Looks at modules that are new; none where nobody does.
    gate: OnceLock<Gate>,
}

impl Registry {
    /// Opens the shelf and makes the active modules ready; others are loaded when a process needs them.
    /// A module that can no longer be loaded is logged and left out, since the processes on the other ones must go on.
    ///
    /// # Errors
    /// [`StoreError`] where the shelf cannot be read.
    pub fn open(shelf: Arc<dyn Shelf>, runtime: Arc<dyn Runtime>, clock: Arc<dyn Clock>) -> Result<Self, StoreError> {
        let mut snapshot = Snapshot::default();
        for record in shelf.modules()? {
            let active = record.state == ModuleState::Active;
            let digest = record.digest;
            snapshot = snapshot.with_record(record);
            if active {
                match load(&*shelf, &*runtime, &digest) {
                    Ok(module) => snapshot = snapshot.with_module(module),
                    // A store that cannot be read now is no reason to go on without a definition until somebody notices.
                    Err(DeployError::Store(error @ (StoreError::Io(_) | StoreError::Closed(_)))) => return Err(error),
                    Err(error) => tracing::error!(module = %digest, %error, "an active module could not be loaded"),
                }
            }
        }
        // A crash within a deploy leaves the module active that it was to overrule.
        for overruled in snapshot.overruled() {
            let state = ModuleState::Draining { because: DrainReason::Superseded };
            // Its file stays its own, unless the later one comes from there: an unchanged file must not undo what came after it.
            let holder = snapshot.holder(&overruled.manifest.category);
            let file = overruled.file.clone().filter(|file| holder.is_none_or(|holder| holder.file.as_ref() != Some(file)));
            let record = ModuleRecord { state, since: clock.now(), file, ..overruled };
            shelf.put(&record, None)?;
            snapshot = snapshot.with_record(record);
        }
        let (current, coming, warming) = (RwLock::new(Arc::new(snapshot)), Coming::default(), Warming::default());
        Ok(Self { shelf, runtime, clock, current, changing: Mutex::new(()), coming, warming, gate: OnceLock::new() })
    }

    /// Puts a gate before modules that are new; the first one stays.
    pub(crate) fn guard(&self, gate: Gate) {
        self.gate.get_or_init(|| gate);
    }

    /// What the gate made of a module that was let in since the start.
    #[must_use]
    pub fn verdict(&self, module: &Digest) -> Option<Arc<Verdict>> {
        self.gate.get()?.verdict(module)
    }

    /// Modules that are on their way in: being compiled, checked, or held against histories; oldest first.
    #[must_use]
    pub fn coming(&self) -> Vec<Arrival> {
        self.coming.list()
    }

    /// Lets the gate look at a module that has never been active, where there is anything that it could be held against.
    fn admit(&self, module: &Module) -> Result<(), DeployError> {
        let was_active = |record: &ModuleRecord| !matches!(record.state, ModuleState::Checked | ModuleState::Removed);
        let is_new = !self.snapshot().record(&module.digest).is_some_and(was_active);
        let Some(gate) = self.gate.get().filter(|_| is_new) else { return Ok(()) };
        let Manifest { category, takes_over, .. } = &*module.manifest;
        let concerns = |of: &Category| of.name() == category.name() || takes_over.contains(of);
        let has_histories = |(record, tally): &(ModuleRecord, Tally)| concerns(&record.manifest.category) && *tally != Tally::default();
        if self.list()?.iter().any(has_histories) { gate.admit(module) } else { Ok(()) }
    }

    /// What there is at this moment.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// A module by name, loaded from the shelf if no process has needed it since the start.
    ///
    /// # Errors
    /// [`DeployError`] where the shelf does not have it or it cannot be loaded.
    pub fn module(&self, digest: &Digest) -> Result<Module, DeployError> {
        if let Some(module) = self.snapshot().module(digest) {
            return Ok(module.clone());
        }
        // Before the lock: it may take long, and others have something else to do.
        let module = load(&*self.shelf, &*self.runtime, digest)?;
        let _one_at_a_time = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(module) = self.snapshot().module(digest) {
            return Ok(module.clone());
        }
        self.show(self.snapshot().with_module(module.clone()));
        Ok(module)
    }

    /// All modules, also those that were removed, with the number of streams on each, in order of category and age.
    ///
    /// # Errors
    /// [`StoreError`] where the shelf cannot be read.
    pub fn list(&self) -> Result<Vec<(ModuleRecord, Tally)>, StoreError> {
        let tallies = self.shelf.tallies()?;
        let tally = |digest| tallies.iter().find(|(of, _)| *of == digest).map_or_else(Tally::default, |(_, tally)| *tally);
        let mut all: Vec<_> = self.snapshot().records().iter().map(|record| (record.clone(), tally(record.digest))).collect();
        all.sort_by(|(a, _), (b, _)| a.manifest.category.cmp(&b.manifest.category).then(a.deployed_at.cmp(&b.deployed_at)));
        Ok(all)
    }

    fn show(&self, snapshot: Snapshot) {
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(snapshot);
    }
}

fn load(shelf: &dyn Shelf, runtime: &dyn Runtime, digest: &Digest) -> Result<Module, DeployError> {
    let bytes = shelf.bytes(digest)?.ok_or_else(|| DeployError::Unknown(digest.to_string()))?;
    Ok(runtime.load(&bytes)?)
}
