//! What was seen of all shipments, and what it comes to.
//! Times are kept one by one: a histogram would round them, and a test is no longer than memory.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::held::Told;
use super::trigger::End;
use crate::cli::failure::Failure;
use crate::cli::table::Table;

/// The shares of which a report tells within which time they ended.
const SHARES: [(&str, f64); 5] = [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999), ("max", 1.0)];

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
    /// Microseconds from the moment that it was due to its end, of those that were due after the warm-up.
    took_us: Vec<u64>,
    /// How much later than due they were sent: what this program, or a server that is full, adds.
    late_us: Vec<u64>,
    last_end: Option<Instant>,
}

/// How far a test is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Progress {
    elapsed: Duration,
    started: u64,
    pub(super) ended: u64,
    wrong: u64,
}

/// What a test comes to.
pub(super) struct Report {
    seen: Seen,
    measured: Duration,
    is_open: bool,
    server: Told,
}

impl Tally {
    pub(super) fn new(warm_up: Duration) -> Self {
        Self { begun: Instant::now(), warm_up, seen: Mutex::default() }
    }

    pub(super) fn started(&self, due: Instant) {
        let (late, is_measured) = (due.elapsed(), self.measures(due));
        self.change(|seen| {
            seen.started += 1;
            if is_measured {
                seen.late_us.push(us(late));
            }
        });
    }

    pub(super) fn ended(&self, id: &str, due: Instant, end: End) {
        let (now, is_measured) = (Instant::now(), self.measures(due));
        self.change(|seen| match end {
            End::Completed | End::Failed => {
                *(if matches!(end, End::Completed) { &mut seen.completed } else { &mut seen.failed }) += 1;
                seen.last_end = Some(now);
                if is_measured {
                    seen.took_us.push(us(now.saturating_duration_since(due)));
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

    pub(super) fn progress(&self) -> Progress {
        let elapsed = self.begun.elapsed();
        self.change(|seen| {
            let (ended, wrong) = (seen.completed + seen.failed, seen.errors + seen.lost);
            Progress { elapsed, started: seen.started, ended, wrong }
        })
    }

    pub(super) fn report(&self, is_open: bool, server: Told) -> Report {
        let mut seen = self.change(|seen| seen.clone());
        seen.took_us.sort_unstable();
        seen.late_us.sort_unstable();
        let until = seen.last_end.unwrap_or_else(Instant::now);
        Report { measured: until.saturating_duration_since(self.begun + self.warm_up), seen, is_open, server }
    }

    fn measures(&self, due: Instant) -> bool {
        due >= self.begun + self.warm_up
    }

    fn change<T>(&self, change: impl FnOnce(&mut Seen) -> T) -> T {
        change(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn us(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// The time within which this share of all times lies, in milliseconds: one that was seen, and none in between.
fn within_ms(sorted_us: &[u64], share: f64) -> Option<f64> {
    let count = sorted_us.len();
    let rank = (count as f64 * share).ceil() as usize;
    sorted_us.get(rank.clamp(1, count.max(1)) - 1).map(|us| *us as f64 / 1_000.0)
}

impl Progress {
    /// One line for people, with what was done since the one before.
    pub(super) fn since(&self, before: &Self) -> String {
        let seconds = self.elapsed.saturating_sub(before.elapsed).as_secs_f64();
        let per_second = if seconds > 0.0 { self.ended.saturating_sub(before.ended) as f64 / seconds } else { 0.0 };
        let (started, ended, wrong) = (self.started, self.ended, self.wrong);
        let in_flight = started.saturating_sub(ended + wrong);
        format!(
            "{:>4} s  {started} started, {in_flight} in flight, {ended} ended, {per_second:.1} per second, {wrong} errors",
            self.elapsed.as_secs()
        )
    }
}

impl Report {
    fn per_second(&self) -> f64 {
        let seconds = self.measured.as_secs_f64();
        if seconds > 0.0 { self.seen.took_us.len() as f64 / seconds } else { 0.0 }
    }

    fn within_ms(&self, share: f64) -> Option<f64> {
        within_ms(&self.seen.took_us, share)
    }

    /// In a closed loop nothing is due before it is sent.
    fn late_p99_ms(&self) -> Option<f64> {
        within_ms(&self.seen.late_us, 0.99).filter(|_| self.is_open)
    }

    pub(super) fn document(&self) -> Value {
        let Seen { started, completed, failed, errors, lost, complaint, .. } = &self.seen;
        let [p50, p90, p99, p999, max] = SHARES.map(|(_, share)| self.within_ms(share));
        json!({
            "started": started, "completed": completed, "failed": failed, "errors": errors, "lost": lost, "complaint": complaint,
            "seconds": self.measured.as_secs_f64(), "completedPerSecond": self.per_second(), "measured": self.seen.took_us.len(),
            "p50Ms": p50, "p90Ms": p90, "p99Ms": p99, "p999Ms": p999, "maxMs": max, "lateP99Ms": self.late_p99_ms(),
            "server": self.server.document(),
        })
    }

    pub(super) fn lines(&self) -> String {
        let Seen { started, completed, failed, errors, lost, .. } = &self.seen;
        let mut table = Table::without_header();
        for (name, count) in [("started", started), ("completed", completed), ("failed", failed), ("errors", errors), ("lost", lost)] {
            table.row(vec![name.to_owned(), count.to_string()]);
        }
        table.row(vec!["per second".to_owned(), format!("{:.1} over {:.1} s", self.per_second(), self.measured.as_secs_f64())]);
        for (name, share) in SHARES {
            let ms = self.within_ms(share).map_or_else(|| "-".to_owned(), |ms| format!("{ms:.1} ms from trigger to end"));
            table.row(vec![name.to_owned(), ms]);
        }
        if let Some(ms) = self.late_p99_ms() {
            table
                .row(vec!["late".to_owned(), format!("99 % were sent within {ms:.1} ms of when they were due; the wait is counted above")]);
        }
        self.server.rows().into_iter().for_each(|row| table.row(row));
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

    use super::{End, Progress, Tally, Told};

    #[test]
    fn percentiles_are_times_that_were_seen() {
        let tally = Tally::new(Duration::ZERO);
        let due = Instant::now();
        tally.change(|seen| seen.took_us = (1..=1_000).rev().map(|ms| ms * 1_000).collect());
        tally.ended("A", due, End::Lost);
        let report = tally.report(false, Told::default());
        let within = [0.5, 0.9, 0.99, 0.999, 1.0].map(|share| report.within_ms(share));
        assert_eq!(within, [500.0, 900.0, 990.0, 999.0, 1_000.0].map(Some));
        assert_eq!(report.document()["p999Ms"], 999.0);
        assert!(report.verdict().is_err());
    }

    #[test]
    fn a_test_without_shipments_has_no_percentiles() {
        assert_eq!(Tally::new(Duration::ZERO).report(false, Told::default()).within_ms(0.5), None);
    }

    #[test]
    fn what_was_sent_late_took_as_long_as_if_it_had_been_sent_when_it_was_due() {
        // Due ten seconds ago, and sent now.
        let due = Instant::now().checked_sub(Duration::from_secs(10)).unwrap();
        let tally = Tally { begun: due, ..Tally::new(Duration::ZERO) };
        tally.started(due);
        tally.ended("A", due, End::Completed);
        let report = tally.report(true, Told::default());
        assert!(report.within_ms(0.5) >= Some(10_000.0) && report.late_p99_ms() >= Some(10_000.0));
        assert_eq!(tally.report(false, Told::default()).late_p99_ms(), None);
    }

    #[test]
    fn what_was_due_in_the_warm_up_is_counted_and_not_measured() {
        let tally = Tally::new(Duration::from_secs(3_600));
        let due = Instant::now();
        tally.started(due);
        tally.ended("A", due, End::Completed);
        let report = tally.report(false, Told::default()).document();
        assert_eq!((report["completed"].as_u64(), report["measured"].as_u64()), (Some(1), Some(0)));
    }

    #[test]
    fn progress_tells_the_rate_since_the_line_before() {
        let before = Progress { elapsed: Duration::from_secs(4), started: 100, ended: 90, wrong: 0 };
        let now = Progress { elapsed: Duration::from_secs(6), started: 200, ended: 150, wrong: 10 };
        assert_eq!(now.since(&before), "   6 s  200 started, 40 in flight, 150 ended, 30.0 per second, 10 errors");
    }
}
