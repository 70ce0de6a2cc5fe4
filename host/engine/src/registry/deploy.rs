//! How a module comes: from a file, from a request, or kept for later.
//! Whatever is refused disturbs nothing: what was active stays active. How it goes and comes back is in `life`.

use std::sync::PoisonError;

use super::{Registry, Snapshot};
use crate::error::DeployError;
use crate::ports::definition::{Module, Role};
use crate::ports::shelf::{DrainReason, ModuleRecord, ModuleState};

/// Where a module's bytes come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A file of this name in the definitions folder.
    File(String),
    /// A request, or the program that embeds the host.
    Request,
}

/// A module that was taken.
#[derive(Clone, Debug)]
pub struct Deployed {
    /// What is known of it now.
    pub record: ModuleRecord,
    /// What the deploy changed.
    pub outcome: Outcome,
}

/// What a deploy changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The module is new and active.
    New,
    /// The module was known and takes new processes again.
    Reactivated,
    /// The module was active, or its unchanged file had been overruled since; nothing changed.
    Unchanged,
    /// The module is kept and takes no process until it is activated.
    Shelved,
}

impl Registry {
    /// Checks a module as a deploy would, and keeps nothing.
    ///
    /// # Errors
    /// [`DeployError`] says why a deploy would be refused.
    pub fn check(&self, bytes: &[u8]) -> Result<Module, DeployError> {
        let module = self.runtime.load(bytes)?;
        clash(&self.snapshot(), &module, &Origin::Request)?;
        Ok(module)
    }

    /// Takes a module: checked, compiled and on the shelf before new processes see it.
    /// The same category with new bytes is a new module; streams that exist keep theirs.
    ///
    /// # Errors
    /// [`DeployError`] says why it is refused.
    pub fn deploy(&self, bytes: &[u8], origin: &Origin) -> Result<Deployed, DeployError> {
        let module = self.arrived(bytes, origin, |registry, module| registry.admit(module))?;
        let _one_at_a_time = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let snapshot = self.snapshot();
        let known = snapshot.record(&module.digest).filter(|record| record.state != ModuleState::Removed);
        if let Some(record) = known.filter(|record| is_settled(record, origin)) {
            let record = record.clone();
            self.show(snapshot.with_module(module));
            return Ok(Deployed { record, outcome: Outcome::Unchanged });
        }
        clash(&snapshot, &module, origin)?;
        let outcome = if known.is_some() { Outcome::Reactivated } else { Outcome::New };
        let record = self.record_of(&module, bytes.len(), origin, known);
        self.shelf.put(&record, known.is_none().then_some(bytes))?;
        self.show_active(snapshot.with_module(module), &record)?;
        tracing::info!(category = %record.manifest.category, module = %record.digest, file = record.file, ?outcome, "definition deployed");
        Ok(Deployed { record, outcome })
    }

    /// Keeps a module that takes no process yet: checked, compiled and on the shelf, so that activating it takes no time.
    /// One that is known stays as it is.
    ///
    /// # Errors
    /// [`DeployError`] says why it is refused.
    pub fn shelve(&self, bytes: &[u8]) -> Result<Deployed, DeployError> {
        let module = self.arrived(bytes, &Origin::Request, |_, _| Ok(()))?;
        let _one_at_a_time = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let snapshot = self.snapshot();
        if let Some(record) = snapshot.record(&module.digest).filter(|record| record.state != ModuleState::Removed) {
            return Ok(Deployed { record: record.clone(), outcome: Outcome::Unchanged });
        }
        let record = ModuleRecord { state: ModuleState::Checked, ..self.record_of(&module, bytes.len(), &Origin::Request, None) };
        self.shelf.put(&record, Some(bytes))?;
        self.show(snapshot.with_module(module).with_record(record.clone()));
        tracing::info!(category = %record.manifest.category, module = %record.digest, "definition kept for later");
        Ok(Deployed { record, outcome: Outcome::Shelved })
    }

    /// Loads a module and has it looked at, while the list says that it is coming.
    /// Compiling takes long and touches nothing shared, and so does a look at histories; both happen before the lock.
    fn arrived(
        &self,
        bytes: &[u8],
        origin: &Origin,
        look: impl FnOnce(&Self, &Module) -> Result<(), DeployError>,
    ) -> Result<Module, DeployError> {
        let _coming = self.coming.announce(origin, bytes.len(), self.clock.now());
        let module = self.runtime.load(bytes)?;
        look(self, &module)?;
        Ok(module)
    }

    /// Shows a record that is active on the shelf already, after what it overrules.
    pub(super) fn show_active(&self, snapshot: Snapshot, record: &ModuleRecord) -> Result<(), DeployError> {
        let overruled = overruled(&snapshot, record);
        let mut next = snapshot.with_record(record.clone());
        for overruled in overruled {
            self.shelf.put(&overruled, None)?;
            next = next.with_record(overruled);
        }
        self.show(next);
        Ok(())
    }

    fn record_of(&self, module: &Module, size: usize, origin: &Origin, known: Option<&ModuleRecord>) -> ModuleRecord {
        let now = self.clock.now();
        let file = match origin {
            Origin::File(name) => Some(name.clone()),
            Origin::Request => known.and_then(|record| record.file.clone()),
        };
        ModuleRecord {
            digest: module.digest,
            manifest: (*module.manifest).clone(),
            state: ModuleState::Active,
            since: now,
            deployed_at: known.map_or(now, |record| record.deployed_at),
            file,
            size: size as u64,
        }
    }
}

/// The records that a newly active one changes: the module that held its category, and the one that its file held before.
fn overruled(snapshot: &Snapshot, new: &ModuleRecord) -> Vec<ModuleRecord> {
    let others = snapshot.records().iter().filter(|record| record.digest != new.digest);
    others
        .filter_map(|record| {
            let same_category = record.state == ModuleState::Active && record.manifest.category == new.manifest.category;
            let same_file = record.file.is_some() && record.file == new.file;
            let because = if same_category { DrainReason::Superseded } else { DrainReason::FileRemoved };
            let drains = same_category || (same_file && record.state == ModuleState::Active);
            let mut changed = record.clone();
            if drains {
                (changed.state, changed.since) = (ModuleState::Draining { because }, new.since);
            }
            if same_file {
                changed.file = None;
            }
            (drains || same_file).then_some(changed)
        })
        .collect()
}

/// Whether a deploy of these bytes from there has nothing to change.
/// A file that has not changed since it was overruled stays overruled: otherwise every restart would undo a later deploy.
fn is_settled(record: &ModuleRecord, origin: &Origin) -> bool {
    match (origin, record.state) {
        (Origin::Request, state) => state == ModuleState::Active,
        (Origin::File(name), state) => {
            record.file.as_ref() == Some(name) && state != ModuleState::Draining { because: DrainReason::FileRemoved }
        }
    }
}

/// Two definitions that cannot both be active.
pub(super) fn clash(snapshot: &Snapshot, module: &Module, origin: &Origin) -> Result<(), DeployError> {
    let category = &module.manifest.category;
    if let Origin::File(name) = origin {
        let claimed = |record: &&ModuleRecord| {
            record.state == ModuleState::Active && record.manifest.category == *category && record.digest != module.digest
        };
        let other = snapshot.records().iter().filter(claimed).find_map(|record| record.file.as_ref().filter(|file| *file != name));
        if let Some(other) = other {
            return Err(DeployError::Clash(format!(
                "{name} and {other} both claim the category {category} with different bytes; remove one of them or give the new definition a new version"
            )));
        }
    }
    for kind in &module.manifest.handles {
        let holder = match module.role {
            Role::Process(_) => None,
            Role::Router(_) => snapshot.router(kind).map(|handler| handler.manifest),
            Role::Adapter(_) => snapshot.adapter(kind).map(|handler| handler.manifest),
        };
        if let Some(holder) = holder.filter(|holder| holder.category.name() != category.name()) {
            return Err(DeployError::Clash(format!("{category} and {} both handle {kind}; drain one of them first", holder.category)));
        }
    }
    let suffix_taken = module.manifest.stream.as_ref().and_then(|stream| other_stream_of_name(snapshot, module, stream));
    suffix_taken.map_or(Ok(()), |other| {
        Err(DeployError::Clash(format!(
            "{category} writes the stream {:?} but {other} writes another one; versions of one name keep their stream",
            module.manifest.stream
        )))
    })
}

/// A version of the same name that writes another stream.
fn other_stream_of_name(snapshot: &Snapshot, module: &Module, stream: &crate::model::id::Suffix) -> Option<String> {
    let category = &module.manifest.category;
    let same_name = |record: &&ModuleRecord| record.state == ModuleState::Active && record.manifest.category.name() == category.name();
    snapshot
        .records()
        .iter()
        .filter(same_name)
        .find(|record| record.manifest.category != *category && record.manifest.stream.as_ref() != Some(stream))
        .map(|record| record.manifest.category.to_string())
}
