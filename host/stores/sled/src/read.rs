//! What the database answers. Every walk has a known end, and what must be dense is looked at as it passes.
//! Nothing is changed here; a walk may see groups that are written but not durable yet, as the port allows.

use std::ops::Bound;

use procession_engine::model::commit::{Entry, Receipt, Snapshot};
use procession_engine::model::event::RecordedEvent;
use procession_engine::model::id::{ProcessId, StreamName};
use procession_engine::model::note::Note;
use procession_engine::model::process::{ProcessRow, Timer, TimerKey, Undelivered};
use procession_engine::model::time::Timestamp;
use procession_engine::model::view::Phase;
use procession_engine::ports::store::{Direction, Scope, StoreError};
use serde::de::DeserializeOwned;

use crate::codec::damaged;
use crate::disk::Disk;
use crate::group::Run;
use crate::keys::{self, KeyRange};

/// Events of a scope.
pub(crate) fn events(disk: &Disk, scope: &Scope, from: u64, direction: Direction, limit: usize) -> Result<Vec<RecordedEvent>, StoreError> {
    let mut page = Page { events: Vec::new(), scope, from, direction, limit };
    if limit == 0 {
        return Ok(page.events);
    }
    match scope {
        Scope::All => walk_log(disk, &mut page)?,
        Scope::Process(process) => walk_parts(disk, process, around(disk, process, from, direction)?, &mut page)?,
        Scope::Stream(stream) => walk_parts(disk, &stream.process, waymarks(disk, stream, from, direction)?, &mut page)?,
    }
    page.whole()
}

/// What has been read so far.
struct Page<'a> {
    events: Vec<RecordedEvent>,
    scope: &'a Scope,
    from: u64,
    direction: Direction,
    limit: usize,
}

impl Page<'_> {
    /// Takes what belongs here of an entry, and says whether there is room for more.
    fn take(&mut self, entry: &Entry, position: u64) -> bool {
        let mut events: Vec<_> = entry.events(position).filter(|event| self.wants(event)).collect();
        if self.direction == Direction::Backward {
            events.reverse();
        }
        events.truncate(self.limit - self.events.len());
        self.events.append(&mut events);
        self.events.len() < self.limit
    }

    fn wants(&self, event: &RecordedEvent) -> bool {
        let place = match self.scope {
            Scope::Stream(stream) if event.stream.suffix != stream.suffix => return false,
            Scope::Stream(_) => event.version,
            Scope::Process(_) | Scope::All => event.position,
        };
        match self.direction {
            Direction::Forward => place >= self.from,
            Direction::Backward => place <= self.from,
        }
    }

    /// The events, if none is missing: a stream and the log are dense from 1, so a gap is damage and no answer.
    fn whole(self) -> Result<Vec<RecordedEvent>, StoreError> {
        let place: fn(&RecordedEvent) -> u64 = match self.scope {
            Scope::All => |event| event.position,
            Scope::Stream(_) => |event| event.version,
            Scope::Process(_) => return Ok(self.events),
        };
        let missing = |at: u64| match self.scope {
            Scope::Stream(stream) => Err(StoreError::Damaged(format!("stream {stream} has nothing at version {at}"))),
            _ => Err(StoreError::Damaged(format!("the log has nothing at position {at}"))),
        };
        let forward = self.direction == Direction::Forward;
        if let Some(first) = self.events.first().filter(|first| forward && place(first) != self.from.max(1)) {
            return missing(place(first) - 1);
        }
        if let Some(last) = self.events.last().filter(|last| !forward && self.events.len() < self.limit && place(last) != 1) {
            return missing(place(last) - 1);
        }
        match self.events.windows(2).find(|pair| place(&pair[0]).abs_diff(place(&pair[1])) != 1) {
            Some(pair) => missing(place(&pair[0]).max(place(&pair[1])) - 1),
            None => Ok(self.events),
        }
    }

    /// Whether an entry with these runs may hold something that belongs here.
    fn wants_some_of(&self, runs: &[Run]) -> bool {
        let Scope::Stream(stream) = self.scope else { return true };
        runs.iter().any(|run| {
            run.suffix == stream.suffix
                && match self.direction {
                    Direction::Forward => run.first_version + run.count > self.from,
                    Direction::Backward => run.first_version <= self.from,
                }
        })
    }
}

/// Position of the last event of the log.
pub(crate) fn last_position(disk: &Disk) -> Result<u64, StoreError> {
    let Some(last) = disk.range(keys::all(b'L')).next_back() else { return Ok(0) };
    let (key, value) = last?;
    let entry = disk.open_value::<Entry>(&key, value)?.ok_or_else(|| damaged(&key, "it is missing"))?;
    Ok(keys::last_number(&key) + entry.event_count() - 1)
}

/// Whether the log is dense from its beginning to its end.
pub(crate) fn whole_log(disk: &Disk) -> Result<(), StoreError> {
    let mut next = 1;
    for found in disk.range(keys::all(b'L')) {
        let (key, value) = found?;
        let position = keys::last_number(&key);
        if position != next {
            return Err(StoreError::Damaged(format!("the log has nothing from position {next} to {}", position.saturating_sub(1))));
        }
        let entry = disk.open_value::<Entry>(&key, value)?.ok_or_else(|| damaged(&key, "it is missing"))?;
        next += entry.event_count();
    }
    Ok(())
}

fn walk_log(disk: &Disk, page: &mut Page<'_>) -> Result<(), StoreError> {
    let (log_begin, log_end) = keys::all(b'L');
    let entries: Box<dyn Iterator<Item = RangeItem>> = match page.direction {
        Direction::Forward => {
            // The entry that holds `from` begins there or before.
            let holds_from = disk.range(keys::log_until(page.from)).next_back().transpose()?;
            let begin = holds_from.map_or(log_begin, |(key, _)| Bound::Included(key.to_vec()));
            Box::new(disk.range((begin, log_end)))
        }
        Direction::Backward => Box::new(disk.range(keys::log_until(page.from)).rev()),
    };
    for found in entries {
        let (key, value) = found?;
        let entry = disk.open_value::<Entry>(&key, value)?.ok_or_else(|| damaged(&key, "it is missing"))?;
        if !page.take(&entry, keys::last_number(&key)) {
            break;
        }
    }
    Ok(())
}

type RangeItem = Result<(sled::IVec, sled::IVec), StoreError>;

/// Between which positions a process's entries are to be looked at.
fn around(disk: &Disk, process: &ProcessId, from: u64, direction: Direction) -> Result<(u64, u64), StoreError> {
    if direction == Direction::Backward {
        return Ok((0, from));
    }
    // The entry that holds `from` may begin before it.
    let holds_from = disk.range(keys::parts(process, 0, from)).next_back().transpose()?;
    Ok((holds_from.map_or(0, |(key, _)| keys::last_number(&key)), u64::MAX))
}

/// Between which positions a version and all on its far side stand, as the waymarks tell.
fn waymarks(disk: &Disk, stream: &StreamName, from: u64, direction: Direction) -> Result<(u64, u64), StoreError> {
    let mark = |version| keys::waymark(&stream.process, &stream.suffix, version);
    let found = match direction {
        Direction::Forward => disk.range((Bound::Included(mark(0)), Bound::Included(mark(from)))).next_back(),
        Direction::Backward => disk.range((Bound::Excluded(mark(from)), Bound::Included(mark(u64::MAX)))).next(),
    };
    let position = match found.transpose()? {
        Some((key, value)) => disk.open_value::<u64>(&key, value)?,
        None => None,
    };
    Ok(match direction {
        Direction::Forward => (position.unwrap_or(0), u64::MAX),
        Direction::Backward => (0, position.unwrap_or(u64::MAX)),
    })
}

fn walk_parts(disk: &Disk, process: &ProcessId, (first, last): (u64, u64), page: &mut Page<'_>) -> Result<(), StoreError> {
    let range = disk.range(keys::parts(process, first, last));
    let parts: Box<dyn Iterator<Item = RangeItem>> = match page.direction {
        Direction::Forward => Box::new(range),
        Direction::Backward => Box::new(range.rev()),
    };
    for part in parts {
        let (key, value) = part?;
        let runs = disk.open_value::<Vec<Run>>(&key, value)?.unwrap_or_default();
        if !page.wants_some_of(&runs) {
            continue;
        }
        let position = keys::last_number(&key);
        let log_key = keys::log(position);
        let entry = disk.load::<Entry>(&log_key)?.ok_or_else(|| damaged(&log_key, "it is missing"))?;
        if !page.take(&entry, position) {
            break;
        }
    }
    Ok(())
}

pub(crate) fn row(disk: &Disk, process: &ProcessId) -> Result<Option<ProcessRow>, StoreError> {
    disk.load(&keys::row(process))
}

pub(crate) fn receipt(disk: &Disk, process: &ProcessId, key: &str) -> Result<Option<Receipt>, StoreError> {
    disk.load(&keys::receipt(process, key))
}

pub(crate) fn notes(disk: &Disk, process: &ProcessId) -> Result<Vec<Note>, StoreError> {
    let mut notes: Vec<Note> = values(disk, keys::all_notes_of(process), usize::MAX)?;
    notes.sort_by_key(|note| note.seq);
    Ok(notes)
}

pub(crate) fn snapshot(disk: &Disk, stream: &StreamName) -> Result<Option<Snapshot>, StoreError> {
    disk.load(&keys::snapshot(&stream.process, &stream.suffix))
}

pub(crate) fn undelivered(
    disk: &Disk,
    owner: Option<&ProcessId>,
    after: Option<(ProcessId, u64)>,
    limit: usize,
) -> Result<Vec<Undelivered>, StoreError> {
    let range = owner.map_or_else(|| keys::all(b'O'), keys::all_undelivered_of);
    values(disk, keys::after(range, after.map(|(owner, seq)| keys::undelivered(&owner, seq))), limit)
}

pub(crate) fn timers(disk: &Disk, until: Timestamp, after: Option<&TimerKey>, limit: usize) -> Result<Vec<Timer>, StoreError> {
    values(disk, keys::after(keys::timers_until(until.0), after.map(keys::timer)), limit)
}

pub(crate) fn processes(disk: &Disk, phase: Option<Phase>, after: Option<&ProcessId>, limit: usize) -> Result<Vec<ProcessRow>, StoreError> {
    let Some(phase) = phase else {
        return values(disk, keys::after(keys::all(b'H'), after.map(keys::row)), limit);
    };
    let range = keys::after(keys::all_in_phase(phase), after.map(|process| keys::phase(phase, process)));
    let mut rows = Vec::new();
    for found in disk.range(range) {
        if rows.len() == limit {
            break;
        }
        let (key, value) = found?;
        if disk.open_value::<()>(&key, value)?.is_none() {
            continue;
        }
        let row_key: Vec<u8> = [b"H", &key[2..]].concat();
        let row = disk.load::<ProcessRow>(&row_key)?.ok_or_else(|| damaged(&row_key, "it is missing"))?;
        // The writer may have come between index and row.
        if row.root().is_some_and(|root| root.view.phase == phase) {
            rows.push(row);
        }
    }
    Ok(rows)
}

/// What the values of a range say.
pub(crate) fn values<T: DeserializeOwned>(disk: &Disk, range: KeyRange, limit: usize) -> Result<Vec<T>, StoreError> {
    let mut values = Vec::new();
    for found in disk.range(range) {
        if values.len() == limit {
            break;
        }
        let (key, value) = found?;
        values.extend(disk.open_value(&key, value)?);
    }
    Ok(values)
}
