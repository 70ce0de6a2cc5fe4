//! Callers that wait for a process to come to its end.
//! They are told when the end is durable, never before.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tokio::sync::oneshot;

use crate::model::id::ProcessId;

/// Callers that wait, by process.
pub(crate) struct Watchers {
    max: usize,
    /// None once the host stops.
    waiting: Mutex<Option<Waiting>>,
}

#[derive(Default)]
struct Waiting {
    /// All of them, those included that gave up and were not noticed yet.
    count: usize,
    by_process: HashMap<ProcessId, Vec<oneshot::Sender<()>>>,
}

impl Watchers {
    pub(crate) fn new(max: usize) -> Self {
        Self { max, waiting: Mutex::new(Some(Waiting::default())) }
    }

    /// Waits for the end of a process; none where too many wait already, or where the host stops.
    pub(crate) fn watch(&self, process: &ProcessId) -> Option<oneshot::Receiver<()>> {
        let (tell, told) = oneshot::channel();
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = waiting.as_mut()?;
        if waiting.count >= self.max {
            waiting.forget_who_gave_up();
        }
        if waiting.count >= self.max {
            return None;
        }
        let callers = waiting.by_process.entry(process.clone()).or_default();
        let before = callers.len();
        callers.retain(|caller| !caller.is_closed());
        waiting.count -= before - callers.len();
        callers.push(tell);
        waiting.count += 1;
        Some(told)
    }

    /// How many wait, those included that gave up lately.
    pub(crate) fn count(&self) -> usize {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map_or(0, |waiting| waiting.count)
    }

    /// Lets go of everybody who waits, and of whoever would: there will be nobody to tell them.
    pub(crate) fn close(&self) {
        *self.waiting.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Tells everybody who waits for this process.
    pub(crate) fn tell(&self, process: &ProcessId) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(waiting) = waiting.as_mut() else { return };
        let callers = waiting.by_process.remove(process).unwrap_or_default();
        waiting.count -= callers.len();
        for caller in callers {
            // Who no longer listens has gone away, which is its right.
            let _ = caller.send(());
        }
    }
}

impl Waiting {
    /// Whoever gave up has dropped its end; a full table is the moment to notice.
    fn forget_who_gave_up(&mut self) {
        self.by_process.retain(|_, callers| {
            callers.retain(|caller| !caller.is_closed());
            !callers.is_empty()
        });
        self.count = self.by_process.values().map(Vec::len).sum();
    }
}

#[cfg(test)]
mod tests {
    use super::Watchers;
    use crate::model::id::ProcessId;

    #[test]
    fn the_bound_counts_callers_and_not_processes_and_forgets_who_gave_up() {
        let (watchers, process) = (Watchers::new(2), ProcessId::parse("P1").unwrap());
        let first = watchers.watch(&process).unwrap();
        let second = watchers.watch(&process).unwrap();
        assert!(watchers.watch(&process).is_none() && watchers.watch(&ProcessId::parse("P2").unwrap()).is_none());
        drop(first);
        let third = watchers.watch(&ProcessId::parse("P2").unwrap()).unwrap();
        assert_eq!(watchers.count(), 2);
        watchers.tell(&process);
        assert_eq!((second.blocking_recv(), watchers.count()), (Ok(()), 1));
        watchers.close();
        assert!(third.blocking_recv().is_err() && watchers.watch(&process).is_none());
    }
}
