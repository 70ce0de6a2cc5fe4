//! Which histories are decided again: streams of a definition's name and suffix, all of them or a sample.
//! What becomes of them is not known here.

use std::collections::{HashSet, VecDeque};

use crate::model::id::{Category, ProcessId, StreamName};
use crate::model::manifest::Manifest;
use crate::model::process::{ProcessRow, StreamHead};
use crate::model::view::Phase;
use crate::ports::log::{Bounds, Log};
use crate::ports::store::{Direction, EventStore, StoreError};

/// Which histories to decide again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// All that there are.
    All,
    /// The newest ones, and ones that have not ended.
    Sample {
        /// Histories at most: up to half of them pending ones in order of their ids, the rest those that were written to last.
        histories_max: usize,
        /// How long it may take, in milliseconds. What was looked at until then counts.
        ms_max: u64,
    },
}

/// Rows read at once.
const ROWS_PER_PAGE: usize = 128;
/// Rows that are looked at for pending histories: enough to find some wherever there are many.
const PENDING_ROWS_MAX: usize = 20_000;
/// Entries that are looked at for the newest histories, for the same reason.
const NEWEST_ENTRIES_MAX: usize = 50_000;
/// Entries of the log read at once.
const ENTRIES: Bounds = Bounds { entries_max: 512, bytes_max: 4 * 1024 * 1024 };

/// A history that is to be decided again.
#[derive(Clone, Debug)]
pub(super) struct Chosen {
    pub(super) stream: StreamName,
    /// The category that it is on now.
    pub(super) category: Category,
    pub(super) has_ended: bool,
}

/// Streams that a module may be asked about: those of its name, and those that it says it takes over.
#[derive(Clone, Copy)]
pub(super) struct Choice<'a> {
    manifest: &'a Manifest,
}

impl<'a> Choice<'a> {
    pub(super) fn of(manifest: &'a Manifest) -> Self {
        Self { manifest }
    }

    fn takes(self, head: &StreamHead) -> bool {
        let Manifest { category, stream, takes_over, .. } = self.manifest;
        Some(&head.suffix) == stream.as_ref() && (head.category.name() == category.name() || takes_over.contains(&head.category))
    }

    fn of_row(self, row: &ProcessRow) -> impl Iterator<Item = Chosen> {
        row.streams.iter().filter(move |head| self.takes(head)).map(|head| Chosen {
            stream: StreamName { process: row.id.clone(), suffix: head.suffix.clone() },
            category: head.category.clone(),
            has_ended: head.view.phase.has_ended(),
        })
    }
}

/// Hands out histories, a page at a time.
pub(super) enum Cursor<'a> {
    All { store: &'a dyn EventStore, choice: Choice<'a>, after: Option<ProcessId>, is_done: bool },
    These(VecDeque<Chosen>),
}

impl<'a> Cursor<'a> {
    pub(super) fn all(store: &'a dyn EventStore, choice: Choice<'a>) -> Self {
        Self::All { store, choice, after: None, is_done: false }
    }

    /// A sample: pending ones first, then the newest ones of the log up to `until`.
    pub(super) fn sample(
        store: &'a dyn EventStore,
        log: &dyn Log,
        choice: Choice<'a>,
        until: u64,
        histories_max: usize,
    ) -> Result<Self, StoreError> {
        let mut found = VecDeque::new();
        let mut known: HashSet<ProcessId> = HashSet::new();
        pending(store, choice, histories_max / 2, &mut |row, chosen| {
            known.insert(row);
            found.push_back(chosen);
        })?;
        newest(store, log, choice, until, histories_max, &mut known, &mut found)?;
        found.truncate(histories_max);
        Ok(Self::These(found))
    }

    /// The next histories; none where there are no more.
    pub(super) fn next(&mut self) -> Result<Option<Vec<Chosen>>, StoreError> {
        match self {
            Self::These(left) if left.is_empty() => Ok(None),
            // Few at a time, so that a limit on time is noticed and both threads have some.
            Self::These(left) => Ok(Some(left.drain(..left.len().min(8)).collect())),
            Self::All { is_done: true, .. } => Ok(None),
            Self::All { store, choice, after, is_done } => {
                let rows = store.processes(None, after.as_ref(), ROWS_PER_PAGE)?;
                *is_done = rows.len() < ROWS_PER_PAGE;
                *after = rows.last().map(|row| row.id.clone()).or(after.take());
                Ok(Some(rows.iter().flat_map(|row| choice.of_row(row)).collect()))
            }
        }
    }
}

fn pending(
    store: &dyn EventStore,
    choice: Choice<'_>,
    histories_max: usize,
    take: &mut dyn FnMut(ProcessId, Chosen),
) -> Result<(), StoreError> {
    let (mut taken, mut seen) = (0, 0);
    for phase in [Phase::Running, Phase::Compensating] {
        let mut after = None;
        while taken < histories_max && seen < PENDING_ROWS_MAX {
            let rows = store.processes(Some(phase), after.as_ref(), ROWS_PER_PAGE)?;
            let Some(last) = rows.last() else { break };
            after = Some(last.id.clone());
            seen += rows.len();
            for row in &rows {
                for chosen in choice.of_row(row).filter(|chosen| !chosen.has_ended).take(histories_max - taken) {
                    taken += 1;
                    take(row.id.clone(), chosen);
                }
            }
        }
    }
    Ok(())
}

fn newest(
    store: &dyn EventStore,
    log: &dyn Log,
    choice: Choice<'_>,
    until: u64,
    histories_max: usize,
    known: &mut HashSet<ProcessId>,
    found: &mut VecDeque<Chosen>,
) -> Result<(), StoreError> {
    let (mut from, mut seen) = (until, 0);
    while from > 0 && found.len() < histories_max && seen < NEWEST_ENTRIES_MAX {
        let page = log.entries(None, from, Direction::Backward, ENTRIES)?;
        let Some(last) = page.last() else { break };
        from = last.position - 1;
        seen += page.len();
        for placed in page {
            let process = placed.entry.input.process;
            let is_ours = placed.entry.pins.iter().any(|pin| Some(&pin.suffix) == choice.manifest.stream.as_ref());
            if is_ours && found.len() < histories_max && known.insert(process.clone()) {
                found.extend(store.process(&process)?.iter().flat_map(|row| choice.of_row(row)));
            }
        }
    }
    Ok(())
}
