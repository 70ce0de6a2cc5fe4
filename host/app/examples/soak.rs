//! An endurance test: many processes that have ended, many that wait, and one that grows long; what memory and disk they take.
//! `make soak FINISHED=1000000 PENDING=100000 EVENTS=10000` runs it. It prints figures and proves nothing by itself: timings are no tests.

use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use procession::{AskError, Host};
use tokio::task::{JoinSet, LocalSet};

/// Requests that wait for their answer at the same time: enough to fill the store's groups.
const IN_FLIGHT: u64 = 256;
/// Lines of the report.
const LINES: u64 = 10;
/// The first word of the call that only starts on what is there.
const AGAIN: &str = "again";

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    LocalSet::new().run_until(soak()).await
}

async fn soak() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [AGAIN, data, definitions, events] => again(data, definitions, events.parse()?).await,
        [data, definitions, finished, pending, events] => {
            first(data, definitions, [finished.parse()?, pending.parse()?, events.parse()?]).await?;
            // In a program of its own: what this one held in memory before says nothing about a start.
            let started = std::process::Command::new(std::env::current_exe()?).args([AGAIN, data, definitions, events]).status()?;
            anyhow::ensure!(started.success(), "it did not start again");
            Ok(())
        }
        _ => anyhow::bail!("usage: soak DATA DEFINITIONS FINISHED PENDING EVENTS"),
    }
}

/// Fills an empty store.
async fn first(data: &str, definitions: &str, [finished, pending, events]: [u64; 3]) -> anyhow::Result<()> {
    let host = Rc::new(start(data, definitions).await?);
    println!("{:<10} {:>10} {:>10} {:>12} {:>10}", "what", "so far", "per s", "memory MiB", "disk MiB");
    many(&host, "pending", "Wait", pending, data).await?;
    many(&host, "finished", "End", finished, data).await?;
    count(&host, events, data).await?;
    Rc::into_inner(host).context("somebody still holds the host")?.stop().await;
    Ok(())
}

/// Starts on what is there.
async fn again(data: &str, definitions: &str, events: u64) -> anyhow::Result<()> {
    let begun = Instant::now();
    let host = start(data, definitions).await?;
    println!("ready again after {:.1} s, {} MiB, {} at most", begun.elapsed().as_secs_f64(), memory_mib("VmRSS"), memory_mib("VmHWM"));
    let begun = Instant::now();
    host.send("count", "Count", ()).await?;
    println!("the first event on a stream of {events}, folded anew: {:.1} ms", begun.elapsed().as_secs_f64() * 1e3);
    host.stop().await;
    Ok(())
}

async fn start(data: &str, definitions: &str) -> anyhow::Result<Host> {
    Ok(Host::builder().data(data).definitions(definitions).start().await?)
}

/// Begins so many processes with a message of this kind.
async fn many(host: &Rc<Host>, what: &'static str, kind: &'static str, count: u64, data: &str) -> anyhow::Result<()> {
    let (mut begun, mut done) = (Instant::now(), 0);
    for line in 1..=LINES {
        let until = count * line / LINES;
        let mut asked = JoinSet::new();
        for worker in 0..IN_FLIGHT {
            let (host, first) = (Rc::clone(host), done + worker);
            asked.spawn_local(async move {
                for number in (first..until).step_by(IN_FLIGHT as usize) {
                    ask(&host, &format!("{what}-{number}"), kind).await?;
                }
                anyhow::Ok(())
            });
        }
        while let Some(ended) = asked.join_next().await {
            ended??;
        }
        report(what, until, until - done, begun, data);
        (begun, done) = (Instant::now(), until);
    }
    Ok(())
}

/// Lets one process grow long.
async fn count(host: &Host, events: u64, data: &str) -> anyhow::Result<()> {
    let (mut begun, mut done) = (Instant::now(), 0);
    for line in 1..=LINES {
        let until = events * line / LINES;
        for number in done..until {
            // The first one begins the process; the same kind again would be taken for the same request, so each has its own data.
            host.send("count", "Count", number).await?;
        }
        report("one stream", until, until - done, begun, data);
        (begun, done) = (Instant::now(), until);
    }
    Ok(())
}

/// A host that is full says so; whoever is patient comes again.
async fn ask(host: &Host, id: &str, kind: &str) -> anyhow::Result<()> {
    loop {
        match host.send(id, kind, ()).await {
            Ok(_) => return Ok(()),
            Err(AskError::Refused(procession::engine::error::Refusal::Busy)) => tokio::time::sleep(Duration::from_millis(10)).await,
            Err(error) => return Err(error.into()),
        }
    }
}

fn report(what: &str, so_far: u64, done: u64, begun: Instant, data: &str) {
    let per_second = done as f64 / begun.elapsed().as_secs_f64();
    println!("{what:<10} {so_far:>10} {per_second:>10.0} {:>12} {:>10}", memory_mib("VmRSS"), disk_mib(Path::new(data)));
}

/// Resident memory of this program: now (`VmRSS`), or at most until now (`VmHWM`).
fn memory_mib(which: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let resident = status.lines().find_map(|line| line.strip_prefix(which)?.strip_prefix(':'));
    resident.and_then(|text| text.trim().trim_end_matches("kB").trim().parse::<u64>().ok()).unwrap_or(0) / 1_024
}

fn disk_mib(folder: &Path) -> u64 {
    fn bytes(folder: &Path) -> u64 {
        let Ok(found) = std::fs::read_dir(folder) else { return 0 };
        found
            .flatten()
            .map(|entry| match entry.metadata() {
                Ok(of) if of.is_dir() => bytes(&entry.path()),
                Ok(of) => of.len(),
                Err(_) => 0,
            })
            .sum()
    }
    bytes(folder) / 1_048_576
}
