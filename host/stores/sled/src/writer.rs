//! The writer: one thread that takes what waits, makes it durable with one sync, and tells everybody in order.
//! It never waits for more to come: while one group is synced, the next one gathers by itself. What it does after a failure is in `recovery`.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use procession_engine::ports::store::{CommitError, Done, StoreError};

use crate::disk::{Disk, panic_text};
use crate::door::Door;
use crate::group::Group;
use crate::ledger::{LastGroup, Ledger};
use crate::mark::Mark;
use crate::open::sled_folder;
use crate::queue::{Queue, Taken, Work};
use crate::recovery::PROBE_EVERY;
use crate::room;
use crate::settings::Settings;
use crate::sync::{self, DurableSync};
use crate::tap::Taps;

/// Bytes after which a group takes no further commit: large payloads must not gather in memory a second time.
const GROUP_BYTES_MAX: usize = 8 * 1024 * 1024;

/// What the writer's thread owns.
pub(crate) struct Writer {
    pub(crate) folder: PathBuf,
    pub(crate) settings: Settings,
    pub(crate) queue: Arc<Queue>,
    pub(crate) taps: Arc<Taps>,
    pub(crate) door: Arc<Door>,
    /// None while the database is shut.
    pub(crate) disk: Option<Arc<Disk>>,
    pub(crate) ledger: Ledger,
    pub(crate) mark: Mark,
    pub(crate) sync: Box<dyn DurableSync>,
    /// The last group that is durable. Whatever happens, the database must have it.
    pub(crate) durable: LastGroup,
    pub(crate) standing: Standing,
}

/// Whether commits are taken.
pub(crate) enum Standing {
    Working,
    /// Not at present: there is too little room, and the database is as it should be.
    Waiting,
    /// Not at present: a write failed. The database is shut until it has been opened again.
    Refusing {
        why: String,
        next_try: Instant,
    },
    /// Not any more.
    Stopped(String),
}

/// A group that did not become durable.
pub(crate) enum Failure {
    /// It could not be written.
    Write(StoreError),
    /// It could not be made durable, and what is on the disk is not known.
    Sync(StoreError),
    /// Something is wrong that another try would not mend.
    Broken(StoreError),
}

pub(crate) type Outcomes = Vec<(Done, Result<(), CommitError>)>;

impl Writer {
    /// Works until the queue is closed and empty.
    pub(crate) fn run(mut self) {
        let mut waiting = VecDeque::new();
        loop {
            let patience = matches!(self.standing, Standing::Refusing { .. }).then_some(PROBE_EVERY);
            if self.queue.take(&mut waiting, self.settings.group_commits_max.max(1), patience) == Taken::Closed {
                break;
            }
            self.try_again();
            if let Err(refusal) = self.takes_commits() {
                waiting.drain(..).for_each(|work| call(work.into_done(), Err(refusal.clone().into())));
            } else if !waiting.is_empty() {
                self.group(&mut waiting);
            }
        }
        self.end();
    }

    /// Whether commits are taken now, and if not, why.
    fn takes_commits(&mut self) -> Result<(), StoreError> {
        match &self.standing {
            Standing::Refusing { why, .. } => return Err(StoreError::Io(why.clone())),
            Standing::Stopped(why) => return Err(StoreError::Closed(why.clone())),
            Standing::Working | Standing::Waiting => {}
        }
        let was_waiting = matches!(self.standing, Standing::Waiting);
        match room::shortage(&self.folder, self.settings.free_bytes_min) {
            None => {
                if was_waiting {
                    tracing::info!(folder = %self.folder.display(), "there is room again: the store takes commits");
                }
                self.standing = Standing::Working;
                Ok(())
            }
            Some(why) => {
                if !was_waiting {
                    tracing::error!(why, "the store takes no commits until there is room; reads go on");
                }
                self.standing = Standing::Waiting;
                Err(StoreError::Io(why))
            }
        }
    }

    fn group(&mut self, waiting: &mut VecDeque<Work>) {
        let mut outcomes = Outcomes::new();
        // A panic in here would be a mistake of this crate; it must not leave callers without an answer.
        let written = catch_unwind(AssertUnwindSafe(|| self.write(waiting, &mut outcomes)));
        let written =
            written.unwrap_or_else(|panic| Err(Failure::Broken(StoreError::Closed(format!("the writer broke: {}", panic_text(&*panic))))));
        let (answer, barriers) = match written {
            Ok(()) => (Ok(()), self.queue.durable()),
            Err(failure) => {
                self.taps.failed();
                self.failed(failure)
            }
        };
        for (done, outcome) in outcomes {
            // What was refused may have been refused because of a commit that is lost now.
            call(done, answer.clone().map_err(CommitError::from).and(outcome));
        }
        for done in barriers {
            call(done, answer.clone().map_err(CommitError::from));
        }
    }

    fn write(&mut self, waiting: &mut VecDeque<Work>, outcomes: &mut Outcomes) -> Result<(), Failure> {
        let shut = || Failure::Broken(StoreError::Closed("the database is shut".to_owned()));
        let disk = self.disk.clone().ok_or_else(shut)?;
        let mut group = Group::begin(&disk, &mut self.ledger);
        while group.changed_bytes() < GROUP_BYTES_MAX
            && let Some(work) = waiting.pop_front()
        {
            // The callback is put away first: whatever happens, it is called.
            match work {
                Work::Commit { commit, done } => {
                    outcomes.push((done, Ok(())));
                    settle(outcomes, group.take(&commit));
                }
                Work::Module { record, bytes, done } => {
                    outcomes.push((done, Ok(())));
                    settle(outcomes, group.put_module(&record, bytes.as_deref()).map_err(CommitError::from));
                }
                Work::Remove { record, in_use, done } => {
                    outcomes.push((done, Ok(())));
                    let removed = group.remove_module(&record).map_err(CommitError::from);
                    in_use.store(removed == Ok(false), Ordering::Release);
                    settle(outcomes, removed.map(drop));
                }
            }
        }
        let Some(batch) = group.into_batch().map_err(Failure::Broken)? else { return Ok(()) };
        self.queue.applying();
        disk.write(batch.to_sled()).map_err(|error| match error {
            StoreError::Io(_) => Failure::Write(error),
            StoreError::Damaged(_) | StoreError::Closed(_) => Failure::Broken(error),
        })?;
        self.sync.sync().map_err(|why| Failure::Sync(sync::failed(&sled_folder(&self.folder), &why)))?;
        self.taps.durable(batch);
        self.durable = self.ledger.last;
        if let Err(error) = self.mark.reached(self.durable) {
            // The commits are durable; only the net below them has a hole.
            tracing::warn!(%error, "the high-water mark could not be written");
        }
        Ok(())
    }

    fn end(&mut self) {
        if !matches!(self.standing, Standing::Working | Standing::Waiting) {
            return;
        }
        let synced = self.sync.sync().and_then(|()| self.mark.settle(self.durable));
        if let Err(error) = synced {
            tracing::error!(%error, "the last sync of the store failed; everything acknowledged was durable before");
        }
    }
}

fn settle(outcomes: &mut Outcomes, outcome: Result<(), CommitError>) {
    if let Some((_, last)) = outcomes.last_mut() {
        *last = outcome;
    }
}

/// Makes a callback. One that panics is its owner's trouble: the others still get theirs.
pub(crate) fn call(done: Done, outcome: Result<(), CommitError>) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| done(outcome))) {
        tracing::error!(reason = panic_text(&*panic), "a callback of the store panicked");
    }
}
