//! When something is triggered: closed loops, where an end triggers the next, and open ones, where a clock does.
//! What is triggered, and how its end is seen, is said in `trigger`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::Arguments;
use super::ids::Subjects;
use super::report::Tally;
use super::trigger;
use crate::cli::client::Server;
use crate::cli::failure::Failure;

/// Triggers that wait for their end at the same time: each holds a connection, and 1,024 files is the usual limit of a program.
pub(super) const IN_FLIGHT_MAX: usize = 900;

/// How the load comes, and until when.
#[derive(Clone, Copy)]
pub(super) struct Pace {
    arrivals: Arrivals,
    loops: usize,
    /// From one trigger of a loop to the next; in a closed loop, from an end to the next trigger.
    interval: Duration,
    until: Until,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Arrivals {
    Closed,
    Open,
}

#[derive(Clone, Copy)]
enum Until {
    Triggers(u64),
    Elapsed(Duration),
}

impl Pace {
    pub(super) fn of(arguments: &Arguments) -> Result<Self, Failure> {
        let Arguments { workers, shipments, delay_ms, closed, in_flight, rate, duration_s, warm_up_s, .. } = *arguments;
        let (arrivals, loops, interval, shipments) = match (in_flight, rate) {
            (Some(count), _) => (Arrivals::Closed, count, Duration::ZERO, shipments),
            (None, Some(rate)) => (Arrivals::Open, 1, Duration::from_secs_f64(rate.recip()), shipments),
            (None, None) => {
                let arrivals = if closed { Arrivals::Closed } else { Arrivals::Open };
                (arrivals, workers, Duration::from_millis(delay_ms), shipments.saturating_mul(workers as u64))
            }
        };
        let until = match duration_s {
            Some(seconds) if seconds <= warm_up_s => {
                return Err(Failure::Usage(format!("a warm-up of {warm_up_s} s leaves nothing of {seconds} s to measure")));
            }
            Some(seconds) => Until::Elapsed(Duration::from_secs(seconds)),
            None => Until::Triggers(shipments),
        };
        Ok(Self { arrivals, loops, interval, until })
    }

    pub(super) fn is_open(&self) -> bool {
        self.arrivals == Arrivals::Open
    }
}

/// A test that is being made: what all its loops share.
pub(super) struct Test {
    server: Server,
    subjects: Subjects,
    tally: Arc<Tally>,
    patience: Duration,
    triggered: AtomicU64,
    free: Arc<Semaphore>,
    begun: Instant,
}

impl Test {
    pub(super) fn new(server: Server, subjects: Subjects, tally: Arc<Tally>, patience: Duration) -> Arc<Self> {
        let free = Arc::new(Semaphore::new(IN_FLIGHT_MAX));
        Arc::new(Self { server, subjects, tally, patience, triggered: AtomicU64::new(0), free, begun: Instant::now() })
    }

    /// Triggers all, and waits for their ends.
    pub(super) async fn run(self: Arc<Self>, pace: &Pace) -> Result<(), Failure> {
        let mut loops = JoinSet::new();
        for index in 0..pace.loops {
            match pace.arrivals {
                Arrivals::Closed => loops.spawn(Arc::clone(&self).closed(*pace, index)),
                Arrivals::Open => loops.spawn(Arc::clone(&self).open(*pace, index)),
            };
        }
        while let Some(ended) = loops.join_next().await {
            ended.map_err(|error| Failure::Failed(format!("a loop broke: {error}")))?;
        }
        Ok(())
    }

    async fn closed(self: Arc<Self>, pace: Pace, index: usize) {
        let mut subjects = self.subjects.of_loop(index);
        while self.goes_on(pace.until, Instant::now()) {
            self.one(&subjects.next(), Instant::now()).await;
            // The timer counts whole milliseconds: even to sleep for no time at all would take one.
            if !pace.interval.is_zero() {
                tokio::time::sleep(pace.interval).await;
            }
        }
    }

    async fn open(self: Arc<Self>, pace: Pace, index: usize) {
        let mut subjects = self.subjects.of_loop(index);
        let mut under_way = JoinSet::new();
        // The loops do not trigger at the same moment, but spread over the interval.
        let first = self.begun + pace.interval.mul_f64(index as f64 / pace.loops as f64);
        for number in 0_u32.. {
            // From the beginning and not from the trigger before: rounding and lateness must not add up.
            let due = first + pace.interval.mul_f64(f64::from(number));
            if !self.goes_on(pace.until, due) {
                break;
            }
            sleep_until(due).await;
            // The bound: a server that does not keep up makes its load wait, and the wait counts, since it is measured from `due`.
            let Ok(place) = Arc::clone(&self.free).acquire_owned().await else { break };
            let (test, id) = (Arc::clone(&self), subjects.next());
            under_way.spawn(async move {
                test.one(&id, due).await;
                drop(place);
            });
            while under_way.try_join_next().is_some() {}
        }
        while under_way.join_next().await.is_some() {}
    }

    /// Whether one more is triggered that is due at this time.
    fn goes_on(&self, until: Until, due: Instant) -> bool {
        match until {
            Until::Triggers(count) => self.triggered.fetch_add(1, Ordering::Relaxed) < count,
            Until::Elapsed(duration) => due < self.begun + duration,
        }
    }

    async fn one(&self, id: &str, due: Instant) {
        self.tally.started(due);
        let end = match &self.subjects {
            Subjects::Fresh(_) => trigger::to_end(&self.server, id, due, self.patience).await,
            Subjects::Finished { .. } => trigger::read(&self.server, id).await,
        };
        self.tally.ended(id, due, end);
    }
}

/// Sleeps on a thread of its own for the last milliseconds: the timer counts whole ones, and what it is late would count as the server's.
async fn sleep_until(due: Instant) {
    let coarse = due.checked_sub(Duration::from_millis(2)).unwrap_or(due);
    if coarse > Instant::now() {
        tokio::time::sleep_until(coarse.into()).await;
    }
    let rest = due.saturating_duration_since(Instant::now());
    if !rest.is_zero() {
        // A thread that cannot be had makes it early by a millisecond or two, and no worse.
        tokio::task::spawn_blocking(move || std::thread::sleep(rest)).await.unwrap_or(());
    }
}
