//! What the sandbox costs the whole: domestic shipments with their processes as plain Rust and as components, in turn, each round on an empty store.
//! `make sandbox-cost SHIPMENTS=10000`; everything else is the same: store, disk, engine, router and carrier.

use std::time::Instant;

use procession_benches::rig::{Processes, Rig, domestic};
use procession_benches::settings;
use tokio::runtime::Runtime;

const IN_FLIGHT: usize = 256;
const ROUNDS: usize = 3;

fn main() -> anyhow::Result<()> {
    let shipments = settings::number("SHIPMENTS", 10_000);
    println!("{shipments} domestic shipments, {IN_FLIGHT} in flight; shipments a second");
    println!("{:>8} {:>10} {:>7}", "native", "sandboxed", "ratio");
    for _ in 0..ROUNDS {
        let [native, sandboxed] = [Processes::Native, Processes::Sandboxed].map(|processes| per_second(processes, shipments));
        let (native, sandboxed) = (native?, sandboxed?);
        println!("{native:>8.0} {sandboxed:>10.0} {:>7.2}", native / sandboxed);
    }
    Ok(())
}

fn per_second(processes: Processes, shipments: u64) -> anyhow::Result<f64> {
    let (folder, runtime) = (tempfile::tempdir()?, Runtime::new()?);
    let rig = Rig::start(folder.path(), processes)?;
    let warm_up = shipments / 5;
    runtime.block_on(rig.ship((0..warm_up).map(domestic), IN_FLIGHT))?;
    let begun = Instant::now();
    runtime.block_on(rig.ship((warm_up..warm_up + shipments).map(domestic), IN_FLIGHT))?;
    let took = begun.elapsed();
    rig.stop();
    Ok(shipments as f64 / took.as_secs_f64())
}
