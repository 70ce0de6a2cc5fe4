//! Whether a store that was opened after a power failure has all that was acknowledged, and nothing by half.
//! What was not acknowledged may be there or not, but only whole and in order.

use std::collections::HashMap;
use std::path::Path;

use procession_engine::model::time::Timestamp;
use procession_engine::model::view::Phase;
use procession_engine::ports::shelf::Shelf;
use procession_engine::ports::store::{Direction, EventStore, Scope};

use super::super::story::Story;
use super::workload::Workload;
use crate::{Settings, SledStore};

/// What a program had said before its last moment.
#[derive(Default)]
pub(in crate::tests) struct Heard {
    /// The last acknowledged revision of each process.
    taken: HashMap<String, u64>,
    put: Vec<u8>,
}

impl Heard {
    /// Takes note of what was said; other lines are those of the test's own frame.
    pub(in crate::tests) fn line(&mut self, text: &str) {
        let words: Vec<&str> = text.split_whitespace().collect();
        match words[..] {
            ["taken", id, revision] => drop(self.taken.insert(id.to_owned(), revision.parse().unwrap())),
            ["put", number] => self.put.push(number.parse().unwrap()),
            _ => {}
        }
    }

    /// How much was acknowledged.
    pub(super) fn count(&self) -> u64 {
        self.taken.values().sum::<u64>() + self.put.len() as u64
    }
}

/// Opens the store and compares all that is in it with what was heard; writes on, and opens it once more.
pub(super) fn check(folder: &Path, workload: &Workload, seed: u64, heard: &Heard) -> Result<(), String> {
    let open = || SledStore::open(folder, Settings::default()).map_err(|error| crate::tests::told(&error));
    let store = open()?;
    let mut stories = compare(&store, workload, seed, heard)?;
    for story in &mut stories {
        let next = story.next();
        procession_conformance::samples::submit(&store, next.clone()).map_err(|error| format!("writing on: {error}"))?;
        story.take(next);
    }
    drop(store);
    let store = open()?;
    let timers = timers(&store)?;
    stories.iter().try_for_each(|story| story.compare(&store, &timers)).map_err(|why| format!("after writing on: {why}"))
}

/// Compares all that is in a store with what was heard.
pub(in crate::tests) fn compare(store: &SledStore, workload: &Workload, seed: u64, heard: &Heard) -> Result<Vec<Story>, String> {
    let timers = timers(store)?;
    let mut stories = Vec::new();
    for id in (0..workload.callers).flat_map(|caller| workload.ids(caller)) {
        let found = store.process(&procession_conformance::samples::process(&id)).map_err(|error| error.to_string())?;
        let revision = found.map_or(0, |row| row.revision);
        let acknowledged = heard.taken.get(&id).copied().unwrap_or(0);
        if revision < acknowledged {
            return Err(format!("{id} is at revision {revision}, but {acknowledged} was acknowledged"));
        }
        let story = Story::up_to(seed, &id, workload.bytes_max, revision);
        story.compare(store, &timers)?;
        stories.push(story);
    }
    log(store, &stories)?;
    rows(store, &stories)?;
    modules(store, workload, seed, heard)?;
    Ok(stories)
}

fn timers(store: &SledStore) -> Result<Vec<procession_engine::model::process::Timer>, String> {
    store.timers(Timestamp(u64::MAX), None, usize::MAX).map_err(|error| error.to_string())
}

/// The log as a whole is dense, and has the events of all processes and no others.
fn log(store: &SledStore, stories: &[Story]) -> Result<(), String> {
    let log = store.read(&Scope::All, 1, Direction::Forward, usize::MAX).map_err(|error| error.to_string())?;
    let expected: usize = stories.iter().map(Story::event_count).sum();
    let is_dense = log.iter().zip(1..).all(|(event, position)| event.position == position);
    if is_dense && log.len() == expected { Ok(()) } else { Err(format!("the log has {} events instead of {expected}", log.len())) }
}

/// The lists of processes name each process where it is, and nowhere else.
fn rows(store: &SledStore, stories: &[Story]) -> Result<(), String> {
    for phase in std::iter::once(None).chain(Phase::ALL.map(Some)) {
        let listed = store.processes(phase, None, usize::MAX).map_err(|error| error.to_string())?;
        let expected = stories.iter().filter(|story| match phase {
            None => story.row.revision > 0,
            Some(phase) => story.row.root().is_some_and(|root| root.view.phase == phase),
        });
        if listed.len() != expected.count() {
            return Err(format!("the list of processes in phase {phase:?} is wrong"));
        }
    }
    Ok(())
}

fn modules(store: &SledStore, workload: &Workload, seed: u64, heard: &Heard) -> Result<(), String> {
    for (number, bytes) in workload.modules(seed) {
        let record = super::super::pieces::record(number);
        let found = store.bytes(&record.digest).map_err(|error| error.to_string())?;
        match found {
            Some(found) if found == bytes => {}
            None if !heard.put.contains(&number) => {}
            _ => return Err(format!("module {number} is not what was put")),
        }
    }
    Ok(())
}
