//! What a guest call costs: the same process natively, in an instance that others use too, in one of its own, and in one that is made for the call.
//! A round is the first decision of a domestic shipment and the fold of what it recorded.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use procession_benches::rig::{Processes, Rig, component, domestic, native};
use procession_benches::way::Way;
use procession_engine::ports::definition::{Decider, Definition, Pace, Role, Runtime as _};
use procession_wasm::{Limits, WasmRuntime};

const CATEGORY: &str = "domestic-1.0";

fn calls(criterion: &mut Criterion) {
    let way = one_way().expect("a shipment on its whole way");
    let runtime = WasmRuntime::new(Limits::default(), None).expect("a sandbox");
    let Role::Process(sandboxed) = runtime.load(&component(CATEGORY).expect("a guest")).expect("it loads").role else {
        panic!("it is a process")
    };
    let native = native(CATEGORY).expect("it is there natively");

    let mut group = criterion.benchmark_group("guest call");
    group.bench_function("native, state kept", |bencher| again(bencher, &*native, &way));
    group.bench_function("sandboxed, state kept", |bencher| again(bencher, &*sandboxed, &way));
    group.bench_function("native, new state", |bencher| bencher.iter(|| round(&mut *native.restore(None).expect("a state"), &way)));
    group.bench_function("sandboxed, new state in a shared instance", |bencher| {
        // Somebody else sits there; an instance that nobody uses is given up.
        let _neighbour = sandboxed.restore(None).expect("a state");
        bencher.iter(|| round(&mut *sandboxed.restore(None).expect("a state"), &way));
    });
    group.bench_function("sandboxed, instance made for it", |bencher| {
        bencher.iter(|| round(&mut *sandboxed.restore_apart(None, Pace::Whole).expect("an instance"), &way));
    });
    group.bench_function("native, a history of 15 events folded", |bencher| bencher.iter(|| fold(&*native, &way)));
    group.bench_function("sandboxed, a history of 15 events folded", |bencher| bencher.iter(|| fold(&*sandboxed, &way)));
    group.finish();
}

/// The same state each time: a decision changes nothing, and the first event can be folded again.
fn again(bencher: &mut criterion::Bencher<'_>, definition: &dyn Definition, way: &Way) {
    let mut decider = definition.restore(None).expect("a state");
    bencher.iter(|| black_box(decider.decide(&way.context, &way.start)).expect("it decides"));
}

fn round(decider: &mut dyn Decider, way: &Way) {
    black_box(decider.decide(&way.context, &way.start)).expect("it decides");
    decider.evolve(way.first()).expect("it folds");
}

fn fold(definition: &dyn Definition, way: &Way) {
    let mut decider = definition.restore(None).expect("a state");
    decider.evolve(&way.events).expect("it folds");
    black_box(decider.look()).expect("it can be seen");
}

fn one_way() -> anyhow::Result<Way> {
    let folder = tempfile::tempdir()?;
    let rig = Rig::start(folder.path(), Processes::Sandboxed)?;
    tokio::runtime::Runtime::new()?.block_on(rig.ship(std::iter::once(domestic(1)), 1))?;
    let way = Way::of(rig.store(), &domestic(1));
    rig.stop();
    way
}

criterion_group!(benches, calls);
criterion_main!(benches);
