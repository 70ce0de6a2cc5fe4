//! What one module costs: loading, making an instance, and one round of decide and evolve.
//! Times are for one run of what the line names.
//!
//! `cargo run --release -p procession-wasm --example call_cost -- guest-processes/dist/domestic-1.0.wasm ProcessShipment "$(cat data.json)"`

use std::error::Error;
use std::time::{Duration, Instant};

use procession_engine::model::decision::{Context, Decision, Trigger};
use procession_engine::model::event::{Event, StreamEvent};
use procession_engine::model::id::{Kind, MessageId, ProcessId};
use procession_engine::model::json::Json;
use procession_engine::model::message::Message;
use procession_engine::model::time::Timestamp;
use procession_engine::ports::definition::{Definition, Module, Role, Runtime};
use procession_wasm::{Limits, WasmRuntime};

type Failed = Box<dyn Error>;

const ROUNDS: u32 = 20_000;
const WARM: usize = 1_000;

fn main() -> Result<(), Failed> {
    let mut arguments = std::env::args().skip(1);
    let bytes = std::fs::read(arguments.next().ok_or("usage: call_cost MODULE [KIND] [DATA]")?)?;
    let folder = std::env::temp_dir().join(format!("call-cost-{}", std::process::id()));
    let started = Instant::now();
    let runtime = WasmRuntime::new(Limits::default(), Some(folder.clone()))?;
    report("set the sandbox up", started.elapsed(), 1);
    let module = timed("load, compiling", 1, || runtime.load(&bytes))?;
    timed("load, compiled code cached", 10, || runtime.load(&bytes))?;
    std::fs::remove_dir_all(folder)?;
    println!("{} {}", module.manifest.category, module.digest);
    let Role::Process(definition) = &module.role else { return Ok(()) };
    timed("instance made, restored and dropped", ROUNDS, || definition.restore(None).map(drop))?;

    let kind = arguments.next().map_or_else(|| Ok(module.manifest.starts[0].clone()), |kind| Kind::parse(&kind))?;
    let data = Json::parse(arguments.next().unwrap_or_else(|| "{}".to_owned()))?;
    rounds(&module, definition.as_ref(), &kind, &data)
}

/// decide + evolve of the first message, on one hot instance and over many warm ones.
fn rounds(module: &Module, definition: &dyn Definition, kind: &Kind, data: &Json) -> Result<(), Failed> {
    let trigger = Trigger::Start(message(kind, data)?);
    let context = Context {
        process: ProcessId::parse("12EEQ9CS9K10")?,
        category: module.manifest.category.clone(),
        version: 0,
        now: Timestamp(1),
        seed: 7,
    };
    let Decision::Accept { events, effects } = definition.restore(None)?.decide(&context, &trigger)? else {
        return Err("the first message is not accepted; give another kind or data".into());
    };
    println!("the first decision records {} events with {} effects", events.len(), effects.len());
    let recorded = recorded(module, &events);

    let mut hot = definition.restore(None)?;
    timed("decide, hot", ROUNDS, || hot.decide(&context, &trigger))?;
    timed("look, hot", ROUNDS, || hot.look())?;
    timed("snapshot, hot", ROUNDS, || hot.snapshot())?;
    let mut warm = (0..WARM).map(|_| definition.restore(None)).collect::<Result<Vec<_>, _>>()?;
    timed("decide once on each of 1000 warm instances", 20, || {
        warm.iter_mut().try_for_each(|decider| decider.decide(&context, &trigger).map(drop))
    })?;
    let history: Vec<StreamEvent> = recorded.iter().cycle().take(200).cloned().collect();
    // Not every definition folds its first events again and again; then there is nothing to measure.
    if definition.restore(None)?.evolve(&history).is_ok() {
        timed("restore + evolve of 200 events", 1_000, || definition.restore(None)?.evolve(&history))?;
    }
    let mut folding = definition.restore(None)?;
    if folding.evolve(&recorded).and_then(|()| folding.evolve(&recorded)).is_ok() {
        let mut hot = definition.restore(None)?;
        timed("decide + evolve, hot", ROUNDS, || hot.decide(&context, &trigger).and_then(|_| hot.evolve(&recorded)))?;
    }
    Ok(())
}

fn recorded(module: &Module, events: &[Event]) -> Vec<StreamEvent> {
    let decided_by = &module.manifest.category;
    let stream_event =
        |(version, event): (u64, &Event)| StreamEvent { version, time: Timestamp(1), decided_by: decided_by.clone(), event: event.clone() };
    (1..).zip(events).map(stream_event).collect()
}

fn message(kind: &Kind, data: &Json) -> Result<Message, Failed> {
    let id = MessageId::parse("request-1")?;
    let process = ProcessId::parse("12EEQ9CS9K10")?;
    Ok(Message { correlation: id.clone(), id, process, kind: kind.clone(), source: None, time: Timestamp(1), data: data.clone() })
}

/// The best of twenty batches: others use the machine too.
fn timed<T, E>(what: &str, rounds: u32, mut run: impl FnMut() -> Result<T, E>) -> Result<T, E> {
    let batch = rounds.div_ceil(20);
    let mut best = Duration::MAX;
    let mut last = None;
    for _ in 0..rounds / batch {
        let started = Instant::now();
        for _ in 1..batch {
            run()?;
        }
        last = Some(run()?);
        best = best.min(started.elapsed());
    }
    report(what, best, batch);
    last.map_or_else(run, Ok)
}

fn report(what: &str, spent: Duration, rounds: u32) {
    println!("{what:44} {:10.2} µs", spent.as_secs_f64() * 1e6 / f64::from(rounds));
}
