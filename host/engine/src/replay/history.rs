//! One history as the log tells it: the decisions of one stream in order, each with what led to it.
//! Pages are bounded, so a long history costs no more memory than a short one.

use crate::model::commit::{DecisionRecord, Entry};
use crate::model::event::StreamEvent;
use crate::model::id::{Category, StreamName};
use crate::ports::log::{Bounds, Log, Placed};
use crate::ports::store::{Direction, StoreError};

/// Entries of one history read at once.
const PAGE: Bounds = Bounds { entries_max: 256, bytes_max: 2 * 1024 * 1024 };

/// A decision and where it stands.
#[derive(Clone, Copy)]
pub(super) struct Step<'a> {
    pub(super) entry: &'a Entry,
    pub(super) at: usize,
    pub(super) decision: &'a DecisionRecord,
    /// The category that decided.
    pub(super) decided_by: &'a Category,
}

impl Step<'_> {
    /// Whether it is the host's own: a stream moves to another module.
    pub(super) fn is_move(&self) -> bool {
        self.decision.events.iter().any(|event| event.is_of_the_host())
    }

    /// What it recorded, as a definition that folds it sees it.
    pub(super) fn events(&self) -> impl Iterator<Item = StreamEvent> {
        let Self { entry, decision, decided_by, .. } = *self;
        let events = decision.events.iter().zip(decision.first_version..);
        events.map(|(event, version)| StreamEvent { version, time: entry.time, decided_by: decided_by.clone(), event: event.clone() })
    }
}

/// Walks over the decisions of a stream up to a position of the log.
///
/// # Errors
/// [`StoreError`] where the log cannot be read, or where what it says of the stream has a gap; or what `take` errs with.
pub(super) fn walk(
    log: &dyn Log,
    stream: &StreamName,
    until: u64,
    take: &mut dyn FnMut(Step<'_>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let (mut from, mut version) = (1, 0);
    loop {
        let page = log.entries(Some(stream), from, Direction::Forward, PAGE)?;
        let Some(last) = page.last() else { return Ok(()) };
        from = last.last_position() + 1;
        for placed in page.iter().filter(|placed| placed.position <= until) {
            steps(placed, stream, &mut version, take)?;
        }
        // A short page that its bytes did not end is the last one; another read would only find nothing.
        let bytes: usize = page.iter().map(|placed| placed.entry.payload_bytes()).sum();
        if from > until || (page.len() < PAGE.entries_max && bytes < PAGE.bytes_max) {
            return Ok(());
        }
    }
}

fn steps(
    placed: &Placed,
    stream: &StreamName,
    version: &mut u64,
    take: &mut dyn FnMut(Step<'_>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let entry = &placed.entry;
    let damaged = |how: &str| StoreError::Damaged(format!("the entry at position {}: {how}", placed.position));
    if entry.decisions.iter().any(|decision| decision.pin >= entry.pins.len()) {
        return Err(damaged("a decision names a pin that is not there"));
    }
    for (at, decision) in entry.decisions.iter().enumerate() {
        let pin = &entry.pins[decision.pin];
        if pin.suffix != stream.suffix || decision.events.is_empty() {
            continue;
        }
        if decision.first_version != *version + 1 {
            return Err(damaged(&format!("stream {stream} is at version {version}, a decision begins at {}", decision.first_version)));
        }
        take(Step { entry, at, decision, decided_by: &pin.category })?;
        *version += decision.events.len() as u64;
    }
    Ok(())
}
