//! How a module that is kept begins to take processes, stops, comes back and goes for good.
//! How it came is told in `deploy`.

use std::sync::PoisonError;

use super::deploy::{Deployed, Outcome, clash};
use super::{Registry, Snapshot, load};
use crate::error::DeployError;
use crate::model::id::Digest;
use crate::ports::definition::Module;
use crate::ports::shelf::{DrainReason, ModuleRecord, ModuleState, Tally};

/// What going back has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RolledBack {
    /// The module that takes no new processes any more.
    pub from: ModuleRecord,
    /// The module that takes them now.
    pub to: ModuleRecord,
}

/// What became of a module that was looked at for removal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pruned {
    /// It is removed, or would be.
    Removed,
    /// It stays, for this reason.
    Stays(Stays),
}

/// Why a module stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stays {
    /// Streams are on it, and can be folded with nothing else: also those that have ended, since a late message may take one up again.
    InUse(Tally),
    /// Its file is still in the definitions folder, and would bring it back.
    HasFile(String),
    /// It has never been active: somebody keeps it for later.
    Checked,
}

impl Registry {
    /// Lets a module that is kept take new processes: one that was checked, or that has drained.
    ///
    /// # Errors
    /// [`DeployError`] says why it may not.
    pub fn activate(&self, digest: &Digest) -> Result<Deployed, DeployError> {
        // Loading and looking at histories may take long, so they happen before the lock.
        let module = self.kept(digest)?;
        self.admit(&module)?;
        let _one_at_a_time = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        self.activated(&module)
    }

    /// Goes back: the module that takes the new processes of a name (`domestic`) or a category (`domestic-1.0`) is drained,
    /// and the one that took them before does so again.
    ///
    /// Bytes that were superseded in the same category come first, then the next lower version of the name.
    /// A module that was gone back from is not a place to go back to, so that doing it twice goes back two steps.
    ///
    /// # Errors
    /// [`DeployError::Unknown`] where nothing of that name is active, [`DeployError::NothingBefore`] where there is no way back.
    pub fn roll_back(&self, name: &str) -> Result<RolledBack, DeployError> {
        let way_back = || {
            let snapshot = self.snapshot();
            let unknown = || DeployError::Unknown(name.to_owned());
            let from = snapshot.resolve(name).and_then(|module| snapshot.record(&module.digest)).ok_or_else(unknown)?.clone();
            let to = predecessor(&snapshot, &from).ok_or_else(|| DeployError::NothingBefore(from.manifest.category.clone()))?.clone();
            Ok::<_, DeployError>((from, to))
        };
        // It was active before, so no gate stands before it; it may have to be loaded all the same.
        let wanted = self.kept(&way_back()?.1.digest)?;
        let _one_at_a_time = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let (from, to) = way_back()?;
        if to.digest != wanted.digest {
            return Err(DeployError::Clash(format!("the definitions of {name} have changed meanwhile; look at them and ask again")));
        }
        // Whoever takes over comes first: a crash in between leaves the higher one active, and asking again goes on.
        let to = self.activated(&wanted)?.record;
        let from = self.drained(ModuleRecord { state: ModuleState::Active, ..from }, DrainReason::RolledBack)?;
        Ok(RolledBack { from, to })
    }

    /// Stops a module from taking new processes; those under way go on.
    ///
    /// # Errors
    /// [`DeployError::Unknown`] where no such module is known, [`DeployError::Store`] where the change could not be kept.
    pub fn drain(&self, digest: &Digest) -> Result<ModuleRecord, DeployError> {
        let _one_at_a_time = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let record = self.snapshot().record(digest).cloned().ok_or_else(|| DeployError::Unknown(digest.to_string()))?;
        self.drained(record, DrainReason::Operator)
    }

    /// Drains what came from a file that is gone.
    ///
    /// # Errors
    /// [`DeployError::Store`] where the change could not be kept.
    pub fn file_removed(&self, file: &str) -> Result<(), DeployError> {
        let _one_at_a_time = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let held: Vec<ModuleRecord> =
            self.snapshot().records().iter().filter(|record| record.file.as_deref() == Some(file)).cloned().collect();
        for record in held {
            self.drained(ModuleRecord { file: None, ..record }, DrainReason::FileRemoved)?;
        }
        Ok(())
    }

    /// Drains what came from files that are no longer there; for the start, when removals happened unseen.
    ///
    /// # Errors
    /// [`DeployError::Store`] where the change could not be kept.
    pub fn files_present(&self, present: &[String]) -> Result<(), DeployError> {
        let gone: Vec<String> =
            self.snapshot().records().iter().filter_map(|record| record.file.clone()).filter(|file| !present.contains(file)).collect();
        gone.iter().try_for_each(|file| self.file_removed(file))
    }

    /// Removes the bytes and the compiled code of modules that nothing needs: of all that are not active, or of those that are named.
    /// Their records stay, because histories name them. With `dry_run` nothing changes.
    ///
    /// # Errors
    /// [`DeployError::Unknown`] where a named one is not known, [`DeployError::Clash`] where it is active,
    /// [`DeployError::Store`] where a change could not be kept; what was removed before stays removed.
    pub fn prune(&self, named: &[Digest], dry_run: bool) -> Result<Vec<(ModuleRecord, Pruned)>, DeployError> {
        let _one_at_a_time = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let all = self.list()?;
        for digest in named {
            let known = all.iter().find(|(record, _)| record.digest == *digest);
            let (record, _) = known.ok_or_else(|| DeployError::Unknown(digest.to_string()))?;
            if record.state == ModuleState::Active {
                let (category, module) = (&record.manifest.category, digest.short());
                return Err(DeployError::Clash(format!("{category} ({module}) is active; drain it first")));
            }
        }
        let is_meant = |record: &ModuleRecord| {
            let is_idle = !matches!(record.state, ModuleState::Active | ModuleState::Removed);
            is_idle && (named.is_empty() || named.contains(&record.digest))
        };
        let mut looked_at = Vec::new();
        for (record, tally) in all.into_iter().filter(|(record, _)| is_meant(record)) {
            let became = match stays(&record, tally, !named.is_empty()) {
                Some(why) => Pruned::Stays(why),
                None if dry_run => Pruned::Removed,
                None => self.removed(&record)?,
            };
            looked_at.push((record, became));
        }
        Ok(looked_at)
    }

    fn removed(&self, record: &ModuleRecord) -> Result<Pruned, DeployError> {
        let gone = ModuleRecord { state: ModuleState::Removed, since: self.clock.now(), file: None, ..record.clone() };
        if !self.shelf.remove(&gone)? {
            // A process began on it just now.
            let tallies = self.shelf.tallies()?;
            let tally = tallies.iter().find(|(of, _)| *of == record.digest).map_or_else(Tally::default, |(_, tally)| *tally);
            return Ok(Pruned::Stays(Stays::InUse(tally)));
        }
        self.show((*self.snapshot()).clone().without_module(gone));
        self.runtime.forget(&record.digest);
        tracing::info!(category = %record.manifest.category, module = %record.digest, "definition removed");
        Ok(Pruned::Removed)
    }

    /// A module that is on the shelf, loaded or not.
    fn kept(&self, digest: &Digest) -> Result<Module, DeployError> {
        let known = self.snapshot().record(digest).is_some_and(|record| record.state != ModuleState::Removed);
        if !known {
            return Err(DeployError::Unknown(digest.to_string()));
        }
        let loaded = self.snapshot().module(digest).cloned();
        loaded.map_or_else(|| load(&*self.shelf, &*self.runtime, digest), Ok)
    }

    fn activated(&self, module: &Module) -> Result<Deployed, DeployError> {
        let snapshot = self.snapshot();
        let known = snapshot.record(&module.digest).filter(|record| record.state != ModuleState::Removed);
        let record = known.ok_or_else(|| DeployError::Unknown(module.digest.to_string()))?.clone();
        if record.state == ModuleState::Active {
            self.show(snapshot.with_module(module.clone()));
            return Ok(Deployed { record, outcome: Outcome::Unchanged });
        }
        clash(&snapshot, module, &super::Origin::Request)?;
        let record = ModuleRecord { state: ModuleState::Active, since: self.clock.now(), ..record };
        self.shelf.put(&record, None)?;
        self.show_active(snapshot.with_module(module.clone()), &record)?;
        tracing::info!(category = %record.manifest.category, module = %record.digest, "definition activated");
        Ok(Deployed { record, outcome: Outcome::Reactivated })
    }

    fn drained(&self, record: ModuleRecord, because: DrainReason) -> Result<ModuleRecord, DeployError> {
        let was_active = record.state == ModuleState::Active;
        let record =
            if was_active { ModuleRecord { state: ModuleState::Draining { because }, since: self.clock.now(), ..record } } else { record };
        self.shelf.put(&record, None)?;
        self.show((*self.snapshot()).clone().with_record(record.clone()));
        if was_active {
            tracing::info!(category = %record.manifest.category, module = %record.digest, ?because, "definition drains");
        }
        Ok(record)
    }
}

/// The module that took the new processes of a name before this one.
fn predecessor<'a>(snapshot: &'a Snapshot, of: &ModuleRecord) -> Option<&'a ModuleRecord> {
    let category = &of.manifest.category;
    let others = || snapshot.records().iter().filter(|record| record.digest != of.digest);
    let is_left = |record: &&ModuleRecord| matches!(record.state, ModuleState::Draining { because } if because != DrainReason::RolledBack);
    let same = others().filter(|record| record.manifest.category == *category).filter(is_left).max_by_key(|record| record.since);
    let is_lower = |record: &&ModuleRecord| record.manifest.category.name() == category.name() && record.manifest.category < *category;
    let active = || others().filter(is_lower).filter(|record| record.state == ModuleState::Active);
    let left = || others().filter(is_lower).filter(is_left);
    same.or_else(|| active().max_by_key(|record| record.manifest.category.clone()))
        .or_else(|| left().max_by_key(|record| (record.manifest.category.clone(), record.since)))
}

fn stays(record: &ModuleRecord, tally: Tally, is_named: bool) -> Option<Stays> {
    if tally != Tally::default() {
        return Some(Stays::InUse(tally));
    }
    if let Some(file) = &record.file {
        return Some(Stays::HasFile(file.clone()));
    }
    (record.state == ModuleState::Checked && !is_named).then_some(Stays::Checked)
}
