//! How cost grows: with events stored, processes pending, the length of a stream, the size of a payload, and the number of definitions.
//! `make growth` prints one table for each; `EVENTS`, `PENDING` and `DEFINITIONS` say how far they go.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use procession_benches::rig::{Processes, Rig, domestic};
use procession_benches::{settings, tally};
use procession_engine::engine::{Engine, Standing};
use procession_engine::flow::inbox::Answer;
use procession_engine::limits::Limits;
use procession_engine::model::json::Json;
use procession_engine::registry::Origin;
use procession_guests::Guest;
use procession_store_sled::{Settings, SledStore};
use tokio::runtime::Runtime;

const IN_FLIGHT: usize = 256;
/// Events of one domestic shipment, all streams.
const EVENTS_PER_SHIPMENT: u64 = 26;
/// The process of one long stream.
const TALLY: &str = "TALLY";
/// Shipments that are measured where something else has grown.
const SAMPLE: u64 = 5_000;

fn main() -> anyhow::Result<()> {
    let runtime = Runtime::new()?;
    with_events_stored(&runtime, settings::number("EVENTS", 1_000_000))?;
    with_processes_pending(&runtime, settings::number("PENDING", 10_000))?;
    with_definitions(&runtime, settings::number("DEFINITIONS", 100))?;
    with_length_of_a_stream(&runtime)?;
    with_size_of_a_payload(&runtime)
}

fn with_events_stored(runtime: &Runtime, events: u64) -> anyhow::Result<()> {
    println!("\nevents stored   shipments/s   p50 ms   p99 ms   memory MiB   disk MiB");
    let folder = tempfile::tempdir()?;
    let rig = Rig::start(folder.path(), Processes::Sandboxed)?;
    let shipments = events / EVENTS_PER_SHIPMENT;
    let step = (shipments / 10).max(SAMPLE);
    for first in (0..shipments).step_by(step as usize) {
        let measured = measured(runtime, &rig, first..first + step)?;
        println!("{:>13} {measured} {:>12} {:>10}", (first + step) * EVENTS_PER_SHIPMENT, resident_mib(), mib_of(folder.path()));
    }
    rig.stop();
    let begun = Instant::now();
    let rig = Rig::start(folder.path(), Processes::Sandboxed)?;
    println!("started again in {:.2} s, {} MiB", begun.elapsed().as_secs_f64(), resident_mib());
    rig.stop();
    Ok(())
}

fn with_processes_pending(runtime: &Runtime, pending: u64) -> anyhow::Result<()> {
    println!("\n      pending   shipments/s   p50 ms   p99 ms   memory MiB   started again in s");
    let folder = tempfile::tempdir()?;
    let mut next = 0;
    for (round, wanted) in (0..).zip([0, pending / 10, pending]) {
        let more = wanted.saturating_sub(next);
        let rig = Rig::start_with_carrier(folder.path(), Processes::Sandboxed, 3_600_000)?;
        runtime.block_on(rig.begin((next..next + more).map(|number| domestic(10_000_000 + number))))?;
        rig.stop();
        next += more;
        let begun = Instant::now();
        let rig = Rig::start(folder.path(), Processes::Sandboxed)?;
        let ready = begun.elapsed();
        let first = 20_000_000 + round * SAMPLE;
        let measured = measured(runtime, &rig, first..first + SAMPLE)?;
        println!("{wanted:>13} {measured} {:>12} {:>20.2}", resident_mib(), ready.as_secs_f64());
        rig.stop();
    }
    Ok(())
}

fn with_definitions(runtime: &Runtime, definitions: u64) -> anyhow::Result<()> {
    println!("\n  definitions   shipments/s   p50 ms   p99 ms   memory MiB");
    let folder = tempfile::tempdir()?;
    let rig = Rig::start(folder.path(), Processes::Sandboxed)?;
    let mut there = 0;
    for (round, wanted) in (0..).zip([0, definitions / 10, definitions]) {
        for number in there..wanted {
            rig.engine().deploy(&other(number), &Origin::Request)?;
        }
        there = wanted;
        let first = round * SAMPLE;
        let measured = measured(runtime, &rig, first..first + SAMPLE)?;
        println!("{wanted:>13} {measured} {:>12}", resident_mib());
    }
    rig.stop();
    Ok(())
}

/// A definition of its own name, streams and messages, that nobody asks for.
fn other(number: u64) -> Vec<u8> {
    let mut guest = Guest::process();
    guest.said.category = format!("other-{number}-1.0");
    guest.said.suffix = Some(format!("Other{number}"));
    guest.said.starts = vec![format!("BeginOther{number}")];
    guest.component()
}

fn measured(runtime: &Runtime, rig: &Rig, numbers: std::ops::Range<u64>) -> anyhow::Result<String> {
    let (begun, count) = (Instant::now(), numbers.end - numbers.start);
    let mut took = runtime.block_on(rig.ship(numbers.map(domestic), IN_FLIGHT))?;
    Ok(format!(
        "{:>13.0} {:>8.1} {:>8.1}",
        count as f64 / begun.elapsed().as_secs_f64(),
        within_ms(&mut took, 50),
        within_ms(&mut took, 99)
    ))
}

/// The time within which so many of a hundred ended.
fn within_ms(took: &mut [Duration], percent: usize) -> f64 {
    took.sort_unstable();
    took.get((took.len() * percent).div_ceil(100).max(1) - 1).map_or(f64::NAN, |took| took.as_secs_f64() * 1e3)
}

// ---- One stream ----

fn with_length_of_a_stream(runtime: &Runtime) -> anyhow::Result<()> {
    println!("\nevents of the stream   a message, warm, ms   the first one after a start, ms");
    let folder = tempfile::tempdir()?;
    let (mut length, mut number) = (0, 0);
    for wanted in [10, 100, 1_000, 10_000, 100_000] {
        let (engine, store) = counting(runtime, folder.path())?;
        runtime.block_on(async {
            let mut asked = tokio::task::JoinSet::new();
            for _ in length..wanted {
                number += 1;
                if asked.len() >= IN_FLIGHT {
                    asked.join_next().await.transpose()?.transpose()?;
                }
                asked.spawn(count(Arc::clone(&engine), number, 100));
            }
            while let Some(one) = asked.join_next().await {
                one??;
            }
            anyhow::Ok(())
        })?;
        length = wanted;
        let warm = mean_ms(runtime, &engine, &mut number, 200, 100)?;
        stop(engine, &store);
        drop(store);
        let (engine, store) = counting(runtime, folder.path())?;
        let cold = mean_ms(runtime, &engine, &mut number, 1, 100)?;
        println!("{wanted:>20} {warm:>23.3} {cold:>33.3}");
        stop(engine, &store);
        length += 201;
    }
    Ok(())
}

fn with_size_of_a_payload(runtime: &Runtime) -> anyhow::Result<()> {
    println!("\npayload, bytes   a message, ms");
    for bytes in [100, 1_000, 10_000, 100_000, 250_000] {
        let folder = tempfile::tempdir()?;
        let (engine, store) = counting(runtime, folder.path())?;
        let mean = mean_ms(runtime, &engine, &mut 0, 200, bytes)?;
        println!("{bytes:>14} {mean:>15.3}");
        stop(engine, &store);
    }
    Ok(())
}

/// How long one message after the other takes.
fn mean_ms(runtime: &Runtime, engine: &Arc<Engine>, number: &mut u64, messages: u32, bytes: usize) -> anyhow::Result<f64> {
    let begun = Instant::now();
    for _ in 0..messages {
        *number += 1;
        runtime.block_on(count(Arc::clone(engine), *number, bytes))?;
    }
    Ok(begun.elapsed().as_secs_f64() * 1e3 / f64::from(messages))
}

async fn count(engine: Arc<Engine>, number: u64, bytes: usize) -> anyhow::Result<()> {
    let data = Json::parse(format!("\"{}\"", "x".repeat(bytes)))?;
    match engine.request(tally::message(tally::COUNT, TALLY, number, data)?).await? {
        Answer::Taken(_) => Ok(()),
        other => anyhow::bail!("message {number} had no effect: {other:?}"),
    }
}

fn counting(runtime: &Runtime, folder: &Path) -> anyhow::Result<(Arc<Engine>, Arc<SledStore>)> {
    let store = Arc::new(SledStore::open(&folder.join("store"), Settings::default())?);
    let mut standing = Standing::new(tally::parts(&store, Limits::default()))?;
    standing.engine().deploy(b"tally", &Origin::Request)?;
    standing.recover()?;
    let engine = standing.start()?;
    // Begun once for every folder; from the second time on it is there.
    runtime.block_on(engine.request(tally::message(tally::BEGIN, TALLY, 0, Json::null())?))?;
    Ok((engine, store))
}

/// The folder is free once the store is dropped too.
fn stop(engine: Arc<Engine>, store: &SledStore) {
    engine.stop();
    store.close();
    drop(engine);
}

// ---- The machine ----

fn resident_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|number| number.parse::<u64>().ok()).unwrap_or(0) / 1_024
}

fn mib_of(folder: &Path) -> u64 {
    bytes_of(folder) / (1_024 * 1_024)
}

fn bytes_of(folder: &Path) -> u64 {
    let found = std::fs::read_dir(folder).into_iter().flatten().flatten();
    found.map(|entry| if entry.path().is_dir() { bytes_of(&entry.path()) } else { entry.metadata().map_or(0, |file| file.len()) }).sum()
}
