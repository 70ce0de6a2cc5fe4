//! The registry at one moment: immutable, shared by all workers, answering who handles what.
//! A change makes a new snapshot; a chain of turns sees one and the same throughout.

use std::collections::{BTreeMap, HashMap};

use crate::model::id::{Category, Digest, Kind};
use crate::model::manifest::Manifest;
use crate::ports::definition::{Classifier, Connector, Module, Role};
use crate::ports::shelf::{ModuleRecord, ModuleState};
use std::sync::Arc;

/// The registry at one moment.
#[derive(Clone, Default)]
pub struct Snapshot {
    records: Vec<ModuleRecord>,
    loaded: HashMap<Digest, Module>,
    /// Active and loaded modules by category; derived from the two above.
    active: BTreeMap<Category, Digest>,
    /// For each kind that begins a stream: the highest active version of every name that declares it.
    starts: HashMap<Kind, Vec<Digest>>,
    routers: HashMap<Kind, Digest>,
    adapters: HashMap<Kind, Digest>,
}

/// A router or an adapter that handles a kind.
pub struct Handler<T: ?Sized> {
    /// What it says of itself.
    pub manifest: Arc<Manifest>,
    /// The module.
    pub module: Digest,
    /// What it can do.
    pub does: Arc<T>,
}

impl<T: ?Sized> Handler<T> {
    /// Its definition as log lines and errors name it.
    pub(crate) fn named(&self) -> String {
        format!("{} ({})", self.manifest.category, self.module.short())
    }
}

impl<T: ?Sized> Clone for Handler<T> {
    fn clone(&self) -> Self {
        Self { manifest: Arc::clone(&self.manifest), module: self.module, does: Arc::clone(&self.does) }
    }
}

impl Snapshot {
    /// All modules, oldest first.
    #[must_use]
    pub fn records(&self) -> &[ModuleRecord] {
        &self.records
    }

    /// What is known of a module.
    #[must_use]
    pub fn record(&self, digest: &Digest) -> Option<&ModuleRecord> {
        self.records.iter().find(|record| record.digest == *digest)
    }

    /// A module, if it is loaded.
    #[must_use]
    pub fn module(&self, digest: &Digest) -> Option<&Module> {
        self.loaded.get(digest)
    }

    /// Active categories in order.
    #[must_use]
    pub fn categories(&self) -> Vec<Category> {
        self.active.keys().cloned().collect()
    }

    /// The active module of a category (`domestic-1.0`), or of the highest active version of a name (`domestic`).
    #[must_use]
    pub fn resolve(&self, wanted: &str) -> Option<&Module> {
        let exact = Category::parse(wanted).ok().and_then(|category| self.active.get(&category));
        let highest = || self.active.iter().rev().find(|(category, _)| category.name() == wanted).map(|(_, digest)| digest);
        self.loaded.get(exact.or_else(highest)?)
    }

    /// The modules that begin a stream with a message of this kind: one for each name.
    pub fn starting_with<'a>(&'a self, kind: &Kind) -> impl Iterator<Item = &'a Module> {
        self.starts.get(kind).into_iter().flatten().filter_map(|digest| self.loaded.get(digest))
    }

    /// The router that classifies requests of this kind.
    #[must_use]
    pub fn router(&self, kind: &Kind) -> Option<Handler<dyn Classifier>> {
        let module = self.loaded.get(self.routers.get(kind)?)?;
        let Role::Router(does) = &module.role else { return None };
        Some(Handler { manifest: Arc::clone(&module.manifest), module: module.digest, does: Arc::clone(does) })
    }

    /// The adapter that carries out commands of this kind.
    #[must_use]
    pub fn adapter(&self, kind: &Kind) -> Option<Handler<dyn Connector>> {
        let module = self.loaded.get(self.adapters.get(kind)?)?;
        let Role::Adapter(does) = &module.role else { return None };
        Some(Handler { manifest: Arc::clone(&module.manifest), module: module.digest, does: Arc::clone(does) })
    }

    /// The active record that holds a category: the latest one.
    pub(super) fn holder(&self, category: &Category) -> Option<&ModuleRecord> {
        let claims = |record: &&ModuleRecord| record.state == ModuleState::Active && record.manifest.category == *category;
        self.records.iter().filter(claims).max_by_key(|record| record.since)
    }

    /// Active records whose category a later one holds.
    pub(super) fn overruled(&self) -> Vec<ModuleRecord> {
        let is_overruled = |record: &&ModuleRecord| {
            record.state == ModuleState::Active
                && self.holder(&record.manifest.category).is_some_and(|holder| holder.digest != record.digest)
        };
        self.records.iter().filter(is_overruled).cloned().collect()
    }

    pub(super) fn with_record(mut self, record: ModuleRecord) -> Self {
        match self.records.iter_mut().find(|known| known.digest == record.digest) {
            Some(known) => *known = record,
            None => self.records.push(record),
        }
        self.indexed()
    }

    pub(super) fn with_module(&self, module: Module) -> Self {
        let mut next = self.clone();
        next.loaded.insert(module.digest, module);
        next.indexed()
    }

    /// A module is gone; its record stays.
    pub(super) fn without_module(mut self, record: ModuleRecord) -> Self {
        self.loaded.remove(&record.digest);
        self.with_record(record)
    }

    /// Builds what is derived from records and modules; where two records claim a category, the later one holds it.
    fn indexed(self) -> Self {
        let mut holders: BTreeMap<Category, &ModuleRecord> = BTreeMap::new();
        for record in self.records.iter().filter(|record| record.state == ModuleState::Active && self.loaded.contains_key(&record.digest)) {
            let holder = holders.entry(record.manifest.category.clone()).or_insert(record);
            if record.since >= holder.since {
                *holder = record;
            }
        }
        let active: BTreeMap<Category, Digest> = holders.into_iter().map(|(category, record)| (category, record.digest)).collect();
        let (mut starts, mut routers, mut adapters) = (HashMap::new(), HashMap::new(), HashMap::new());
        for (category, digest) in &active {
            let Some(module) = self.loaded.get(digest) else { continue };
            match &module.role {
                Role::Process(_) => index_starts(&mut starts, &self.loaded, category, module),
                // Categories come in rising order, so a higher version replaces a lower one.
                Role::Router(_) => routers.extend(module.manifest.handles.iter().map(|kind| (kind.clone(), *digest))),
                Role::Adapter(_) => adapters.extend(module.manifest.handles.iter().map(|kind| (kind.clone(), *digest))),
            }
        }
        Self { active, starts, routers, adapters, ..self }
    }
}

fn index_starts(starts: &mut HashMap<Kind, Vec<Digest>>, loaded: &HashMap<Digest, Module>, category: &Category, module: &Module) {
    for kind in &module.manifest.starts {
        let holders = starts.entry(kind.clone()).or_default();
        holders.retain(|held| loaded.get(held).is_none_or(|other| other.manifest.category.name() != category.name()));
        holders.push(module.digest);
    }
}
