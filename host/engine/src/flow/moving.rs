//! Whether a stream may be moved to another module, and the rehearsal of a move: all that the move would do, and nothing of it recorded.
//! No lane is touched here; the move itself is made in a chain.

use std::ops::ControlFlow;

use super::inbox::Move;
use super::shared::Shared;
use super::turn::Turn;
use crate::error::{DeployError, Refusal};
use crate::model::decision::Trigger;
use crate::model::event::{RecordedEvent, StreamEvent};
use crate::model::id::{Digest, MessageId, ProcessId, StreamName};
use crate::model::process::{ProcessRow, StreamHead};
use crate::ports::definition::{Decider, Definition, GuestError, Module, Role};
use crate::ports::store::{Direction, EventStore, Scope, StoreError};

/// The module that a stream is to be moved to, loaded from the shelf if need be.
pub(super) fn module(shared: &Shared, to: &Digest) -> Result<Module, Refusal> {
    shared.registry.module(to).map_err(|error| match error {
        DeployError::Store(error) => Refusal::Store(error),
        other => Refusal::invalid("unknown-module", other.to_string()),
    })
}

/// The stream that a module would carry on, where nothing in the process stands in the way.
pub(super) fn head<'a>(row: &'a ProcessRow, wanted: Move, module: &Module) -> Result<(StreamName, &'a StreamHead), Refusal> {
    let (process, to) = (&row.id, &module.manifest.category);
    let Some(suffix) = &module.manifest.stream else {
        return Err(Refusal::invalid("wrong-stream", format!("{to} writes no stream that could be moved to it")));
    };
    let stream = StreamName { process: process.clone(), suffix: suffix.clone() };
    let unknown =
        || Refusal::rejected("unknown-stream", format!("process {process} has no stream {stream}, which is the one that {to} writes"));
    let head = row.stream(suffix).ok_or_else(unknown)?;
    if head.module == module.digest {
        return Err(Refusal::rejected("already-there", format!("stream {stream} is on this module of {to} already")));
    }
    if let Some(from) = wanted.from.filter(|from| head.module != *from) {
        let (now, was) = (head.module.short(), from.short());
        let text = format!("stream {stream} is on {} ({now}) and not on the module {was}; somebody has moved it meanwhile", head.category);
        return Err(Refusal::rejected("moved-meanwhile", text));
    }
    Ok((stream, head))
}

/// Only a module that says so carries a stream on, or one of a category that the stream has been on before: so a move can be undone.
pub(super) fn takes_over(
    head: &StreamHead,
    module: &Module,
    has_been_there: impl FnOnce() -> Result<bool, StoreError>,
) -> Result<(), Refusal> {
    let (from, to) = (&head.category, &module.manifest.category);
    if to == from || module.manifest.takes_over.contains(from) || has_been_there()? {
        return Ok(());
    }
    Err(Refusal::invalid("not-taken-over", format!("{to} does not say in `takes-over` that it carries on processes of {from}")))
}

/// Does all that a move would do but record it: folds the history, looks, and tells the module of the move.
/// What is read is what the store shows, which may be a commit behind the process; the move itself looks again.
///
/// # Errors
/// [`Refusal`] says why the stream would stay where it is.
pub(crate) fn rehearse(shared: &Shared, process: &ProcessId, wanted: Move) -> Result<(), Refusal> {
    let module = module(shared, &wanted.to)?;
    let row = shared.store.process(process)?.filter(|row| row.root().is_some());
    let row = row.ok_or_else(|| Refusal::UnknownProcess(process.clone()))?;
    let (stream, head) = head(&row, wanted, &module)?;
    let history = History { store: &*shared.store, page: shared.limits.page, stream: &stream };
    takes_over(head, &module, || history.has_been_on(&module))?;
    let Role::Process(definition) = &module.role else {
        return Err(Refusal::invalid("wrong-stream", format!("{} decides nothing", module.manifest.category)));
    };
    let (mut decider, version) = history.fold(&**definition)?;
    let broke = |code: &str, doing: &str, error: GuestError| Refusal::rejected(code, format!("stream {stream} {doing}: {error}"));
    decider.look().map_err(|error| broke("does-not-show", "folds, but cannot be looked at", error))?;
    let now = shared.clock.now().max(head.updated_at);
    let turn = Turn { shared, module: &module, stream: stream.clone(), version, now, pin: 0 };
    let told = turn.try_out(&mut *decider, Trigger::Migrated(head.category.clone()), MessageId::of_migration(process, row.revision));
    told.map_err(|error| broke("breaks-on-the-move", "folds, but the module breaks when it is told of the move", error))?;
    Ok(())
}

/// One stream as the store shows it.
struct History<'a> {
    store: &'a dyn EventStore,
    page: usize,
    stream: &'a StreamName,
}

impl History<'_> {
    /// Whether any of its events was decided by this category.
    fn has_been_on(&self, module: &Module) -> Result<bool, StoreError> {
        let mut found = false;
        self.each_page(|page| {
            found = page.iter().any(|event| event.decided_by == module.manifest.category);
            if found { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        Ok(found)
    }

    /// The folded state, and the version of the last event.
    fn fold(&self, definition: &dyn Definition) -> Result<(Box<dyn Decider>, u64), Refusal> {
        let mut decider = definition.restore(None).map_err(|error| self.does_not_fold(None, &error))?;
        let (mut version, mut broken) = (0, None);
        self.each_page(|page| {
            match decider.evolve(&of_the_definition(page)) {
                Ok(()) => version = page.last().map_or(version, |event| event.version),
                Err(error) => broken = Some(error),
            }
            if broken.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        match broken {
            None => Ok((decider, version)),
            Some(error) => Err(self.does_not_fold(self.culprit(definition, version)?.as_ref(), &error)),
        }
    }

    /// The first event after a version that cannot be folded; a page is folded in one call, which does not say.
    fn culprit(&self, definition: &dyn Definition, after: u64) -> Result<Option<StreamEvent>, StoreError> {
        let Ok(mut decider) = definition.restore(None) else { return Ok(None) };
        let mut culprit = None;
        self.each_page(|page| {
            let events = of_the_definition(page);
            if page.last().is_some_and(|event| event.version <= after) && decider.evolve(&events).is_ok() {
                return ControlFlow::Continue(());
            }
            culprit = events.into_iter().find(|event| decider.evolve(std::slice::from_ref(event)).is_err());
            ControlFlow::Break(())
        })?;
        Ok(culprit)
    }

    fn does_not_fold(&self, culprit: Option<&StreamEvent>, error: &GuestError) -> Refusal {
        let place = culprit.map(|event| format!(" at event {} ({})", event.version, event.event.kind)).unwrap_or_default();
        Refusal::rejected("does-not-fold", format!("stream {} does not fold{place}: {error}", self.stream))
    }

    fn each_page(&self, mut take: impl FnMut(&[StreamEvent]) -> ControlFlow<()>) -> Result<(), StoreError> {
        let mut from = 1;
        loop {
            let read = self.store.read(&Scope::Stream(self.stream.clone()), from, Direction::Forward, self.page)?;
            let Some(last) = read.last().map(|event| event.version) else { return Ok(()) };
            let is_last = read.len() < self.page;
            let page: Vec<StreamEvent> = read.into_iter().map(RecordedEvent::into_stream_event).collect();
            if take(&page).is_break() || is_last {
                return Ok(());
            }
            from = last + 1;
        }
    }
}

/// What a definition is shown of a page: the host's own events are not for it.
fn of_the_definition(page: &[StreamEvent]) -> Vec<StreamEvent> {
    page.iter().filter(|event| !event.is_of_the_host()).cloned().collect()
}
