//! Verifying: what a walk over everything kept has found, and whether events still fold to what is shown.
//! How keys and values are looked at is a store's own matter; nothing is changed here and nothing mended.

use std::collections::{BTreeMap, HashMap};

use crate::model::event::RecordedEvent;
use crate::model::id::{Digest, StreamName};
use crate::model::process::{ProcessRow, StreamHead};
use crate::ports::definition::{Decider, Definition, GuestError, Module, Role, Runtime};
use crate::ports::shelf::Shelf;
use crate::ports::store::{Direction, EventStore, Scope, StoreError};

/// Rows and events that are read at once.
const PAGE: usize = 500;

/// Something that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// What is damaged, and where it stands.
    pub what: String,
    /// What does not fit.
    pub how: String,
}

/// What a walk has come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// How many there are of each kind.
    pub counts: BTreeMap<&'static str, u64>,
    /// Keys that were read.
    pub keys: u64,
    /// Events in the log.
    pub events: u64,
    /// Streams that were folded and compared.
    pub streams: u64,
    /// Damages that were told.
    pub damages: u64,
}

/// Folds every stream from its events on the module that it is pinned to, and compares what that shows with its row and its snapshot.
pub struct Folding<'a> {
    store: &'a dyn EventStore,
    shelf: &'a dyn Shelf,
    runtime: &'a dyn Runtime,
    /// None where a module is missing or cannot be loaded; that is told once.
    modules: HashMap<Digest, Option<Module>>,
    tell: &'a mut dyn FnMut(Damage),
    found: Found,
}

impl<'a> Folding<'a> {
    /// A walk over a store that nobody changes meanwhile.
    pub fn over(store: &'a dyn EventStore, shelf: &'a dyn Shelf, runtime: &'a dyn Runtime, tell: &'a mut dyn FnMut(Damage)) -> Self {
        Self { store, shelf, runtime, modules: HashMap::new(), tell, found: Found::default() }
    }

    /// Folds all streams of all processes. Damage is told and does not end the walk.
    ///
    /// # Errors
    /// [`StoreError`] where rows cannot be read at all.
    pub fn run(mut self) -> Result<Found, StoreError> {
        let mut after = None;
        loop {
            let rows = self.store.processes(None, after.as_ref(), PAGE)?;
            let Some(last) = rows.last() else { return Ok(self.found) };
            after = Some(last.id.clone());
            for row in &rows {
                row.streams.iter().for_each(|head| self.stream(row, head));
            }
        }
    }

    fn stream(&mut self, row: &ProcessRow, head: &StreamHead) {
        let stream = StreamName { process: row.id.clone(), suffix: head.suffix.clone() };
        self.found.streams += 1;
        let Some(module) = self.module(head.module) else { return };
        let Role::Process(definition) = &module.role else {
            return self.damage(format!("stream {stream}"), format!("the module {} has no streams", head.module.short()));
        };
        let shown = self.folded(&stream, &**definition, None);
        match shown.map(|view| view == head.view) {
            Ok(true) => self.snapshot(&stream, head, &module, &**definition),
            Ok(false) => self.damage(format!("stream {stream}"), "its events fold to something else than its row shows".to_owned()),
            Err(error) => self.damage(format!("stream {stream}"), format!("it cannot be folded: {error}")),
        }
    }

    /// A snapshot that would be used gives the same as the events.
    fn snapshot(&mut self, stream: &StreamName, head: &StreamHead, module: &Module, definition: &dyn Definition) {
        let Ok(Some(kept)) = self.store.snapshot(stream) else { return };
        if kept.module != module.digest || kept.state_format != module.manifest.state_format || kept.version > head.version {
            return;
        }
        let decider = definition.restore(Some(&kept.state));
        let shown = decider.map_err(Trouble::from).and_then(|decider| self.folded(stream, definition, Some((decider, kept.version))));
        match shown.map(|view| view == head.view) {
            Ok(true) => {}
            Ok(false) => self.damage(format!("the snapshot of stream {stream}"), "it gives something else than the events".to_owned()),
            Err(error) => self.damage(format!("the snapshot of stream {stream}"), format!("it cannot be used: {error}")),
        }
    }

    fn folded(
        &self,
        stream: &StreamName,
        definition: &dyn Definition,
        begun: Option<(Box<dyn Decider>, u64)>,
    ) -> Result<crate::model::view::View, Trouble> {
        let (mut decider, mut version) = match begun {
            Some(begun) => begun,
            None => (definition.restore(None)?, 0),
        };
        loop {
            let page = self.store.read(&Scope::Stream(stream.clone()), version + 1, Direction::Forward, PAGE)?;
            let Some(last) = page.last() else { return Ok(decider.look()?) };
            version = last.version;
            let mut events: Vec<_> = page.into_iter().map(RecordedEvent::into_stream_event).collect();
            events.retain(|event| !event.is_of_the_host());
            decider.evolve(&events)?;
        }
    }

    fn module(&mut self, digest: Digest) -> Option<Module> {
        if !self.modules.contains_key(&digest) {
            let loaded = self.load(digest).map_err(|how| self.damage(format!("the module {}", digest.short()), how)).ok();
            self.modules.insert(digest, loaded);
        }
        self.modules.get(&digest).cloned().flatten()
    }

    fn load(&self, digest: Digest) -> Result<Module, String> {
        let bytes = self.shelf.bytes(&digest).map_err(|error| error.to_string())?;
        let bytes = bytes.ok_or_else(|| "streams are pinned to it, and the shelf does not have it".to_owned())?;
        let module = self.runtime.load(&bytes).map_err(|error| format!("it cannot be loaded: {error}"))?;
        if module.digest == digest { Ok(module) } else { Err(format!("its bytes are those of {}", module.digest.short())) }
    }

    fn damage(&mut self, what: String, how: String) {
        self.found.damages += 1;
        (self.tell)(Damage { what, how });
    }
}

/// Why a stream could not be folded.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    Guest(#[from] GuestError),
    #[error(transparent)]
    Store(#[from] StoreError),
}
