//! Measures the store: commits a second and the time of one, with one and with many commits under way, and how long it takes to open it again.
//!
//! `cargo run --release -p procession-store-sled --example commits_per_second -- [FOLDER] [SECONDS]`
//! Without a folder, one below the system's temporary folder is used; give one on the disk that matters.
//! One commit is an event of 300 bytes with its row and index, a receipt, one message recorded and one taken.

use std::path::Path;
use std::sync::mpsc::sync_channel;
use std::time::{Duration, Instant};

use procession_conformance::samples::{commit, json, receipt, undelivered, unknown};
use procession_engine::model::commit::Commit;
use procession_engine::model::process::ProcessRow;
use procession_engine::ports::store::EventStore;
use procession_store_sled::{Check, Settings, SledStore};

/// Commits of one process before its caller begins another one.
const COMMITS_PER_PROCESS: u64 = 10;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let temporary = tempfile::tempdir()?;
    let folder = arguments.next().map_or_else(|| temporary.path().to_owned(), Into::into);
    let seconds = arguments.next().map_or(Ok(5), |text| text.parse())?;
    println!("under way  commits/s  p50 ms  p99 ms  commits  open, s  and add up, s");
    for under_way in [1, 16, 64, 512] {
        let folder = folder.join(format!("{under_way}"));
        let (rate, mut times) = measure(&folder, under_way, Duration::from_secs(seconds))?;
        times.sort_unstable();
        let at = |share: usize| times.get(times.len() * share / 100).map_or(0.0, |time| time.as_secs_f64() * 1e3);
        let quick = opening(&folder, Check::End)?;
        let whole = opening(&folder, Check::Everything)?;
        println!("{under_way:>9}  {rate:>9.0}  {:>6.2}  {:>6.2}  {:>7}  {quick:>8.2}  {whole:>8.2}", at(50), at(99), times.len());
    }
    Ok(())
}

/// How long opening takes, in seconds.
fn opening(folder: &Path, check: Check) -> Result<f64, Box<dyn std::error::Error>> {
    let begun = Instant::now();
    let store = SledStore::open(folder, Settings { check, ..Settings::default() })?;
    let took = begun.elapsed().as_secs_f64();
    drop(store);
    Ok(took)
}

/// A caller that has one commit under way at any time.
struct Caller {
    number: usize,
    processes: u64,
    row: ProcessRow,
    submitted: Instant,
}

impl Caller {
    fn next(&mut self) -> Commit {
        if self.row.revision == COMMITS_PER_PROCESS {
            self.processes += 1;
            self.row = unknown(&format!("caller{}.{}", self.number, self.processes));
        }
        let mut next = commit(&self.row, &[("Process", 1)]);
        let (id, seq) = (self.row.id.as_str(), self.row.revision);
        if let Some(entry) = &mut next.entry {
            entry.decisions[0].events[0].data = json(&format!("\"{}\"", "x".repeat(300)));
        }
        next.receipt = Some(receipt(&format!("{id}/{seq}")));
        next.undelivered = vec![undelivered(id, seq)];
        if seq > 0 {
            next.delivered = vec![(self.row.id.clone(), seq - 1)];
        }
        self.row = next.row.clone();
        self.submitted = Instant::now();
        next
    }
}

fn measure(folder: &Path, under_way: usize, span: Duration) -> Result<(f64, Vec<Duration>), Box<dyn std::error::Error>> {
    let store = SledStore::open(folder, Settings::default())?;
    let (sender, answered) = sync_channel(under_way);
    let submit = |number: usize, commit| {
        let sender = sender.clone();
        store.submit(commit, Box::new(move |outcome| drop(sender.send((number, outcome)))));
    };
    let begun = Instant::now();
    let mut callers: Vec<_> =
        (0..under_way).map(|number| Caller { number, processes: 0, row: unknown(&format!("caller{number}")), submitted: begun }).collect();
    for caller in &mut callers {
        submit(caller.number, caller.next());
    }
    let mut times = Vec::new();
    while begun.elapsed() < span {
        let (number, outcome) = answered.recv()?;
        outcome?;
        times.push(callers[number].submitted.elapsed());
        submit(number, callers[number].next());
    }
    let rate = times.len() as f64 / begun.elapsed().as_secs_f64();
    // The rest is answered before the store is dropped, or its callbacks would find nobody.
    for _ in 0..under_way {
        answered.recv()?.1?;
    }
    Ok((rate, times))
}
