//! How long it takes until a host is there again: the store opened, the registry, and all that was under way found.
//! `SHIPMENTS=5000` finished ones, and `PENDING` (a tenth as many) that wait for their carrier.

use std::path::Path;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use procession_benches::rig::{Processes, Rig, domestic};
use procession_benches::settings;
use tokio::runtime::Runtime;

const IN_FLIGHT: usize = 256;
/// Longer than the measurement.
const CARRIER_MS: u64 = 3_600_000;

fn recovery(criterion: &mut Criterion) {
    let shipments = settings::number("SHIPMENTS", 5_000);
    let pending = settings::number("PENDING", shipments / 10);
    let folder = tempfile::tempdir().expect("a temporary folder");
    record(folder.path(), shipments, pending).expect("shipments on their way");
    let mut group = criterion.benchmark_group("recovery");
    group.sample_size(10);
    group.bench_function(format!("{shipments} finished, {pending} pending"), |bencher| {
        bencher.iter_custom(|starts| (0..starts).map(|_| start(folder.path())).sum());
    });
    group.finish();
}

fn start(folder: &Path) -> Duration {
    let begun = Instant::now();
    let rig = Rig::start_with_carrier(folder, Processes::Sandboxed, CARRIER_MS).expect("it starts again");
    let took = begun.elapsed();
    rig.stop();
    took
}

fn record(folder: &Path, shipments: u64, pending: u64) -> anyhow::Result<()> {
    let runtime = Runtime::new()?;
    let rig = Rig::start(folder, Processes::Sandboxed)?;
    runtime.block_on(rig.ship((0..shipments).map(domestic), IN_FLIGHT))?;
    rig.stop();
    let rig = Rig::start_with_carrier(folder, Processes::Sandboxed, CARRIER_MS)?;
    runtime.block_on(rig.begin((shipments..shipments + pending).map(domestic)))?;
    rig.stop();
    Ok(())
}

criterion_group!(benches, recovery);
criterion_main!(benches);
