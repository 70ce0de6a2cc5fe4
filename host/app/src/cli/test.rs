//! `procession test`: a component held against scenario files, in this program.
//! The format of the files is `docs/testing-a-process.md`; how they are played is the workbench's matter.

use std::path::{Path, PathBuf};

use procession::engine::ports::definition::{Module, Runtime as _};
use procession_wasm::WasmRuntime;
use procession_workbench::run;
use procession_workbench::scenario::File;
use serde_json::{Value, json};

use super::failure::Failure;
use super::table::{print, print_json};

/// What `test` is told.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The component.
    module: PathBuf,
    /// Scenario files.
    #[arg(required = true)]
    scenarios: Vec<PathBuf>,
    /// Plays only scenarios whose name contains this text.
    #[arg(long, value_name = "TEXT", default_value = "")]
    filter: String,
    /// Prints JSON, for programs.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let files = arguments.scenarios.iter().map(|path| Ok((path, read(path)?))).collect::<Result<Vec<_>, Failure>>()?;
    let module = load(&arguments.module)?;
    let mut tally = Tally::default();
    let files: Vec<Value> = files.iter().map(|(path, file)| tally.play(&module, path, file, arguments)).collect();
    let Tally { passed, failed } = tally;
    if arguments.json {
        let name = json!({ "category": module.manifest.category.to_string(), "module": module.digest.to_string() });
        print_json(&json!({ "definition": name, "files": files, "passed": passed, "failed": failed }));
    } else {
        print(&run::summary(passed, failed));
    }
    match (passed, failed) {
        (0, 0) => Err(Failure::Usage(format!("no scenario has {:?} in its name", arguments.filter))),
        (_, 0) => Ok(()),
        _ => Err(Failure::Failed(format!("{failed} of {} scenarios failed for {}", passed + failed, module.manifest.category))),
    }
}

/// How many scenarios passed and failed so far.
#[derive(Default)]
struct Tally {
    passed: usize,
    failed: usize,
}

impl Tally {
    /// Plays a file; each scenario is told as soon as it is over.
    fn play(&mut self, module: &Module, path: &Path, file: &File, arguments: &Arguments) -> Value {
        let chosen = file.scenarios.iter().filter(|scenario| scenario.name.contains(&arguments.filter));
        let outcomes = chosen.map(|scenario| {
            let outcome = run::scenario(module, file, scenario);
            *if outcome.failure.is_some() { &mut self.failed } else { &mut self.passed } += 1;
            if !arguments.json {
                print(&run::lines(&outcome));
            }
            run::document(&outcome)
        });
        json!({ "file": path.display().to_string(), "scenarios": outcomes.collect::<Vec<_>>() })
    }
}

/// Loads a component as a deploy would.
pub(super) fn load(path: &Path) -> Result<Module, Failure> {
    let bytes = std::fs::read(path).map_err(|error| Failure::Failed(format!("{} cannot be read: {error}", path.display())))?;
    let runtime = WasmRuntime::new(procession_wasm::Limits::default(), None).map_err(|error| Failure::Failed(error.to_string()))?;
    runtime.load(&bytes).map_err(|error| {
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
        Failure::Refused(format!("{} is refused: {error}{cause}", path.display()))
    })
}

/// Reads a scenario file.
pub(super) fn read(path: &Path) -> Result<File, Failure> {
    let text = std::fs::read(path).map_err(|error| Failure::Failed(format!("{} cannot be read: {error}", path.display())))?;
    File::parse(&text).map_err(|error| Failure::Usage(format!("{} is no scenario file: {error}", path.display())))
}
