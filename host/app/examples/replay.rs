//! How fast recorded decisions are made again: many shipments are recorded, then all of them are decided again from the disk.
//! `make replay SHIPMENTS=50000` runs it. It prints figures and proves nothing by itself: timings are no tests.

use std::ops::ControlFlow;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use procession::engine::ports::definition::Runtime as _;
use procession::engine::replay::{Report, Which};
use procession::{AskError, Host};
use procession_wasm::{Limits, WasmRuntime};
use tokio::task::{JoinSet, LocalSet};

/// Shipments that are under way at the same time.
const IN_FLIGHT: u64 = 256;
/// Rounds: the first one reads what the system has not cached.
const ROUNDS: usize = 3;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [data, definitions, module, shipments] = &arguments[..] else {
        anyhow::bail!("usage: replay DATA DEFINITIONS MODULE SHIPMENTS");
    };
    if !std::path::Path::new(data).exists() {
        LocalSet::new().run_until(record(data, definitions, shipments.parse()?)).await?;
    }
    let host = Host::builder().data(data).only_reading().await?;
    let runtime = WasmRuntime::new(Limits::default(), None)?;
    let module = runtime.load(&std::fs::read(module)?)?;
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    for threads in [1, cores] {
        for _ in 0..ROUNDS {
            let replay = host.engine().replay(&module).which(Which::All).threads(threads);
            let before = processor_seconds();
            let report = replay.run(&mut |_| ControlFlow::Continue(()))?;
            print(threads, &report, processor_seconds() - before);
        }
    }
    host.stop().await;
    Ok(())
}

/// Lets shipments take their whole way.
async fn record(data: &str, definitions: &str, shipments: u64) -> anyhow::Result<()> {
    let builder = Host::builder().data(data).definitions(definitions).setting("carrier-stub", "delayMs", 0);
    let (host, begun) = (Rc::new(builder.start().await?), Instant::now());
    let mut under_way = JoinSet::new();
    for worker in 0..IN_FLIGHT {
        let host = Rc::clone(&host);
        under_way.spawn_local(async move {
            for number in (worker..shipments).step_by(IN_FLIGHT as usize) {
                let id = format!("1{number:010}0");
                begin(&host, &id).await?;
                host.wait(&id, Duration::from_secs(600)).await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(ended) = under_way.join_next().await {
        ended??;
    }
    println!("{shipments} shipments recorded in {:.1} s", begun.elapsed().as_secs_f64());
    Rc::into_inner(host).context("somebody still holds the host")?.stop().await;
    Ok(())
}

/// A host that is full says so; whoever is patient comes again.
async fn begin(host: &Host, id: &str) -> anyhow::Result<()> {
    loop {
        match host.trigger(id).await {
            Ok(_) => return Ok(()),
            Err(AskError::Refused(procession::engine::error::Refusal::Busy)) => tokio::time::sleep(Duration::from_millis(10)).await,
            Err(error) => return Err(error.into()),
        }
    }
}

/// Time that this program has had on all cores together: what counts on a machine that others use as well.
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks: f64 = [11, 12].iter().filter_map(|at| fields.get(*at)?.parse::<f64>().ok()).sum();
    ticks / 100.0
}

fn print(threads: usize, report: &Report, processor_seconds: f64) {
    let total = &report.total;
    println!(
        "{threads} threads: {} decisions of {} histories in {:.2} s, {}/s, {:.0} a second of a core; {} the same, {} otherwise, {} lost",
        total.decisions,
        total.histories,
        report.took_us as f64 / 1e6,
        report.decisions_per_second(),
        total.decisions as f64 / processor_seconds.max(0.01),
        total.decisions_same,
        total.decisions_otherwise,
        total.decisions_lost,
    );
}
