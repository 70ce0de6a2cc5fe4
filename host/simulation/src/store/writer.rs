//! The simulated writer: submitted, applied, synced are three moments, and between any two of them the run may do something else.
//! Like a real one it works on its own thread, that is: within any call of the store.

use std::collections::VecDeque;
use std::sync::Arc;

use procession_engine::model::commit::Commit;
use procession_engine::ports::store::{CommitError, Done, StoreError};

use super::SimStore;
use super::disk::{Written, taken};
use crate::fault::Fault;
use crate::sabotage::Sabotage;

/// What the writer has to do and to tell.
#[derive(Default)]
pub(super) struct Desk {
    /// Submitted and not applied.
    pub(super) queue: VecDeque<Submitted>,
    /// Applied and not synced.
    pub(super) group: Vec<Applied>,
    /// Who waits until all that reads can see is durable.
    pub(super) barriers: Vec<Done>,
    /// Whether reads may see something that is not durable.
    pub(super) undurable: bool,
    /// Why nothing is taken any more.
    pub(super) closed: Option<String>,
    /// Steps for which the disk has no room.
    pub(super) full_for: u64,
    /// Steps for which the writer does nothing.
    pub(super) slow_for: u64,
    /// Whether the writer keeps up with what is submitted.
    pub(super) hurry: bool,
    /// Callbacks to be made, in order.
    calls: VecDeque<(Done, Result<(), CommitError>)>,
    /// Whether somebody is making calls; the others leave theirs to him.
    caller_at_work: bool,
    commits: u64,
}

pub(super) struct Submitted {
    pub(super) written: Written,
    pub(super) done: Done,
}

pub(super) struct Applied {
    written: Written,
    outcome: Result<(), CommitError>,
    /// None where the store cheated and has told it already.
    done: Option<Done>,
}

impl SimStore {
    /// Applies up to `count` submitted commits; answers whether there were any.
    pub fn apply(&self, count: usize) -> bool {
        let mut applied = 0;
        {
            let _one_writer = self.writing();
            while applied < count {
                let Some(submitted) = self.desk().queue.pop_front() else { break };
                applied += 1;
                self.apply_one(submitted);
            }
        }
        self.call_back();
        applied > 0
    }

    fn apply_one(&self, Submitted { mut written, done }: Submitted) {
        let closed = self.desk().closed.clone();
        if let Some(why) = closed {
            return self.desk().calls.push_back((done, Err(StoreError::Closed(why).into())));
        }
        let fate = &self.disk.fate;
        let number = self.next_number();
        if let Some(sabotage) = self.disk.sabotage {
            self.spoil(sabotage, Arc::make_mut(&mut written.commit), number);
        }
        let is_full = self.desk().full_for > 0;
        let outcome = if is_full || fate.strikes(Fault::WriteFails) {
            Err(StoreError::Io("no space left on device".to_owned()).into())
        } else {
            taken(&self.applied, &written.commit)
        };
        fate.note(format_args!("  applied {} revision {}: {}", written.commit.row.id, written.commit.row.revision, word(&outcome)));
        let mut desk = self.desk();
        desk.undurable = true;
        let mut done = Some(done);
        if self.disk.sabotage == Some(Sabotage::AcknowledgeBeforeSync)
            && let Some(done) = done.take()
        {
            desk.calls.push_back((done, outcome.clone()));
        }
        desk.group.push(Applied { written, outcome, done });
    }

    fn next_number(&self) -> u64 {
        let mut desk = self.desk();
        desk.commits += 1;
        desk.commits
    }

    fn spoil(&self, sabotage: Sabotage, commit: &mut Commit, number: u64) {
        let before = procession_engine::ports::store::EventStore::process(&self.applied, &commit.row.id).ok().flatten();
        match sabotage {
            Sabotage::KeepAnOldView if number % 4 == 3 => {
                for head in before.iter().flat_map(|row| &row.streams) {
                    commit.row.streams.iter_mut().filter(|now| now.suffix == head.suffix).for_each(|now| now.view = head.view.clone());
                }
            }
            Sabotage::TakeStaleCommits => commit.row.revision = before.map_or(0, |row| row.revision) + 1,
            other => other.spoil(commit, number),
        }
    }

    /// Makes durable what is applied, and tells everybody in order; answers whether there was anything.
    pub fn sync(&self) -> bool {
        let has_work = self.make_durable();
        self.call_back();
        has_work
    }

    fn make_durable(&self) -> bool {
        let _one_writer = self.writing();
        if self.desk().group.is_empty() {
            return false;
        }
        let fate = &self.disk.fate;
        fate.crash_in("before a sync");
        if fate.strikes(Fault::SyncFails) || fate.strikes(Fault::ShortWrite) {
            self.close("the last sync failed; what it was to keep is not known before a restart");
            return true;
        }
        let (group, barriers) = {
            let mut desk = self.desk();
            desk.undurable = false;
            (std::mem::take(&mut desk.group), std::mem::take(&mut desk.barriers))
        };
        fate.note(format_args!("  synced {}", group.len()));
        self.disk.keep(group.iter().filter(|one| one.outcome.is_ok()).map(|one| one.written.clone()));
        fate.crash_in("after a sync, before anybody hears of it");
        let mut desk = self.desk();
        desk.calls.extend(group.into_iter().filter_map(|Applied { outcome, done, .. }| Some((done?, outcome))));
        desk.calls.extend(barriers.into_iter().map(|done| (done, Ok(()))));
        true
    }

    /// Takes nothing any more, and says so to everybody who waits.
    fn close(&self, why: &str) {
        let mut desk = self.desk();
        desk.closed = Some(why.to_owned());
        let closed = || Err(CommitError::Store(StoreError::Closed(why.to_owned())));
        let (group, barriers) = (std::mem::take(&mut desk.group), std::mem::take(&mut desk.barriers));
        self.disk.doubt(group.iter().filter(|one| one.outcome.is_ok()).map(|one| one.written.clone()));
        desk.calls.extend(group.into_iter().filter_map(|one| Some((one.done?, closed()))));
        desk.calls.extend(barriers.into_iter().map(|done| (done, closed())));
    }

    /// Calls back until nothing waits, without a lock: a callback may submit.
    pub(super) fn call_back(&self) {
        if std::mem::replace(&mut self.desk().caller_at_work, true) {
            return;
        }
        loop {
            let next = {
                let mut desk = self.desk();
                let next = desk.calls.pop_front();
                desk.caller_at_work = next.is_some();
                next
            };
            let Some((done, outcome)) = next else { return };
            done(outcome);
            self.disk.fate.crash_in("in a callback");
        }
    }

    /// The host is gone: what was applied is in doubt, the rest never happened, and nobody is told.
    pub fn lose_power(&self) {
        let desk = std::mem::take(&mut *self.desk());
        self.disk.doubt(desk.group.into_iter().filter(|one| one.outcome.is_ok()).map(|one| one.written));
    }
}

fn word(outcome: &Result<(), CommitError>) -> &'static str {
    match outcome {
        Ok(()) => "ok",
        Err(CommitError::Stale { .. }) => "stale",
        Err(CommitError::Taken { .. }) => "key taken",
        Err(CommitError::Gone { .. }) => "gone",
        Err(CommitError::Removed { .. }) => "module removed",
        Err(CommitError::Store(_)) => "failed",
    }
}
