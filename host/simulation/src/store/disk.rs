//! What survives a crash: commits that were synced, some of those that were not, and the modules.
//! Everything else that a store knows is built again from here.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use procession_engine::model::commit::Commit;
use procession_engine::ports::shelf::{ModuleState, Shelf as _};
use procession_engine::ports::store::CommitError;
use procession_engine::ports::store::EventStore;
use procession_store_memory::MemoryStore;

use crate::fate::Fate;
use crate::fault::Fault;
use crate::judge::Judge;
use crate::sabotage::Sabotage;

/// The disk of one run; it outlives every host that writes to it.
pub struct Disk {
    pub(super) fate: Arc<Fate>,
    pub(super) judge: Arc<Judge>,
    pub(super) sabotage: Option<Sabotage>,
    /// Modules, which a memory store keeps well.
    pub(super) shelf: MemoryStore,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    /// Synced, in order.
    commits: Vec<Arc<Commit>>,
    /// Written and not synced, in order, when the host that wrote them went away.
    in_doubt: Vec<Written>,
}

/// A commit on its way to the disk.
#[derive(Clone)]
pub(super) struct Written {
    pub(super) commit: Arc<Commit>,
    /// Whether a definition could not say what it sees while this commit was made.
    pub(super) view_is_excused: bool,
}

impl Disk {
    /// An empty disk.
    #[must_use]
    pub fn new(fate: Arc<Fate>, judge: Arc<Judge>, sabotage: Option<Sabotage>) -> Self {
        Self { fate, judge, sabotage, shelf: MemoryStore::new(), kept: Mutex::default() }
    }

    /// A sync has made these durable.
    pub(super) fn keep(&self, written: impl IntoIterator<Item = Written>) {
        for Written { mut commit, view_is_excused } in written {
            if self.sabotage == Some(Sabotage::SkipAVersion) {
                Sabotage::skip_a_version(Arc::make_mut(&mut commit));
            }
            self.judge.durable(&commit, view_is_excused);
            self.kept().commits.push(commit);
        }
    }

    /// The host went away, or could not sync: what of these is there will be seen at the next start.
    pub(super) fn doubt(&self, written: impl IntoIterator<Item = Written>) {
        self.kept().in_doubt.extend(written);
    }

    /// What is really there at a start: a part of what was in doubt is lost, always from its end.
    pub(super) fn contents(&self) -> MemoryStore {
        let mut in_doubt = std::mem::take(&mut self.kept().in_doubt);
        if !in_doubt.is_empty() && self.fate.strikes(Fault::SuffixLost) {
            let left = self.fate.draw(|dice| dice.index(in_doubt.len()));
            self.fate.note(format_args!("! {} of {} unsynced commits are lost", in_doubt.len() - left, in_doubt.len()));
            in_doubt.truncate(left);
        }
        if let (Some(Sabotage::TearACommit), Some(last)) = (self.sabotage, in_doubt.last_mut()) {
            Sabotage::torn(Arc::make_mut(&mut last.commit));
        }
        self.keep(in_doubt);
        self.judge.host_is_gone();
        let contents = MemoryStore::new();
        for commit in &self.kept().commits {
            if let Err(error) = taken(&contents, commit) {
                self.judge.store_is_odd(&format!("a synced commit of {} is refused at the next start: {error}", commit.row.id));
            }
        }
        self.shelve(&contents);
        contents
    }

    /// Puts the modules beside the commits, and after them: a process may have been on a module that was removed when it had left.
    fn shelve(&self, contents: &MemoryStore) {
        // Memory keeps what it is given and cannot fail.
        for record in self.shelf.modules().into_iter().flatten() {
            if record.state == ModuleState::Removed && matches!(contents.remove(&record), Ok(false)) {
                self.judge.store_is_odd(&format!("the module {} was removed while a stream was on it", record.digest.short()));
            }
            drop(contents.put(&record, None));
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lets a memory store take a commit; it answers within the call.
pub(super) fn taken(contents: &MemoryStore, commit: &Arc<Commit>) -> Result<(), CommitError> {
    let outcome = Arc::new(Mutex::new(Ok(())));
    let told = Arc::clone(&outcome);
    contents.submit((**commit).clone(), Box::new(move |result| *told.lock().unwrap_or_else(PoisonError::into_inner) = result));
    let outcome = outcome.lock().unwrap_or_else(PoisonError::into_inner);
    outcome.clone()
}
