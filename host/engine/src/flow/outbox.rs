//! Where a message goes: by its kind, to streams that exist, to an adapter, or to a definition that begins a stream with it.
//! Routing only looks; nothing is decided or recorded here.

use crate::model::id::{Category, Digest, Kind, StreamName, Suffix};
use crate::model::message::Message;
use crate::model::process::ProcessRow;
use crate::ports::definition::{Connector, Module};
use crate::registry::{Handler, Registry, Snapshot};

/// Where a message goes.
pub(super) enum Route {
    /// To these streams of its process.
    Streams(Vec<Target>),
    /// To an outside system.
    Adapter(Handler<dyn Connector>),
    /// To nobody that is known now. The text says why.
    Nobody(String),
}

/// A stream that a message is for.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) suffix: Suffix,
    pub(super) category: Category,
    pub(super) module: Digest,
    /// Whether the message would be the first one of the stream.
    pub(super) begins: bool,
}

impl Target {
    /// The stream that a module would begin.
    pub(super) fn beginning(module: &Module) -> Option<Self> {
        Some(Self {
            suffix: module.manifest.stream.clone()?,
            category: module.manifest.category.clone(),
            module: module.digest,
            begins: true,
        })
    }
}

/// Finds out where a message goes, given its process and perhaps the one stream that it is still for.
pub(super) fn route(registry: &Registry, snapshot: &Snapshot, row: &ProcessRow, message: &Message, only: Option<&Suffix>) -> Route {
    let existing = streams_that_take(registry, snapshot, row, message, only);
    if !existing.is_empty() {
        return Route::Streams(existing);
    }
    if let Some(adapter) = snapshot.adapter(&message.kind) {
        return Route::Adapter(adapter);
    }
    match begin(snapshot, row, &message.kind) {
        Ok(target) => Route::Streams(vec![target]),
        Err(why) => Route::Nobody(why),
    }
}

/// Streams of the process whose module takes this kind; never the stream that the message comes from.
pub(super) fn streams_that_take(
    registry: &Registry,
    snapshot: &Snapshot,
    row: &ProcessRow,
    message: &Message,
    only: Option<&Suffix>,
) -> Vec<Target> {
    // A source from outside may read like a stream; only what the host recorded comes from one.
    let source = message.source.as_deref().filter(|source| message.is_of(source));
    let sender = source.and_then(|source| StreamName::parse(source).ok()).filter(|sender| sender.process == row.id);
    let takes = |module: &Digest| match snapshot.record(module) {
        Some(record) => record.manifest.takes(&message.kind),
        // A module that was deployed after this chain began.
        None => registry.snapshot().record(module).is_some_and(|record| record.manifest.takes(&message.kind)),
    };
    row.streams
        .iter()
        .filter(|head| only.is_none_or(|only| head.suffix == *only))
        .filter(|head| sender.as_ref().is_none_or(|sender| sender.suffix != head.suffix))
        .filter(|head| takes(&head.module))
        .map(|head| Target { suffix: head.suffix.clone(), category: head.category.clone(), module: head.module, begins: false })
        .collect()
}

/// The stream that a message of this kind begins; an error says why there is none.
pub(super) fn begin(snapshot: &Snapshot, row: &ProcessRow, kind: &Kind) -> Result<Target, String> {
    let free = |target: &Target| row.stream(&target.suffix).is_none();
    let mut targets: Vec<(&Module, Target)> = snapshot
        .starting_with(kind)
        .filter_map(|module| Some((module, Target::beginning(module)?)))
        .filter(|(_, target)| free(target))
        .collect();
    match (targets.pop(), targets.first()) {
        (Some((_, target)), None) => Ok(target),
        (Some((one, _)), Some((other, _))) => Err(format!(
            "{} and {} both begin with {kind}; name a category, or load a router that chooses",
            one.manifest.category, other.manifest.category
        )),
        (None, _) => Err(format!("no stream of this process takes {kind}, and no active definition begins with it")),
    }
}

/// Whether anybody would take an event of this kind; most events interest nobody, and then no message is made.
pub(super) fn interests_somebody(registry: &Registry, snapshot: &Snapshot, row: &ProcessRow, event: &Message) -> bool {
    !streams_that_take(registry, snapshot, row, event, None).is_empty()
        || snapshot.adapter(&event.kind).is_some()
        || begin(snapshot, row, &event.kind).is_ok()
}
