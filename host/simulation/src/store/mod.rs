//! The simulated store: it keeps what every store promises, as late and as unluckily as it may.
//! A memory store holds what is applied; what survives a crash is the `disk`'s matter.

mod disk;
mod reads;
mod writer;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use procession_engine::model::commit::Commit;
use procession_engine::ports::store::{CommitError, Done, StoreError};
use procession_store_memory::MemoryStore;

pub use disk::Disk;
use disk::Written;
use writer::{Desk, Submitted};

use crate::fault::Fault;
use crate::sabotage::Sabotage;

/// A store as one host sees it, from its start to its end.
pub struct SimStore {
    disk: Arc<Disk>,
    applied: MemoryStore,
    desk: Mutex<Desk>,
    /// Held while commits are applied or synced: there is one writer.
    writing: Mutex<()>,
    pace: Pace,
}

/// When the writer works by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// At once, within every call.
    AtOnce,
    /// When the run lets it, now and then within a call, and while a host starts before so many commits wait.
    Drawn {
        /// Commits that may wait.
        waiting_max: usize,
    },
}

impl SimStore {
    /// Opens the store on what is really on the disk.
    #[must_use]
    pub fn open(disk: Arc<Disk>, pace: Pace) -> Self {
        let applied = disk.contents();
        Self { disk, applied, desk: Mutex::default(), writing: Mutex::default(), pace }
    }

    /// Whether only a restart can help.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.desk().closed.is_some()
    }

    /// What is applied, for whoever looks without being part of the run.
    #[must_use]
    pub fn contents(&self) -> &MemoryStore {
        &self.applied
    }

    /// One step of the run is over: trouble that lasts for a while may begin or end.
    pub fn pass(&self) {
        let fate = &self.disk.fate;
        let full_for = if fate.strikes(Fault::DiskFull) { fate.draw(|dice| dice.between(5, 60)) } else { 0 };
        let slow_for = if fate.strikes(Fault::SlowWrite) { fate.draw(|dice| dice.between(5, 40)) } else { 0 };
        let mut desk = self.desk();
        desk.full_for = if fate.is_calm() { 0 } else { desk.full_for.saturating_sub(1).max(full_for) };
        desk.slow_for = if fate.is_calm() { 0 } else { desk.slow_for.saturating_sub(1).max(slow_for) };
    }

    fn take(&self, commit: Commit, done: Done) {
        let view_is_excused = self.disk.judge.view_was_excused();
        let fate = &self.disk.fate;
        fate.crash_in("before a commit is submitted");
        fate.note(format_args!("  submitted {} revision {}{}", commit.row.id, commit.row.revision, summary(&commit)));
        let written = Written { commit: Arc::new(commit), view_is_excused };
        self.desk().queue.push_back(Submitted { written, done });
        fate.crash_in("after a commit is submitted");
        self.work_within_a_call();
    }

    /// The writer's thread may get on at any moment.
    fn work_within_a_call(&self) {
        match self.pace {
            Pace::AtOnce => {
                self.apply(usize::MAX);
                self.sync();
            }
            Pace::Drawn { waiting_max } => {
                let waiting = {
                    let desk = self.desk();
                    desk.queue.len() + desk.group.len()
                };
                // While a host starts nobody else lets the writer on.
                if self.desk().hurry && waiting >= waiting_max {
                    self.apply(usize::MAX);
                    self.sync();
                    return;
                }
                if self.desk().slow_for > 0 {
                    return;
                }
                match self.disk.fate.draw(|dice| dice.below(12)) {
                    0 => drop(self.apply(1)),
                    1 => drop(self.apply(usize::MAX)),
                    2 => {
                        self.apply(usize::MAX);
                        self.sync();
                    }
                    3 => drop(self.sync()),
                    _ => {}
                }
            }
        }
    }

    /// A host that starts waits for its writer, and the run does nothing meanwhile: the writer keeps up then.
    pub fn set_hurry(&self, hurry: bool) {
        self.desk().hurry = hurry;
    }

    /// Whether the writer does nothing for a while.
    #[must_use]
    pub fn is_slow(&self) -> bool {
        self.desk().slow_for > 0
    }

    fn wait_until_durable(&self, done: Done) {
        if self.desk().hurry {
            self.apply(usize::MAX);
            self.sync();
        }
        let outcome = {
            let mut desk = self.desk();
            match (&desk.closed, desk.undurable) {
                _ if self.disk.sabotage == Some(Sabotage::BarrierLies) => Ok(()),
                (_, false) => Ok(()),
                (Some(why), true) => Err(CommitError::Store(StoreError::Closed(why.clone()))),
                (None, true) => return desk.barriers.push(done),
            }
        };
        done(outcome);
    }

    fn writing(&self) -> MutexGuard<'_, ()> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A crash never unwinds while this lock is held, so a poisoned one is whole.
    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn summary(commit: &Commit) -> String {
    let kinds: Vec<&str> =
        commit.entry.iter().flat_map(|entry| &entry.decisions).flat_map(|one| &one.events).map(|event| event.kind.as_str()).collect();
    let kept: Vec<String> = commit.undelivered.iter().map(|one| format!("{}({:?})", one.message.id, one.state)).collect();
    let delivered: Vec<u64> = commit.delivered.iter().map(|(_, seq)| *seq).collect();
    let parked = if commit.row.parked.is_some() { " parked" } else { "" };
    format!(
        ": {kinds:?} delivered {delivered:?} kept {kept:?} timers +{} -{}{parked}",
        commit.timers_set.len(),
        commit.timers_cleared.len()
    )
}
