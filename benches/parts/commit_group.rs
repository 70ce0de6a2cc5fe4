//! A group of commits on the disk, from the first submission to the last confirmation: written, synced, answered.
//! One commit is an event of 300 bytes with row and receipt. `TMPDIR` says on which disk.

use std::sync::mpsc::sync_channel;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use procession_conformance::samples::{commit, json, receipt, unknown};
use procession_engine::model::commit::Commit;
use procession_engine::ports::store::EventStore;
use procession_store_sled::{Settings, SledStore};

fn groups(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("commit group");
    for size in [1, 16, 64, 256] {
        group.throughput(Throughput::Elements(size));
        group
            .bench_with_input(BenchmarkId::from_parameter(size), &size, |bencher, &size| bencher.iter_custom(|rounds| timed(rounds, size)));
    }
    group.finish();
}

fn timed(rounds: u64, size: u64) -> Duration {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = SledStore::open(folder.path(), Settings::default()).expect("an empty store");
    let mut took = Duration::ZERO;
    for round in 0..rounds {
        let commits: Vec<Commit> = (0..size).map(|number| one(round * size + number)).collect();
        let (sender, answered) = sync_channel(commits.len());
        let begun = Instant::now();
        for commit in commits {
            let sender = sender.clone();
            store.submit(commit, Box::new(move |outcome| drop(sender.send(outcome))));
        }
        for _ in 0..size {
            answered.recv().expect("every commit is answered").expect("the disk has room");
        }
        took += begun.elapsed();
    }
    took
}

fn one(number: u64) -> Commit {
    let mut commit = commit(&unknown(&format!("P{number}")), &[("Process", 1)]);
    if let Some(entry) = &mut commit.entry {
        entry.decisions[0].events[0].data = json(&format!("\"{}\"", "x".repeat(300)));
    }
    commit.receipt = Some(receipt(&format!("P{number}")));
    commit
}

criterion_group!(benches, groups);
criterion_main!(benches);
