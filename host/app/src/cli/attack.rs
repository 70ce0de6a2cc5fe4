//! `procession attack`: random triggers in random states, against a component in this program.
//! What is drawn, and what counts as a finding, is the workbench's matter.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use procession::engine::model::manifest::Sharing;
use procession::engine::ports::definition::{Module, Runtime as _};
use procession_wasm::gauge::Gauge;
use procession_wasm::{Limits, WasmRuntime};
use procession_workbench::attack::{self, Meter, Plan, Used};
use serde_json::json;

use super::failure::Failure;
use super::table::{print, print_json};
use super::test;

/// What `attack` is told.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The component.
    module: PathBuf,
    /// Where everything is drawn from: the same seed draws the same attack.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// How long to attack, in seconds.
    #[arg(long, value_name = "S", default_value_t = 10, conflicts_with = "cases")]
    seconds: u64,
    /// How many triggers to try, instead of a time.
    #[arg(long, value_name = "N")]
    cases: Option<u64>,
    /// Scenario files to learn from: which kinds there are, and what they carry.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    scenarios: Vec<PathBuf>,
    /// Writes every finding into this scenario file, for `procession test`.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Prints JSON, for programs.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let scenarios = arguments.scenarios.iter().map(|path| test::read(path)).collect::<Result<Vec<_>, Failure>>()?;
    let gauge = Arc::new(Gauge::default());
    let (module, twin) = load(arguments, &gauge)?;
    let meter: Arc<dyn Meter> = Arc::new(Needle(gauge));
    let plan = Plan { module: &module, twin: &twin, meter: Some(meter), seed: arguments.seed, scenarios: &scenarios };
    let (began, within) = (Instant::now(), Duration::from_secs(arguments.seconds));
    let report = attack::attack(&plan, |so_far| match arguments.cases {
        Some(wanted) => so_far.cases < wanted,
        None => began.elapsed() < within,
    });
    let name = &module.manifest.category;
    if let (Some(path), Some(text)) = (&arguments.out, attack::findings_file(&report)) {
        std::fs::write(path, text).map_err(|error| Failure::Failed(format!("{} cannot be written: {error}", path.display())))?;
    }
    if arguments.json {
        let mut document = attack::document(&report);
        document["definition"] = json!({ "category": name.to_string(), "module": module.digest.to_string() });
        print_json(&document);
    } else {
        print(&attack::lines(&report));
    }
    if report.cases == 0 {
        return Err(Failure::Refused(format!("{name} starts with no kind of message, so there is nothing to attack")));
    }
    if report.has_broken() { Err(Failure::Failed(format!("{name} does not keep its promises"))) } else { Ok(()) }
}

/// The component, and the same once more for what must not share instances with it.
fn load(arguments: &Arguments, gauge: &Arc<Gauge>) -> Result<(Module, Module), Failure> {
    let set_up = WasmRuntime::new(Limits::default(), None).map_err(|error| Failure::Failed(error.to_string()))?;
    let runtime = set_up.under(gauge.clone());
    let bytes = test::bytes(&arguments.module)?;
    let load = || runtime.load(&bytes).map_err(|error| test::refused(&arguments.module, &error));
    let module = load()?;
    // Only processes that share an instance can meet in one.
    let twin = if module.manifest.sharing == Sharing::Shared { load()? } else { module.clone() };
    Ok((module, twin))
}

/// The gauge of the sandbox, as the workbench reads it.
struct Needle(Arc<Gauge>);

impl Meter for Needle {
    fn take(&self) -> Option<Used> {
        self.0.take().map(|reading| Used {
            fuel: reading.fuel,
            fuel_max: reading.fuel_max,
            memory_bytes: reading.memory_bytes,
            memory_bytes_max: reading.memory_bytes_max,
        })
    }
}
