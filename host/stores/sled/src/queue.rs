//! Between callers and the writer: what waits, in order and with a bound, and what is not durable yet.
//! Commits are answered by the writer only, so that answers keep their order; here is answered only after the writer is gone.

use std::collections::VecDeque;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::Duration;

use procession_engine::model::commit::Commit;
use procession_engine::ports::shelf::ModuleRecord;
use procession_engine::ports::store::{Done, StoreError};

/// Something for the writer to do.
pub(crate) enum Work {
    Commit {
        commit: Box<Commit>,
        done: Done,
    },
    Module {
        record: Box<ModuleRecord>,
        bytes: Option<Vec<u8>>,
        done: Done,
    },
    /// `in_use` says afterwards whether a stream is on the module; it was left as it is then.
    Remove {
        record: Box<ModuleRecord>,
        in_use: Arc<AtomicBool>,
        done: Done,
    },
}

impl Work {
    pub(crate) fn into_done(self) -> Done {
        match self {
            Self::Commit { done, .. } | Self::Module { done, .. } | Self::Remove { done, .. } => done,
        }
    }
}

/// What came of looking for work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    Work,
    /// Nothing came in time.
    Nothing,
    /// Nothing will come any more.
    Closed,
}

/// What callers and the writer share.
pub(crate) struct Queue {
    state: Mutex<State>,
    has_work: Condvar,
    has_room: Condvar,
    waiting_max: usize,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Work>,
    /// Bounded by the callers, as each waits for its own.
    barriers: Vec<Done>,
    /// Whether reads may see something that is not durable.
    undurable: bool,
    closing: bool,
    /// Why nothing is taken at present.
    refusing: Option<String>,
    /// Why nothing is taken any more.
    stopped: Option<String>,
    writer: Option<ThreadId>,
    writer_is_gone: bool,
}

impl Queue {
    pub(crate) fn new(waiting_max: usize) -> Self {
        Self { state: Mutex::default(), has_work: Condvar::new(), has_room: Condvar::new(), waiting_max: waiting_max.max(1) }
    }

    /// No code that can panic runs under this lock, so a poisoned one is whole.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts work at the end; waits while the queue is full.
    pub(crate) fn push(&self, work: Work) {
        let mut state = self.state();
        // A callback that submits runs on the writer's own thread: if it waited for room, nobody would make any.
        let may_wait = state.writer != Some(thread::current().id());
        while may_wait && state.waiting.len() >= self.waiting_max && !state.writer_is_gone {
            state = self.has_room.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if state.writer_is_gone {
            let why = StoreError::Closed(state.stopped.clone().unwrap_or_else(|| "it was shut".to_owned()));
            drop(state);
            return work.into_done()(Err(why.into()));
        }
        state.waiting.push_back(work);
        drop(state);
        self.has_work.notify_one();
    }

    /// Calls back when all that reads can see now is durable.
    pub(crate) fn barrier(&self, done: Done) {
        let mut state = self.state();
        let outcome = match (&state.stopped, &state.refusing) {
            _ if !state.undurable => Ok(()),
            (Some(why), _) => Err(StoreError::Closed(why.clone()).into()),
            (None, Some(why)) => Err(StoreError::Io(why.clone()).into()),
            (None, None) => return state.barriers.push(done),
        };
        drop(state);
        done(outcome);
    }

    /// Adds up to `count` pieces of work to `taken`. Where that is empty and nothing waits, it waits, up to `patience` if there is one.
    pub(crate) fn take(&self, taken: &mut VecDeque<Work>, count: usize, patience: Option<Duration>) -> Taken {
        let mut state = self.state();
        state.writer = Some(thread::current().id());
        while taken.is_empty() && state.waiting.is_empty() {
            if state.closing {
                state.writer_is_gone = true;
                drop(state);
                self.has_room.notify_all();
                return Taken::Closed;
            }
            state = match patience {
                None => self.has_work.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(patience) => {
                    let (state, waited) = self.has_work.wait_timeout(state, patience).unwrap_or_else(PoisonError::into_inner);
                    if waited.timed_out() {
                        return Taken::Nothing;
                    }
                    state
                }
            };
        }
        let count = count.saturating_sub(taken.len()).min(state.waiting.len());
        taken.extend(state.waiting.drain(..count));
        drop(state);
        self.has_room.notify_all();
        Taken::Work
    }

    /// From now on reads may see what is not durable.
    pub(crate) fn applying(&self) {
        self.state().undurable = true;
    }

    /// All that reads can see is durable: gives back who waited for that.
    pub(crate) fn durable(&self) -> Vec<Done> {
        let mut state = self.state();
        state.undurable = false;
        std::mem::take(&mut state.barriers)
    }

    /// Nothing is taken at present, and what reads could see may be lost: gives back who waited for a barrier.
    pub(crate) fn refuse(&self, why: String) -> Vec<Done> {
        let mut state = self.state();
        state.refusing = Some(why);
        std::mem::take(&mut state.barriers)
    }

    /// Work is taken again, and all that reads can see is durable: gives back who waited for that.
    pub(crate) fn resume(&self) -> Vec<Done> {
        self.state().refusing = None;
        self.durable()
    }

    /// Nothing is taken any more: gives back who waited for a barrier.
    pub(crate) fn stop(&self, why: String) -> Vec<Done> {
        let mut state = self.state();
        state.stopped.get_or_insert(why);
        std::mem::take(&mut state.barriers)
    }

    /// Lets the writer end once nothing waits.
    pub(crate) fn close(&self) {
        self.state().closing = true;
        self.has_work.notify_one();
    }
}
