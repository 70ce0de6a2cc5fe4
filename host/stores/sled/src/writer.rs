//! The writer: one thread that takes what waits, makes it durable with one sync, and tells everybody in order.
//! It never waits for more to come: while one group is synced, the next one gathers by itself.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use procession_engine::ports::store::{CommitError, Done, StoreError};

use crate::disk::{Disk, panic_text};
use crate::group::Group;
use crate::ledger::Ledger;
use crate::mark::Mark;
use crate::queue::{Queue, Work};
use crate::sync::{self, DurableSync};
use crate::tap::Taps;

/// Bytes after which a group takes no further commit: large payloads must not gather in memory a second time.
const GROUP_BYTES_MAX: usize = 8 * 1024 * 1024;

/// What the writer's thread owns.
pub(crate) struct Writer {
    pub(crate) disk: Arc<Disk>,
    pub(crate) queue: Arc<Queue>,
    pub(crate) taps: Arc<Taps>,
    pub(crate) ledger: Ledger,
    pub(crate) mark: Mark,
    pub(crate) sync: Box<dyn DurableSync>,
    pub(crate) sled_folder: std::path::PathBuf,
    pub(crate) group_commits_max: usize,
}

type Outcomes = Vec<(Done, Result<(), CommitError>)>;

impl Writer {
    /// Works until the queue is closed and empty.
    pub(crate) fn run(mut self) {
        let mut waiting = VecDeque::new();
        while self.queue.take(&mut waiting, self.group_commits_max) {
            match self.queue.stopped() {
                None => self.group(&mut waiting),
                Some(why) => waiting.drain(..).for_each(|work| call(work.into_done(), Err(StoreError::Closed(why.clone()).into()))),
            }
        }
        if self.queue.stopped().is_none() {
            self.end();
        }
    }

    fn group(&mut self, waiting: &mut VecDeque<Work>) {
        let mut outcomes = Outcomes::new();
        // A panic in here would be a mistake of this crate; it must not leave callers without an answer.
        let written = catch_unwind(AssertUnwindSafe(|| self.write(waiting, &mut outcomes)))
            .unwrap_or_else(|panic| Err(StoreError::Io(format!("the writer broke: {}", panic_text(&*panic)))));
        let barriers = match &written {
            Ok(()) => self.queue.durable(),
            Err(error) => {
                self.taps.failed();
                tracing::error!(%error, "the store takes no commits any more");
                self.queue.stop(error.to_string())
            }
        };
        for (done, outcome) in outcomes {
            // What was refused may have been refused because of a commit that is lost now.
            call(done, written.clone().map_err(CommitError::from).and(outcome));
        }
        for done in barriers {
            call(done, written.clone().map_err(CommitError::from));
        }
    }

    fn write(&mut self, waiting: &mut VecDeque<Work>, outcomes: &mut Outcomes) -> Result<(), StoreError> {
        let mut group = Group::begin(&self.disk, &mut self.ledger);
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
            }
        }
        let Some(batch) = group.into_batch()? else { return Ok(()) };
        self.queue.applying();
        self.disk.write(batch.to_sled())?;
        self.sync.sync().map_err(|why| sync::failed(&self.sled_folder, &why))?;
        self.taps.durable(batch);
        if let Err(error) = self.mark.reached(self.ledger.last) {
            // The commits are durable; only the net below them has a hole.
            tracing::warn!(%error, "the high-water mark could not be written");
        }
        Ok(())
    }

    fn end(&mut self) {
        let synced = self.sync.sync().and_then(|()| self.mark.settle(self.ledger.last));
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
fn call(done: Done, outcome: Result<(), CommitError>) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| done(outcome))) {
        tracing::error!(reason = panic_text(&*panic), "a callback of the store panicked");
    }
}
