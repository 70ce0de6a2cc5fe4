//! Reading: processes, streams and the log, without entering the flow.
//! What is answered is durable: a read that saw a commit which is only applied waits for its sync.

mod open;

use std::sync::Arc;

use tokio::sync::oneshot;

use crate::model::event::RecordedEvent;
use crate::model::id::ProcessId;
use crate::model::note::Note;
use crate::model::process::{Delayed, ProcessRow, Timer, TimerKey, Undelivered};
use crate::model::view::Phase;
use crate::ports::store::{CommitError, Direction, EventStore, Scope, StoreError};

pub use open::Survey;

/// Reads what is durable.
#[derive(Clone)]
pub struct Query {
    store: Arc<dyn EventStore>,
}

/// Which processes to list.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only those in this phase.
    pub phase: Option<Phase>,
    /// Only those of this category (`domestic-1.0`) or name (`domestic`).
    pub category: Option<String>,
    /// Only those at this step.
    pub step: Option<String>,
    /// Only those with this tag: name and value.
    pub tag: Option<(String, String)>,
}

/// A page of processes.
#[derive(Clone, Debug)]
pub struct Page {
    /// In order of id.
    pub rows: Vec<ProcessRow>,
    /// Where the next page begins; none where there is nothing more.
    pub next: Option<ProcessId>,
}

/// A page of dead letters.
#[derive(Clone, Debug)]
pub struct DeadLetters {
    /// In order of process and number.
    pub letters: Vec<Undelivered>,
    /// Where the next page begins; none where there is nothing more.
    pub next: Option<(ProcessId, u64)>,
}

/// Rows read from the store at once.
const READ_AT_ONCE: usize = 1_000;

/// Rows that one page may look at before it is handed out short, so that a rare filter cannot hold the store.
const ROWS_PER_PAGE_MAX: usize = 20_000;

impl Query {
    pub(crate) fn new(store: Arc<dyn EventStore>) -> Self {
        Self { store }
    }

    /// The row of a process; none where nothing has begun.
    ///
    /// # Errors
    /// [`StoreError`] where it cannot be read or made durable.
    pub async fn process(&self, id: &ProcessId) -> Result<Option<ProcessRow>, StoreError> {
        let row = self.store.process(id)?.filter(|row| row.root().is_some());
        self.settled(row).await
    }

    /// Events in order, at most `limit`; `from` is a version for a stream and a position otherwise.
    ///
    /// # Errors
    /// [`StoreError`] where they cannot be read or made durable.
    pub async fn events(&self, scope: &Scope, from: u64, direction: Direction, limit: usize) -> Result<Vec<RecordedEvent>, StoreError> {
        let events = self.store.read(scope, from, direction, limit)?;
        self.settled(events).await
    }

    /// What a process keeps that has not had its effect yet, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] where it cannot be read or made durable.
    pub async fn undelivered(&self, id: &ProcessId, limit: usize) -> Result<Vec<Undelivered>, StoreError> {
        let undelivered = self.store.undelivered(Some(id), None, limit)?;
        self.settled(undelivered).await
    }

    /// Processes that pass a filter, at most `limit`, those after `after`.
    /// A page may be short, even empty, although there are more: `next` says so.
    ///
    /// # Errors
    /// [`StoreError`] where they cannot be read or made durable.
    pub async fn list(&self, filter: &Filter, after: Option<&ProcessId>, limit: usize) -> Result<Page, StoreError> {
        let mut after = after.cloned();
        let (mut rows, mut seen) = (Vec::new(), 0);
        let next = loop {
            let page = self.store.processes(filter.phase, after.as_ref(), limit)?;
            let last = page.len() < limit;
            seen += page.len();
            for row in page {
                if rows.len() == limit {
                    break;
                }
                after = Some(row.id.clone());
                if filter.takes(&row) {
                    rows.push(row);
                }
            }
            if rows.len() == limit || seen >= ROWS_PER_PAGE_MAX {
                break after;
            }
            if last {
                break None;
            }
        };
        self.settled(Page { rows, next }).await
    }

    /// The notes of a process, oldest first: what happened to it and is no decision.
    ///
    /// # Errors
    /// [`StoreError`] where they cannot be read or made durable.
    pub async fn notes(&self, id: &ProcessId) -> Result<Vec<Note>, StoreError> {
        let notes = self.store.notes(id)?;
        self.settled(notes).await
    }

    /// Dead letters in order of process and number, at most `limit`, those after `after`.
    /// A page may be short, even empty, although there are more: `next` says so.
    ///
    /// # Errors
    /// [`StoreError`] where they cannot be read or made durable.
    pub async fn dead_letters(&self, after: Option<(ProcessId, u64)>, limit: usize) -> Result<DeadLetters, StoreError> {
        let (mut letters, mut after, mut seen) = (Vec::new(), after, 0);
        let next = loop {
            let page = self.store.undelivered(None, after.clone(), READ_AT_ONCE)?;
            let last = page.len() < READ_AT_ONCE;
            for one in page {
                if letters.len() == limit {
                    break;
                }
                seen += 1;
                after = Some((one.owner.clone(), one.seq));
                if one.state.is_dead_letter() {
                    letters.push(one);
                }
            }
            if letters.len() == limit || seen >= ROWS_PER_PAGE_MAX {
                break after;
            }
            if last {
                break None;
            }
        };
        self.settled(DeadLetters { letters, next }).await
    }

    /// One message that a process keeps; none where it has had its effect or was dropped.
    ///
    /// # Errors
    /// [`StoreError`] where it cannot be read or made durable.
    pub async fn kept(&self, id: &ProcessId, seq: u64) -> Result<Option<Undelivered>, StoreError> {
        let found = self.store.undelivered(Some(id), Some((id.clone(), seq.saturating_sub(1))), 1)?;
        self.settled(found.into_iter().find(|one| one.seq == seq)).await
    }

    /// What a process is told later: delayed replies and next attempts, with the timers that bring them; earliest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] where they cannot be read.
    pub fn delayed(&self, row: &ProcessRow, limit: usize) -> Result<Vec<Timer>, StoreError> {
        let mut delayed: Vec<&Delayed> = row.delayed.iter().collect();
        delayed.sort_by_key(|delayed| (delayed.due, delayed.seq));
        let read = |delayed: &Delayed| {
            let before = TimerKey { due: delayed.due, process: row.id.clone(), seq: delayed.seq.saturating_sub(1) };
            let found = self.store.timers(delayed.due, Some(&before), 1)?;
            // It may have come due since the row was read.
            Ok(found.into_iter().find(|timer| timer.key.process == row.id && timer.key.seq == delayed.seq))
        };
        delayed.into_iter().take(limit).filter_map(|delayed| read(delayed).transpose()).collect()
    }

    async fn settled<T>(&self, read: T) -> Result<T, StoreError> {
        let (tell, told) = oneshot::channel();
        self.store.barrier(Box::new(move |result| drop(tell.send(result))));
        match told.await {
            Ok(Ok(())) => Ok(read),
            Ok(Err(CommitError::Store(error))) => Err(error),
            Ok(Err(other)) => Err(StoreError::Io(other.to_string())),
            Err(_) => Err(StoreError::Closed("it went away before it could say that what was read is durable".to_owned())),
        }
    }
}

impl Filter {
    /// Whether a process passes.
    #[must_use]
    pub fn takes(&self, row: &ProcessRow) -> bool {
        let Some(root) = row.root() else { return false };
        let of_category = |wanted: &String| root.category.to_string() == *wanted || root.category.name() == wanted;
        self.phase.is_none_or(|phase| root.view.phase == phase)
            && self.category.as_ref().is_none_or(of_category)
            && self.step.as_ref().is_none_or(|step| root.view.step.as_ref() == Some(step))
            && self.tag.as_ref().is_none_or(|(name, value)| root.view.tags.iter().any(|tag| tag.name == *name && tag.value == *value))
    }
}
