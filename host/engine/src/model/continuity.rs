//! Whether a commit continues the streams of its process.
//! What else a commit must find (a revision, an undelivered message, a free key) only a store can say.

use super::commit::{Commit, Entry};
use super::id::Suffix;
use super::process::ProcessRow;

impl Commit {
    /// Checks that the entry continues the streams of the row before it, and that the new row says so.
    /// Only a mistake of the caller can be found here, but one that would stay in the log for ever, so every store asks for every commit.
    ///
    /// # Errors
    /// A sentence that names the stream and what does not fit.
    pub fn continues(&self, before: &ProcessRow) -> Result<(), String> {
        let row = &self.row;
        let mut heads: Vec<(&Suffix, u64)> = before.streams.iter().map(|head| (&head.suffix, head.version)).collect();
        if let Some(entry) = &self.entry {
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
