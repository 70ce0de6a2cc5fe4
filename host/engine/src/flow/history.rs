//! What the state of a stream is folded from: the latest snapshot that fits, what is recorded after it, and what the store may not show yet.
//! It is taken from a lane, and from then on needs no lane, so that it can be folded on any thread.

use super::chain::Failure;
use super::shared::Shared;
use crate::model::commit::Snapshot;
use crate::model::event::{RecordedEvent, StreamEvent};
use crate::model::id::StreamName;
use crate::model::json::Json;
use crate::ports::definition::{Decider, Definition, GuestError, Module, Pace, Role};
use crate::ports::store::{Direction, EventStore, Scope, StoreError};

/// A folded state, and the version of the last event in it.
type Restored = (Box<dyn Decider>, u64);

/// Where a state is folded, and at what pace.
#[derive(Clone, Copy)]
pub(super) enum Place {
    /// In an instance as its definition wishes for it.
    Anywhere(Pace),
    /// In an instance of its own.
    Apart(Pace),
}

impl Place {
    fn restore(self, module: &Module, snapshot: Option<&Json>) -> Result<Result<Box<dyn Decider>, GuestError>, Failure> {
        let definition = definition_of(module)?;
        Ok(match self {
            Self::Anywhere(pace) => definition.restore_at(snapshot, pace),
            Self::Apart(pace) => definition.restore_apart(snapshot, pace),
        })
    }
}

/// What the state of a stream is folded from.
pub(super) struct History {
    pub(super) stream: StreamName,
    /// Whether anything of it is in the store, or on its way there.
    pub(super) has_begun: bool,
    /// Whether it has grown so long that there may be a snapshot.
    pub(super) is_long: bool,
    /// Events that were handed to the store, in order.
    pub(super) submitted: Vec<StreamEvent>,
    /// Events behind those that nobody has handed to the store yet.
    pub(super) staged: Vec<StreamEvent>,
}

impl History {
    /// Folds it from the latest snapshot that fits.
    pub(super) fn fold(&self, shared: &Shared, module: &Module, place: Place) -> Result<Box<dyn Decider>, Failure> {
        let (decider, version) = match self.restored(shared, module, place)? {
            Some(restored) => restored,
            None => (place.restore(module, None)?.map_err(|error| broken(module, error))?, 0),
        };
        self.fold_on(shared, module, decider, version)
    }

    /// Folds the whole of it, whatever snapshot there is, where nothing else has left anything behind: what an audit compares with.
    pub(super) fn fold_from_the_beginning(&self, shared: &Shared, module: &Module, pace: Pace) -> Result<Box<dyn Decider>, Failure> {
        let decider = Place::Apart(pace).restore(module, None)?.map_err(|error| broken(module, error))?;
        self.fold_on(shared, module, decider, 0)
    }

    /// The state of a snapshot, and its version. One that another module or format made, or that cannot be read, is passed over: the events are the truth.
    fn restored(&self, shared: &Shared, module: &Module, place: Place) -> Result<Option<Restored>, Failure> {
        if !self.is_long {
            return Ok(None);
        }
        let fits = |kept: &Snapshot| kept.module == module.digest && kept.state_format == module.manifest.state_format;
        let Some(kept) = shared.store.snapshot(&self.stream)?.filter(fits) else { return Ok(None) };
        match place.restore(module, Some(&kept.state))? {
            Ok(decider) => Ok(Some((decider, kept.version))),
            Err(GuestError::Overlong) => Err(broken(module, GuestError::Overlong)),
            Err(error) => {
                let stream = &self.stream;
                tracing::warn!(%stream, version = kept.version, %error, "a snapshot could not be restored; its events are folded instead");
                Ok(None)
            }
        }
    }

    /// Folds what comes after a version into a state.
    fn fold_on(&self, shared: &Shared, module: &Module, mut decider: Box<dyn Decider>, version: u64) -> Result<Box<dyn Decider>, Failure> {
        let mut events = if self.has_begun { self.recorded(version, &*shared.store, shared.limits.page)? } else { Vec::new() };
        events.extend(self.staged.iter().cloned());
        events.retain(|event| !event.is_of_the_host());
        for batch in events.chunks(shared.limits.page) {
            decider.evolve(batch).map_err(|error| broken(module, error))?;
        }
        Ok(decider)
    }

    /// All its events after a version that are recorded or submitted.
    /// What was submitted was asked for before the store is read: what is applied meanwhile is then skipped by its version, and nothing is missed.
    pub(super) fn recorded(&self, after: u64, store: &dyn EventStore, page: usize) -> Result<Vec<StreamEvent>, StoreError> {
        let mut events: Vec<StreamEvent> = Vec::new();
        loop {
            let from = after + events.len() as u64 + 1;
            let read = store.read(&Scope::Stream(self.stream.clone()), from, Direction::Forward, page)?;
            let last = read.len() < page;
            events.extend(read.into_iter().map(RecordedEvent::into_stream_event));
            if last {
                break;
            }
        }
        for event in &self.submitted {
            if event.version == after + events.len() as u64 + 1 {
                events.push(event.clone());
            }
        }
        // Invariant: versions are dense; asserted here because they come back from outside.
        match events.iter().zip(after + 1..).find(|(event, version)| event.version != *version) {
            Some((event, version)) => {
                Err(StoreError::Damaged(format!("stream {} has version {} in place of {version}", self.stream, event.version)))
            }
            None => Ok(events),
        }
    }
}

fn broken(module: &Module, error: GuestError) -> Failure {
    Failure::Guest(named(module), error)
}

/// A definition as log lines and errors name it.
pub(super) fn named(module: &Module) -> String {
    format!("{} ({})", module.manifest.category, module.digest.short())
}

fn definition_of(module: &Module) -> Result<&dyn Definition, Failure> {
    match &module.role {
        Role::Process(definition) => Ok(&**definition),
        Role::Router(_) | Role::Adapter(_) => {
            let error = GuestError::Contract("a router or an adapter has no streams".to_owned());
            Err(Failure::Guest(module.manifest.category.to_string(), error))
        }
    }
}
