//! Entries of the log as they were committed, for whoever makes decisions again.
//! Like every walk, this one has a known end, and what must be dense is looked at as it passes.

use std::ops::Bound;

use procession_engine::model::commit::Entry;
use procession_engine::model::id::StreamName;
use procession_engine::ports::log::{Bounds, Placed};
use procession_engine::ports::store::{Direction, StoreError};

use crate::codec::damaged;
use crate::disk::Disk;
use crate::group::Run;
use crate::keys;

type Entries<'a> = Box<dyn Iterator<Item = Result<Placed, StoreError>> + 'a>;

/// Entries of the log, or of one stream.
pub(crate) fn read(
    disk: &Disk,
    of: Option<&StreamName>,
    from: u64,
    direction: Direction,
    bounds: Bounds,
) -> Result<Vec<Placed>, StoreError> {
    match of {
        Some(stream) => bounds.fill(of_stream(disk, stream, from, direction)?),
        None => whole(bounds.fill(of_log(disk, from, direction)?)?, from, direction),
    }
}

fn of_log(disk: &Disk, from: u64, direction: Direction) -> Result<Entries<'_>, StoreError> {
    let open = |found: Result<(sled::IVec, sled::IVec), StoreError>| {
        let (key, value) = found?;
        let entry = disk.open_value::<Entry>(&key, value)?.ok_or_else(|| damaged(&key, "it is missing"))?;
        Ok(Placed { position: keys::last_number(&key), entry })
    };
    if direction == Direction::Backward {
        return Ok(Box::new(disk.range(keys::log_until(from)).rev().map(open)));
    }
    // The entry that holds `from` begins there or before.
    let (log_begin, log_end) = keys::all(b'L');
    let holds_from = disk.range(keys::log_until(from)).next_back().transpose()?;
    let begin = holds_from.map_or(log_begin, |(key, _)| Bound::Included(key.to_vec()));
    Ok(Box::new(disk.range((begin, log_end)).map(open).filter(move |placed| reaches(placed, from))))
}

fn of_stream<'a>(disk: &'a Disk, stream: &'a StreamName, from: u64, direction: Direction) -> Result<Entries<'a>, StoreError> {
    let process = &stream.process;
    let open = move |found: Result<(sled::IVec, sled::IVec), StoreError>| {
        let (key, value) = found?;
        let runs = disk.open_value::<Vec<Run>>(&key, value)?.unwrap_or_default();
        if !runs.iter().any(|run| run.suffix == stream.suffix) {
            return Ok(None);
        }
        let position = keys::last_number(&key);
        let log_key = keys::log(position);
        let entry = disk.load::<Entry>(&log_key)?.ok_or_else(|| damaged(&log_key, "it is missing"))?;
        Ok(Some(Placed { position, entry }))
    };
    if direction == Direction::Backward {
        return Ok(Box::new(disk.range(keys::parts(process, 0, from)).rev().map(open).filter_map(Result::transpose)));
    }
    let holds_from = disk.range(keys::parts(process, 0, from)).next_back().transpose()?;
    let first = holds_from.map_or(0, |(key, _)| keys::last_number(&key));
    let parts = disk.range(keys::parts(process, first, u64::MAX));
    Ok(Box::new(parts.map(open).filter_map(Result::transpose).filter(move |placed| reaches(placed, from))))
}

/// Whether an entry ends at a position or after it; an error is passed on.
fn reaches(placed: &Result<Placed, StoreError>, from: u64) -> bool {
    placed.as_ref().map_or(true, |placed| placed.last_position() >= from)
}

/// The page, if nothing is missing in it: the log is dense from 1, so a gap is damage and no answer.
fn whole(page: Vec<Placed>, from: u64, direction: Direction) -> Result<Vec<Placed>, StoreError> {
    let missing = |at: u64| Err(StoreError::Damaged(format!("the log has nothing at position {at}")));
    let pages = |pair: &[Placed]| match direction {
        Direction::Forward => (pair[0].last_position(), pair[1].position),
        Direction::Backward => (pair[1].last_position(), pair[0].position),
    };
    if let Some((before, _)) = page.windows(2).map(pages).find(|(before, after)| before + 1 != *after) {
        return missing(before + 1);
    }
    match page.first() {
        Some(first) if direction == Direction::Forward && first.position > from.max(1) => missing(from.max(1)),
        _ => Ok(page),
    }
}
