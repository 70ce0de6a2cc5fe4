//! Whether a commit's entry continues the streams of its process.
//! What else a commit must find is checked in `group`.

use procession_engine::model::commit::{Commit, Entry};
use procession_engine::model::id::Suffix;
use procession_engine::model::process::ProcessRow;

/// Says what is wrong with the versions of a commit.
/// Only a mistake of the caller can be found here, but one that would stay in the log for ever, so every commit is looked at.
pub(crate) fn check(commit: &Commit, before: &ProcessRow) -> Result<(), String> {
    let row = &commit.row;
    let mut heads: Vec<(&Suffix, u64)> = before.streams.iter().map(|head| (&head.suffix, head.version)).collect();
    if let Some(entry) = &commit.entry {
        if entry.input.process != row.id {
            return Err(format!("the entry is for process {}, the row for {}", entry.input.process, row.id));
        }
        if entry.event_count() == 0 {
            return Err(format!("an entry of process {} holds no event", row.id));
        }
        advance(&mut heads, entry)?;
    }
    if heads.len() != row.streams.len() {
        return Err(format!("process {} has {} streams, its row names {}", row.id, heads.len(), row.streams.len()));
    }
    for (suffix, version) in heads {
        let named = row.stream(suffix).map(|head| head.version);
        if named != Some(version) {
            return Err(format!("stream {}-{suffix} ends at version {version}, its row says {named:?}", row.id));
        }
    }
    Ok(())
}

fn advance<'a>(heads: &mut Vec<(&'a Suffix, u64)>, entry: &'a Entry) -> Result<(), String> {
    for decision in entry.decisions.iter().filter(|decision| !decision.events.is_empty()) {
        let pin = entry.pins.get(decision.pin).ok_or_else(|| format!("a decision names pin {}, which is not there", decision.pin))?;
        let at = heads.iter().position(|(suffix, _)| **suffix == pin.suffix).unwrap_or_else(|| {
            heads.push((&pin.suffix, 0));
            heads.len() - 1
        });
        let head = &mut heads[at].1;
        if decision.first_version != *head + 1 {
            let process = &entry.input.process;
            return Err(format!("stream {process}-{} is at version {head}, a decision begins at {}", pin.suffix, decision.first_version));
        }
        *head += decision.events.len() as u64;
    }
    Ok(())
}
