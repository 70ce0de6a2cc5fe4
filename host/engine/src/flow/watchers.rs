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
    waiting: Mutex<Option<HashMap<ProcessId, Vec<oneshot::Sender<()>>>>>,
}

impl Watchers {
    pub(crate) fn new(max: usize) -> Self {
        Self { max, waiting: Mutex::new(Some(HashMap::new())) }
    }

    /// Waits for the end of a process; none where too many wait already, or where the host stops.
    pub(crate) fn watch(&self, process: &ProcessId) -> Option<oneshot::Receiver<()>> {
        let (tell, told) = oneshot::channel();
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = waiting.as_mut()?;
        if waiting.len() >= self.max {
            // Whoever gave up has dropped its end; a full table is the moment to notice.
            waiting.retain(|_, callers| {
                callers.retain(|caller| !caller.is_closed());
                !callers.is_empty()
            });
        }
        if waiting.len() >= self.max {
            return None;
        }
        let callers = waiting.entry(process.clone()).or_default();
        callers.retain(|caller| !caller.is_closed());
        callers.push(tell);
        Some(told)
    }

    /// Lets go of everybody who waits, and of whoever would: there will be nobody to tell them.
    pub(crate) fn close(&self) {
        *self.waiting.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Tells everybody who waits for this process.
    pub(crate) fn tell(&self, process: &ProcessId) {
        let callers = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).as_mut().and_then(|waiting| waiting.remove(process));
        for caller in callers.into_iter().flatten() {
            // Who no longer listens has gone away, which is its right.
            let _ = caller.send(());
        }
    }
}
