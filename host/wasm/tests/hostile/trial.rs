//! What is done with a hostile component, and what must hold whatever it is.
//! What each of them does is said in the tables.

use std::time::{Duration, Instant};

use procession_engine::model::decision::{Context, Trigger};
use procession_engine::model::event::{Event, StreamEvent};
use procession_engine::model::id::{Category, Kind, MessageId, ProcessId};
use procession_engine::model::json::Json;
use procession_engine::model::message::Message;
use procession_engine::model::time::Timestamp;
use procession_engine::ports::definition::{Definition, Pace, Role, Runtime};
use procession_guests::Guest;
use procession_wasm::{Limits, WasmRuntime};

/// The step at which a component does harm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// It is loaded.
    Load,
    /// A state is restored.
    Restore,
    /// Events are folded.
    Evolve,
    /// A trigger is answered.
    Decide,
    /// The state is looked at.
    Look,
    /// The state is written down.
    Snapshot,
    /// A request is classified or a command carried out.
    Answer,
    /// Nowhere: what it does harms nobody but itself.
    Never,
}

/// One component, where it does harm, and what is said of it.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) component: Vec<u8>,
    pub(crate) step: Step,
    pub(crate) said: &'static str,
}

/// A row of a table.
pub(crate) fn case(name: &'static str, component: Vec<u8>, step: Step, said: &'static str) -> Case {
    Case { name, component, step, said }
}

/// Longest explanation, in bytes: it goes into a log line and a dead letter, and stays there.
const SAID_BYTES_MAX: usize = 8 * 1024;
/// The longest that one component may keep everybody waiting in a debug build: compiling is the slowest part.
const PATIENCE: Duration = Duration::from_secs(30);
/// What may be resident after all of a table: a few instances and compiled modules, not what each of them asked for.
const RESIDENT_BYTES_MAX: u64 = 768 * 1024 * 1024;

fn runtime() -> WasmRuntime {
    let limits =
        Limits { instances_max: 16, fuel_at_start: 3_000_000, fuel_per_call: 3_000_000, fuel_per_call_max: 3_000_000, ..Limits::default() };
    WasmRuntime::new(limits, None).expect("a sandbox")
}

/// Tries every component of a table, and after each of them one that means well.
pub(crate) fn try_all(cases: Vec<Case>) {
    let runtime = runtime();
    let neighbour = process(&runtime, &Guest::process().component()).expect("it means well");
    let mut wrong = Vec::new();
    for Case { name, component, step, said } in cases {
        let begun = Instant::now();
        let (stopped, told) = harm(&runtime, &component);
        if stopped != step || !told.contains(said) {
            wrong.push(format!("{name}: expected {step:?} with {said:?}, got {stopped:?} with {told:?}"));
        }
        if told.len() > SAID_BYTES_MAX || told.contains(char::is_control) {
            wrong.push(format!("{name}: what is said of it has {} bytes, or breaks a line", told.len()));
        }
        if begun.elapsed() > PATIENCE {
            wrong.push(format!("{name}: it took {:?}", begun.elapsed()));
        }
        well(&*neighbour).unwrap_or_else(|error| wrong.push(format!("{name}: its neighbour says {error}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    if let Some(resident) = resident_bytes() {
        assert!(resident < RESIDENT_BYTES_MAX, "{resident} bytes are resident");
    }
}

/// Whether a definition that means well does what it should.
fn well(definition: &dyn Definition) -> Result<(), String> {
    let mut process = definition.restore(None).map_err(|error| error.to_string())?;
    process.evolve(&[added(1)]).map_err(|error| error.to_string())?;
    process.decide(&context(), &trigger()).map(drop).map_err(|error| error.to_string())
}

fn process(runtime: &WasmRuntime, component: &[u8]) -> Option<std::sync::Arc<dyn Definition>> {
    match runtime.load(component).ok()?.role {
        Role::Process(definition) => Some(definition),
        Role::Router(_) | Role::Adapter(_) => None,
    }
}

/// Lets a component do its harm: the step at which it was stopped, and what was said of it.
fn harm(runtime: &WasmRuntime, component: &[u8]) -> (Step, String) {
    let module = match runtime.load(component) {
        Ok(module) => module,
        Err(error) => {
            let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
            return (Step::Load, format!("{error}{cause}"));
        }
    };
    let done = match &module.role {
        Role::Process(definition) => live(&**definition),
        Role::Router(router) => {
            let loaded = [category("counter-1.0")];
            let answer = router.classify(&Json::null(), &context(), &message(), &loaded, Pace::Whole);
            answer.map(drop).map_err(|error| (Step::Answer, error.to_string()))
        }
        Role::Adapter(adapter) => {
            adapter.handle(&Json::null(), &context(), &message(), Pace::Whole).map(drop).map_err(|error| (Step::Answer, error.to_string()))
        }
    };
    done.err().unwrap_or((Step::Never, String::new()))
}

/// The life of a process.
fn live(definition: &dyn Definition) -> Result<(), (Step, String)> {
    let at = |step: Step| move |error: procession_engine::ports::definition::GuestError| (step, error.to_string());
    let mut process = definition.restore(None).map_err(at(Step::Restore))?;
    process.evolve(&[added(1), added(2)]).map_err(at(Step::Evolve))?;
    let decided = process.decide(&context(), &trigger()).map_err(at(Step::Decide));
    if decided.is_err() {
        assert!(process.look().is_err(), "an instance that broke was used again");
    }
    decided?;
    process.look().map_err(at(Step::Look))?;
    process.snapshot().map_err(at(Step::Snapshot)).map(drop)
}

fn category(text: &str) -> Category {
    Category::parse(text).expect("a category")
}

fn context() -> Context {
    let process = ProcessId::parse("order-7").expect("an id");
    Context { process, category: category("counter-1.0"), version: 0, now: Timestamp(5), seed: 9 }
}

fn message() -> Message {
    let id = MessageId::parse("m-1").expect("an id");
    Message {
        correlation: id.clone(),
        id,
        process: ProcessId::parse("order-7").expect("an id"),
        kind: Kind::parse("Add").expect("a kind"),
        source: None,
        time: Timestamp(4),
        data: Json::null(),
    }
}

fn trigger() -> Trigger {
    Trigger::Message(message())
}

fn added(version: u64) -> StreamEvent {
    let event = Event { kind: Kind::parse("Added").expect("a kind"), schema: 2, data: Json::null() };
    StreamEvent { version, time: Timestamp(4), decided_by: category("counter-1.0"), event }
}

/// Where the system tells it.
fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kilobytes| kilobytes * 1_024)
}
