//! The thread that looks at a folder again and again.
//! It decides nothing; it only waits, and stops when it is told.

use std::io;
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::scan::Pace;
use super::{Inner, locked};

/// A folder that is being watched. Dropping it ends the watching; a file that is being deployed is finished first.
pub struct Watch {
    stop: Arc<Stop>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Stop {
    wanted: Mutex<bool>,
    told: Condvar,
}

impl Watch {
    pub(super) fn start(folder: Arc<Inner>, interval: Duration) -> io::Result<Self> {
        let stop = Arc::new(Stop::default());
        let heard = stop.clone();
        let run = move || {
            while !heard.waited(interval) {
                folder.pass(Pace::Settled);
            }
        };
        let thread = thread::Builder::new().name("definitions".to_owned()).spawn(run)?;
        Ok(Self { stop, thread: Some(thread) })
    }

    /// Ends the watching and returns when the thread has ended.
    pub fn stop(self) {
        drop(self);
    }
}

impl Stop {
    /// Waits for the interval, or less if the end is wanted; whether it is.
    fn waited(&self, interval: Duration) -> bool {
        let wanted = locked(&self.wanted);
        let waited = self.told.wait_timeout_while(wanted, interval, |wanted| !*wanted);
        *waited.unwrap_or_else(std::sync::PoisonError::into_inner).0
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        *locked(&self.stop.wanted) = true;
        self.stop.told.notify_all();
        if let Some(thread) = self.thread.take() {
            // The thread catches what a deploy panics with; there is nothing else to hear from it.
            let _ = thread.join();
        }
    }
}
