//! A store whose writer waits for the test, and callers that are looked at without waiting.

use std::future::Future;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use procession_engine::error::Refusal;
use procession_engine::flow::inbox::{Answer, Request};
use procession_engine::model::commit::Commit;
use procession_engine::ports::store::{CommitError, Done, EventStore, StoreError};
use procession_store_memory::MemoryStore;

use super::{Bench, Hooked};

/// The commits that a store's writer holds back until it is told.
#[derive(Clone)]
pub struct Held {
    store: MemoryStore,
    waiting: Arc<Mutex<Vec<(Commit, Done)>>>,
}

impl Held {
    /// Starts the engine of a bench again behind a store that holds its commits back.
    pub fn behind(bench: &mut Bench) -> Self {
        let held = Self { store: bench.store.clone(), waiting: Arc::default() };
        let waiting = Arc::clone(&held.waiting);
        bench.restart_behind(Hooked::new(&bench.store, move |_, commit, done| waiting.lock().unwrap().push((commit, done))));
        held
    }

    /// Lets the writer do what waits; the first `failing` commits fail. Answers how many there were.
    pub fn release(&self, failing: usize) -> usize {
        let waiting = std::mem::take(&mut *self.waiting.lock().unwrap());
        let count = waiting.len();
        for (index, (commit, done)) in waiting.into_iter().enumerate() {
            if index < failing {
                done(Err(CommitError::Store(StoreError::Io("no space left on device".to_owned()))));
            } else {
                self.store.submit(commit, done);
            }
        }
        count
    }

    /// Lets the writer do the first commit only.
    pub fn release_first(&self) {
        let (commit, done) = self.waiting.lock().unwrap().remove(0);
        self.store.submit(commit, done);
    }

    /// Lets the writer do everything, and what follows from it.
    pub fn release_all(&self, bench: &mut Bench) {
        while self.release(0) > 0 {
            bench.standing.settle();
        }
    }
}

/// A request whose answer may still be to come.
pub type Asked = std::pin::Pin<Box<dyn Future<Output = Result<Answer, Refusal>>>>;

/// Hands a request in and lets the workers do what they can.
pub fn ask(bench: &mut Bench, request: Request) -> Asked {
    let asked = hand_in(bench, request);
    bench.standing.settle();
    asked
}

/// Hands a request in.
pub fn hand_in(bench: &Bench, request: Request) -> Asked {
    let engine = Arc::clone(bench.standing.engine());
    let mut asked: Asked = Box::pin(async move { engine.request(request).await });
    assert!(poll(&mut asked).is_none());
    asked
}

/// The answer, if it is there.
pub fn poll(asked: &mut Asked) -> Option<Result<Answer, Refusal>> {
    match asked.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => Some(answer),
        Poll::Pending => None,
    }
}
