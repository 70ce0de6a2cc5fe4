//! The simulated clock: it stands still until the run moves it, and it jumps.
//! The engine may be told a time that is before the one that it heard last, as on any real machine.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use procession_engine::model::time::Timestamp;
use procession_engine::ports::clock::Clock;

use crate::fate::Fate;
use crate::fault::Fault;

/// When every run begins: far enough from zero for every jump back.
const BEGIN_MS: u64 = 1_000_000_000;

/// The clock of one run.
pub struct SimClock {
    fate: Arc<Fate>,
    now_ms: AtomicU64,
    /// What has passed, whatever was set.
    passed_ms: AtomicU64,
    /// The latest time that anybody was told: no timer that is due later can have fired.
    highest_ms: AtomicU64,
}

impl SimClock {
    /// A clock at the beginning.
    #[must_use]
    pub fn new(fate: Arc<Fate>) -> Self {
        Self { fate, now_ms: AtomicU64::new(BEGIN_MS), passed_ms: AtomicU64::new(0), highest_ms: AtomicU64::new(0) }
    }

    /// What it shows, without anybody having looked.
    #[must_use]
    pub fn shows(&self) -> Timestamp {
        Timestamp(self.now_ms.load(Ordering::Relaxed))
    }

    /// The latest time that anybody was told.
    #[must_use]
    pub fn highest(&self) -> Timestamp {
        Timestamp(self.highest_ms.load(Ordering::Relaxed))
    }

    /// Sets it, forward or back.
    pub fn set(&self, now: Timestamp) {
        let before = self.now_ms.swap(now.0, Ordering::Relaxed);
        self.passed_ms.fetch_add(now.0.saturating_sub(before), Ordering::Relaxed);
    }

    /// Lets time pass.
    pub fn pass(&self, ms: u64) {
        self.now_ms.fetch_add(ms, Ordering::Relaxed);
        self.passed_ms.fetch_add(ms, Ordering::Relaxed);
    }
}

impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        if self.fate.strikes(Fault::ClockWavers) {
            let back_ms = self.fate.draw(|dice| dice.between(1, 500));
            self.now_ms.fetch_sub(back_ms, Ordering::Relaxed);
        }
        let now = self.shows();
        self.highest_ms.fetch_max(now.0, Ordering::Relaxed);
        now
    }

    /// Nobody sets it, so nothing goes wrong here.
    fn ticks_us(&self) -> u64 {
        self.passed_ms.load(Ordering::Relaxed).saturating_mul(1_000)
    }
}
