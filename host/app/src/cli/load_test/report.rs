//! What was seen of all shipments, and what it comes to.
//! Times are kept one by one: a histogram would round them, and a test is no longer than memory.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::trigger::End;
use crate::cli::failure::Failure;
use crate::cli::table::Table;

/// How often progress is told.
const PROGRESS: Duration = Duration::from_secs(5);

/// What was seen so far.
pub(super) struct Tally {
    begun: Instant,
    warm_up: Duration,
    seen: Mutex<Seen>,
}

#[derive(Clone, Default)]
struct Seen {
    started: u64,
    completed: u64,
    failed: u64,
    errors: u64,
    lost: u64,
    /// The first thing that went wrong; the others are usually the same.
    complaint: Option<String>,
    /// Microseconds from trigger to end, of those that were triggered after the warm-up.
    took_us: Vec<u64>,
    last_end: Option<Instant>,
}

/// What a test comes to.
pub(super) struct Report {
    seen: Seen,
    measured: Duration,
}

impl Tally {
    pub(super) fn new(warm_up: Duration) -> Self {
        Self { begun: Instant::now(), warm_up, seen: Mutex::default() }
    }

    pub(super) fn started(&self) {
        self.change(|seen| seen.started += 1);
    }

    pub(super) fn ended(&self, id: &str, at: Instant, end: End) {
        let (now, is_measured) = (Instant::now(), at >= self.begun + self.warm_up);
        self.change(|seen| match end {
            End::Completed | End::Failed => {
                *(if matches!(end, End::Completed) { &mut seen.completed } else { &mut seen.failed }) += 1;
                seen.last_end = Some(now);
                if is_measured {
                    seen.took_us.push(u64::try_from(now.saturating_duration_since(at).as_micros()).unwrap_or(u64::MAX));
                }
            }
            End::Error(text) => {
                seen.errors += 1;
                seen.complaint.get_or_insert_with(|| format!("{id}: {text}"));
            }
            End::Lost => {
                seen.lost += 1;
                seen.complaint.get_or_insert_with(|| format!("{id}: it was taken and has not ended in time"));
            }
        });
    }

    pub(super) fn report(&self) -> Report {
        let mut seen = self.change(|seen| seen.clone());
        seen.took_us.sort_unstable();
        let until = seen.last_end.unwrap_or_else(Instant::now);
        Report { measured: until.saturating_duration_since(self.begun + self.warm_up), seen }
    }

    fn change<T>(&self, change: impl FnOnce(&mut Seen) -> T) -> T {
        change(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Tells on stderr how far it is, until it is stopped.
pub(super) async fn progress(tally: std::sync::Arc<Tally>) {
    loop {
        tokio::time::sleep(PROGRESS).await;
        let (started, ended, wrong) = tally.change(|seen| (seen.started, seen.completed + seen.failed, seen.errors + seen.lost));
        eprintln!("{:>4} s  {started} started, {ended} ended, {wrong} errors", tally.begun.elapsed().as_secs());
    }
}

impl Report {
    fn per_second(&self) -> f64 {
        let seconds = self.measured.as_secs_f64();
        if seconds > 0.0 { self.seen.took_us.len() as f64 / seconds } else { 0.0 }
    }

    /// The time within which this share of the shipments ended, in milliseconds.
    fn within_ms(&self, share: f64) -> Option<f64> {
        let count = self.seen.took_us.len();
        let rank = (count as f64 * share).ceil() as usize;
        self.seen.took_us.get(rank.clamp(1, count.max(1)) - 1).map(|us| *us as f64 / 1_000.0)
    }

    pub(super) fn document(&self) -> Value {
        let Seen { started, completed, failed, errors, lost, complaint, .. } = &self.seen;
        json!({
            "started": started, "completed": completed, "failed": failed, "errors": errors, "lost": lost, "complaint": complaint,
            "seconds": self.measured.as_secs_f64(), "completedPerSecond": self.per_second(), "measured": self.seen.took_us.len(),
            "p50Ms": self.within_ms(0.5), "p90Ms": self.within_ms(0.9), "p99Ms": self.within_ms(0.99), "maxMs": self.within_ms(1.0),
        })
    }

    pub(super) fn lines(&self) -> String {
        let Seen { started, completed, failed, errors, lost, .. } = &self.seen;
        let mut table = Table::without_header();
        for (name, count) in [("started", started), ("completed", completed), ("failed", failed), ("errors", errors), ("lost", lost)] {
            table.row(vec![name.to_owned(), count.to_string()]);
        }
        table.row(vec!["per second".to_owned(), format!("{:.1} over {:.1} s", self.per_second(), self.measured.as_secs_f64())]);
        for (name, share) in [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("max", 1.0)] {
            let ms = self.within_ms(share).map_or_else(|| "-".to_owned(), |ms| format!("{ms:.1} ms from trigger to end"));
            table.row(vec![name.to_owned(), ms]);
        }
        table.lines()
    }

    /// A test in which something was lost or turned down has failed.
    pub(super) fn verdict(self) -> Result<(), Failure> {
        let Seen { errors, lost, complaint, .. } = self.seen;
        if errors + lost == 0 {
            return Ok(());
        }
        Err(Failure::Failed(format!("{errors} errors, {lost} lost; the first: {}", complaint.unwrap_or_default())))
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{End, Tally};

    #[test]
    fn percentiles_are_times_that_were_seen() {
        let tally = Tally::new(Duration::ZERO);
        let at = Instant::now();
        tally.change(|seen| seen.took_us = (1..=100).rev().map(|ms| ms * 1_000).collect());
        tally.ended("A", at, End::Lost);
        let report = tally.report();
        assert_eq!([0.5, 0.9, 0.99, 1.0].map(|share| report.within_ms(share)), [Some(50.0), Some(90.0), Some(99.0), Some(100.0)]);
        assert!(report.verdict().is_err());
    }

    #[test]
    fn a_test_without_shipments_has_no_percentiles() {
        assert_eq!(Tally::new(Duration::ZERO).report().within_ms(0.5), None);
    }
}
