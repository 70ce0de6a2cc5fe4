//! What a hostile definition costs its neighbours: a steady load of healthy processes, in turns beside more processes of that definition
//! and beside as many more healthy ones, since any process costs something.
//! The turns are short and follow each other, so that both meet the machine in the same moods; the first row, in which nothing differs, shows what is left of those.
//! `make neighbours` runs it. It prints figures and proves nothing by itself: timings are no tests.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use procession::Host;
use procession::engine::model::id::Digest;
use procession_guests::hostile::{healthy, hostile, saying};
use tokio::task::JoinSet;

/// Healthy processes that begin in a second, at fixed times.
const HEALTHY_PER_S: u32 = 200;
/// Nobody waits longer for a healthy process.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is looked at: how long the turns are, how many of each sort there are, and how many processes are begun beside the steady load.
struct Plan {
    seconds: u32,
    turns: u32,
    per_second: u32,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let ([data, seconds, turns, per_second] | [data, seconds, turns, per_second, _]) = &arguments[..] else {
        anyhow::bail!("usage: neighbours DATA SECONDS TURNS HOSTILE_PER_SECOND [PART_OF_A_NAME]");
    };
    let wanted = arguments.get(4).map_or("", String::as_str);
    let plan = Plan { seconds: seconds.parse()?, turns: turns.parse()?, per_second: per_second.parse()? };
    let host = Arc::new(Host::builder().data(Path::new(data)).start().await?);
    host.deploy(healthy().component()).await?;
    println!(
        "{HEALTHY_PER_S} healthy processes a second, in {turns} turns of {seconds} s beside {per_second} more healthy ones a second and as many beside hostile ones"
    );
    println!("{:<30} {:>11} {:>9} {:>11} {:>9} {:>7}", "ms", "healthy p50", "p50", "healthy p99", "p99", "ratio");
    beside(&host, "healthy", "warm-up", &plan).await?;
    in_turns(&host, "healthy", &plan).await?;
    let (mut all_healthy, mut all_hostile) = (Vec::new(), Vec::new());
    for (name, guest, _) in hostile().into_iter().filter(|(name, ..)| name.contains(wanted)) {
        let module = host.deploy(guest.component()).await?.record.digest;
        let (healthy, hostile) = in_turns(&host, name, &plan).await?;
        drained(&host, module).await?;
        all_healthy.extend(healthy);
        all_hostile.extend(hostile);
    }
    row("all of them", &all_healthy, &all_hostile);
    if let Ok(host) = Arc::try_unwrap(host) {
        host.stop().await;
    }
    Ok(())
}

/// How long healthy processes took beside more healthy ones, and beside ones of this definition. Which comes first changes from turn to turn.
async fn in_turns(host: &Arc<Host>, name: &'static str, plan: &Plan) -> anyhow::Result<(Vec<Duration>, Vec<Duration>)> {
    let (mut healthy, mut hostile) = (Vec::new(), Vec::new());
    for turn in 0..plan.turns {
        let mut both = [("healthy", &mut healthy), (name, &mut hostile)];
        if turn % 2 == 1 {
            both.reverse();
        }
        for (place, (beside_what, took)) in both.into_iter().enumerate() {
            took.extend(beside(host, beside_what, &format!("{name}-{turn}-{place}"), plan).await?);
        }
    }
    row(name, &healthy, &hostile);
    Ok((healthy, hostile))
}

/// The steady load beside more processes of this definition.
async fn beside(host: &Arc<Host>, name: &'static str, round: &str, plan: &Plan) -> anyhow::Result<Vec<Duration>> {
    let more = tokio::spawn(flood(Arc::clone(host), name, round.to_owned(), plan.per_second));
    let took = steady(host, round, plan.seconds).await;
    more.abort();
    took
}

/// Begins healthy processes at fixed times, and answers how long each took from the time that it was due.
async fn steady(host: &Arc<Host>, round: &str, seconds: u32) -> anyhow::Result<Vec<Duration>> {
    let (begun, mut under_way) = (Instant::now(), JoinSet::new());
    for number in 0..HEALTHY_PER_S * seconds {
        let due = begun + Duration::from_secs(1) * number / HEALTHY_PER_S;
        tokio::time::sleep_until(due.into()).await;
        let (host, id) = (Arc::clone(host), format!("well-{round}-{number}"));
        under_way.spawn(async move {
            host.send(&id, &saying("healthy").starts[0], 1).await?;
            host.wait(&id, PATIENCE).await?;
            anyhow::Ok(due.elapsed())
        });
    }
    let mut took = Vec::new();
    while let Some(one) = under_way.join_next().await {
        took.push(one?.context("a healthy process did not come to its end")?);
    }
    Ok(took)
}

/// Begins processes of a definition at fixed times, until it is aborted; what becomes of them is nobody's matter.
async fn flood(host: Arc<Host>, name: &'static str, round: String, per_second: u32) {
    let begun = Instant::now();
    for number in 0_u32.. {
        tokio::time::sleep_until((begun + Duration::from_secs(1) * number / per_second.max(1)).into()).await;
        let (host, id) = (Arc::clone(&host), format!("more-{round}-{number}"));
        tokio::spawn(async move { host.send(&id, &saying(name).starts[0], 1).await });
    }
}

async fn drained(host: &Arc<Host>, module: Digest) -> anyhow::Result<()> {
    let host = Arc::clone(host);
    tokio::task::spawn_blocking(move || host.engine().drain(&module)).await??;
    Ok(())
}

fn row(name: &str, healthy: &[Duration], hostile: &[Duration]) {
    let [(healthy_50, healthy_99), (p50, p99)] = [healthy, hostile].map(|took| (within_ms(took, 0.5), within_ms(took, 0.99)));
    println!("{name:<30} {healthy_50:>11.2} {p50:>9.2} {healthy_99:>11.2} {p99:>9.2} {:>7.2}", p99 / healthy_99);
}

/// The time within which this share of them ended, in milliseconds.
fn within_ms(took: &[Duration], share: f64) -> f64 {
    let mut sorted = took.to_vec();
    sorted.sort_unstable();
    let rank = (sorted.len() as f64 * share).ceil() as usize;
    sorted.get(rank.max(1) - 1).map_or(f64::NAN, |took| took.as_secs_f64() * 1_000.0)
}
