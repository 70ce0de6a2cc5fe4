//! Taps at the writer: whoever takes a backup hears of every group that becomes durable meanwhile.
//! A tap never holds the writer up: what it has not been emptied of in time is thrown away, and the backup fails.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crate::batch::Batch;

/// What a tap holds at most. A backup empties it after every few hundred keys, so it fills only where the reader of the backup stands still.
const TAP_BYTES_MAX: usize = 64 * 1024 * 1024;

/// The writer's side: the taps that are open.
#[derive(Default)]
pub(crate) struct Taps(Mutex<Vec<Weak<Tap>>>);

/// What has become durable since the tap was opened, or since it was emptied last.
#[derive(Default)]
pub(crate) struct Tap(Mutex<State>);

#[derive(Default)]
struct State {
    batches: Vec<Arc<Batch>>,
    bytes: usize,
    failed: Option<&'static str>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Taps {
    /// Opens a tap; it is shut when it is dropped.
    pub(crate) fn open(&self) -> Arc<Tap> {
        let tap = Arc::new(Tap::default());
        lock(&self.0).push(Arc::downgrade(&tap));
        tap
    }

    /// A group is durable. Said after it can be read and before anybody hears of it: what was read before a tap was opened is whole,
    /// and what is read while it is open is either whole or in it.
    pub(crate) fn durable(&self, batch: Batch) {
        let mut taps = lock(&self.0);
        if taps.is_empty() {
            return;
        }
        taps.retain(|tap| tap.strong_count() > 0);
        let batch = Arc::new(batch);
        for tap in taps.iter().filter_map(Weak::upgrade) {
            tap.take(&batch);
        }
    }

    /// A group was written and did not become durable: what was read meanwhile may be undone.
    pub(crate) fn failed(&self) {
        for tap in lock(&self.0).iter().filter_map(Weak::upgrade) {
            tap.fail("the store could not make a commit durable while it was read");
        }
    }
}

impl Tap {
    fn take(&self, batch: &Arc<Batch>) {
        let mut state = lock(&self.0);
        if state.failed.is_some() {
            return;
        }
        state.bytes += batch.changes().iter().map(|(key, value)| key.len() + value.as_ref().map_or(0, |value| value.len())).sum::<usize>();
        if state.bytes <= TAP_BYTES_MAX {
            return state.batches.push(Arc::clone(batch));
        }
        drop(state);
        self.fail("its reader was too slow for what was written meanwhile; take it where less is written, or onto a faster disk");
    }

    fn fail(&self, why: &'static str) {
        let mut state = lock(&self.0);
        state.failed = Some(why);
        state.batches = Vec::new();
    }

    /// What has come since the last time.
    pub(crate) fn empty(&self) -> Result<Vec<Arc<Batch>>, &'static str> {
        let mut state = lock(&self.0);
        state.bytes = 0;
        state.failed.map_or_else(|| Ok(std::mem::take(&mut state.batches)), Err)
    }
}

#[cfg(test)]
mod tests {
    use super::{TAP_BYTES_MAX, Taps};
    use crate::batch::Batch;

    fn batch(bytes: usize) -> Batch {
        let mut batch = Batch::default();
        batch.insert(b"k".to_vec(), vec![0_u8; bytes]);
        batch
    }

    #[test]
    fn a_tap_that_nobody_empties_fails_and_holds_nothing() {
        let taps = Taps::default();
        let tap = taps.open();
        taps.durable(batch(10));
        assert_eq!(tap.empty().unwrap().len(), 1);
        taps.durable(batch(TAP_BYTES_MAX));
        taps.durable(batch(10));
        assert!(tap.empty().is_err_and(|why| why.contains("too slow")));
    }

    #[test]
    fn a_failed_group_fails_every_tap() {
        let taps = Taps::default();
        let tap = taps.open();
        taps.failed();
        assert!(tap.empty().is_err());
        assert!(taps.open().empty().is_ok());
    }
}
