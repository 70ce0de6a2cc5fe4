//! How fast recorded decisions are made again: `SHIPMENTS=5000` are recorded, then all of them are decided again from the disk.
//! The rate is in decisions; a domestic shipment has 15 in its main stream.

use std::ops::ControlFlow;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use procession_benches::rig::{Processes, Rig, component, domestic};
use procession_benches::settings;
use procession_engine::ports::definition::Runtime as _;
use procession_engine::replay::{Report, Which};
use procession_wasm::{Limits, WasmRuntime};

const IN_FLIGHT: usize = 256;

fn replay(criterion: &mut Criterion) {
    let shipments = settings::number("SHIPMENTS", 5_000);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let rig = Rig::start(folder.path(), Processes::Sandboxed).expect("a host");
    let runtime = tokio::runtime::Runtime::new().expect("threads");
    runtime.block_on(rig.ship((0..shipments).map(domestic), IN_FLIGHT)).expect("shipments on their whole way");
    let sandbox = WasmRuntime::new(Limits::default(), None).expect("a sandbox");
    let module = sandbox.load(&component("domestic-1.0").expect("a guest")).expect("it loads");
    let again = |threads: usize| -> Report {
        let replay = rig.engine().replay(&module).which(Which::All).threads(threads);
        replay.run(&mut |_| ControlFlow::Continue(())).expect("what was recorded can be read")
    };
    let total = again(1).total;
    assert_eq!(total.decisions_same, total.decisions, "a pure definition decides the same again");
    let mut group = criterion.benchmark_group("replay");
    group.sample_size(10).throughput(Throughput::Elements(total.decisions));
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    for threads in [1, cores] {
        group.bench_function(format!("{threads} threads"), |bencher| bencher.iter(|| again(threads)));
    }
    group.finish();
}

criterion_group!(benches, replay);
criterion_main!(benches);
