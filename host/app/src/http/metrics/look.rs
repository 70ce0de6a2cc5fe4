//! What the metrics have seen of the store: a survey that goes on a little with each scrape, and the room that its folder takes.
//! The survey is never asked more often than every few seconds, whoever scrapes.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use procession_engine::query::{Query, Survey};

use super::disk;

/// A survey is at least so old before another one begins or the present one goes on.
const PAUSE: Duration = Duration::from_secs(5);

/// Rows that one scrape looks at: some tens of milliseconds.
/// With more open processes than that a survey takes several scrapes, and the numbers are those of the last whole one.
const ROWS_AT_ONCE: usize = 10_000;

/// What was seen of the store.
pub(crate) struct Look {
    started: Instant,
    /// None where everything is kept in memory.
    data: Option<PathBuf>,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    whole: Option<Survey>,
    under_way: Survey,
    looked: Option<Instant>,
}

impl Look {
    pub(crate) fn new(data: Option<PathBuf>) -> Self {
        Self { started: Instant::now(), data, seen: Mutex::default() }
    }

    pub(super) fn uptime(&self) -> Duration {
        self.started.elapsed()
    }

    /// Bytes on the disk; none where nothing is there, or more than a scrape may look at. Blocks.
    pub(super) fn data_bytes(&self) -> Option<u64> {
        disk::taken_bytes(self.data.as_deref()?)
    }

    /// The last whole survey; none where the first one is still under way. Blocks.
    pub(super) fn survey(&self, query: &Query) -> Option<Survey> {
        // Two scrapes at once would do the work twice.
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.looked.is_none_or(|at| at.elapsed() >= PAUSE) {
            seen.go_on(query);
        }
        seen.whole.clone()
    }
}

impl Seen {
    fn go_on(&mut self, query: &Query) {
        if let Err(error) = query.survey(&mut self.under_way, ROWS_AT_ONCE) {
            tracing::warn!(%error, "what is open could not be counted");
            self.under_way = Survey::default();
        } else if self.under_way.is_complete() {
            self.whole = Some(std::mem::take(&mut self.under_way));
        }
        self.looked = Some(Instant::now());
    }
}
