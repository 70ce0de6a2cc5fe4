//! `procession load-test`: many shipments, and how long each takes from trigger to completion.
//! It shares the machine with the server, so it does little: kept connections, one answer a shipment, no thread of its own.

mod ids;
mod report;
mod trigger;

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::client::{Server, ServerAddress};
use super::failure::Failure;
use super::table::{print, print_json};
use ids::{Ids, Kind};
use report::Tally;

/// Triggers that wait for their end at the same time: each holds a connection, and 1,024 files is the usual limit of a program.
const IN_FLIGHT_MAX: usize = 900;

/// What `load-test` is told.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Triggers shipments from so many workers.
    #[arg(long, default_value_t = 10)]
    workers: usize,
    /// Triggers so many shipments from each worker.
    #[arg(long, default_value_t = 1_000)]
    shipments: usize,
    /// Pauses so many milliseconds between two triggers of a worker.
    #[arg(long, default_value_t = 50)]
    delay_ms: u64,
    /// Triggers domestic shipments, international ones, or a mix that is mostly international.
    #[arg(long, default_value = "mixed")]
    ids: Kind,
    /// Lets the last character of an id be anything, so that some shipments fail.
    #[arg(long)]
    with_failures: bool,
    /// Makes each worker wait for the end of a shipment before it triggers the next one.
    #[arg(long)]
    closed: bool,
    /// Goes on for so many seconds instead of a number of shipments; only with --closed.
    #[arg(long, value_name = "SECONDS", requires = "closed")]
    duration_s: Option<u64>,
    /// Leaves out what was triggered in the first seconds; only with --duration-s.
    #[arg(long, value_name = "SECONDS", requires = "duration_s", default_value_t = 0)]
    warm_up_s: u64,
    /// Calls a shipment lost that has not ended so many seconds after its trigger.
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    timeout_s: u64,
    /// Prints JSON, for programs.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerAddress,
}

pub(super) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let server = Server::at(&arguments.server)?;
    // One question before all others: a server that is not there is told once, and not ten thousand times.
    server.send(super::client::Question::get("/readyz")).await?.into_body()?;
    let tally = Arc::new(Tally::new(Duration::from_secs(arguments.warm_up_s)));
    let progress = tokio::spawn(report::progress(Arc::clone(&tally)));
    let test = Arc::new(Test { server, tally: Arc::clone(&tally), free: Arc::new(Semaphore::new(IN_FLIGHT_MAX)), arguments });
    let mut workers = JoinSet::new();
    for index in 0..test.arguments.workers {
        workers.spawn(Arc::clone(&test).work(index));
    }
    while let Some(ended) = workers.join_next().await {
        ended.map_err(|error| Failure::Failed(format!("a worker broke: {error}")))?;
    }
    progress.abort();
    let report = tally.report();
    if test.arguments.json {
        print_json(&report.document());
    } else {
        print(&report.lines());
    }
    report.verdict()
}

/// What all workers share.
struct Test {
    arguments: Arguments,
    server: Server,
    tally: Arc<Tally>,
    free: Arc<Semaphore>,
}

impl Test {
    async fn work(self: Arc<Self>, index: usize) {
        let mut ids = Ids::new(self.arguments.ids, self.arguments.with_failures);
        let mut under_way = JoinSet::new();
        let begun = Instant::now();
        let pause = Duration::from_millis(self.arguments.delay_ms);
        // Workers do not trigger at the same moment, but spread over the pause.
        let spread = pause.mul_f64(index as f64 / self.arguments.workers.max(1) as f64);
        for number in 0_u32.. {
            let is_over = match self.arguments.duration_s {
                Some(seconds) => begun.elapsed() >= Duration::from_secs(seconds),
                None => number as usize >= self.arguments.shipments,
            };
            if is_over {
                break;
            }
            if self.arguments.closed {
                self.trigger(&ids.next(), Instant::now()).await;
                tokio::time::sleep(pause).await;
            } else {
                let at = begun + spread + pause * number;
                tokio::time::sleep_until(at.into()).await;
                let (test, id) = (Arc::clone(&self), ids.next());
                // The bound: a server that does not keep up makes its load wait, and the wait counts, since it is measured from `at`.
                let Ok(place) = Arc::clone(&self.free).acquire_owned().await else { break };
                under_way.spawn(async move {
                    test.trigger(&id, at).await;
                    drop(place);
                });
                while under_way.try_join_next().is_some() {}
            }
        }
        while under_way.join_next().await.is_some() {}
    }

    async fn trigger(&self, id: &str, at: Instant) {
        self.tally.started();
        let end = trigger::to_end(&self.server, id, at, Duration::from_secs(self.arguments.timeout_s)).await;
        self.tally.ended(id, at, end);
    }
}
