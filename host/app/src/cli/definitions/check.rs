//! `procession definitions check`: what a file would be, and whether it decides recorded histories as they were decided.
//! Histories are asked of a server, or of a data folder where none runs; without either the file is only loaded, in this program.

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use axum::http::Method;
use clap::ValueEnum;
use procession::engine::ports::definition::{Role, Runtime as _};
use procession_wasm::WasmRuntime;
use serde_json::{Value, json};

use super::{read, shown};
use crate::cli::client::{Access, Client, Question, ServerAddress, Whom};
use crate::cli::failure::Failure;
use crate::cli::table::{Table, print, print_json};

/// Where a server is where nobody says it.
const URL: &str = "http://127.0.0.1:43210";
/// Findings that a person is shown; programs get more with `--json`.
const SHOWN_MAX: usize = 10;
/// Signs of a progress bar.
const BAR: u64 = 30;

/// What `check` is told.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    /// The component.
    file: PathBuf,
    /// Which recorded histories it decides again; where nothing is said, all of them if a server or a folder is there to be asked.
    #[arg(long, value_name = "WHICH")]
    history: Option<Histories>,
    /// Asks the server at this address [default: http://127.0.0.1:43210].
    #[arg(long, value_name = "URL", env = "PROCESSION_URL")]
    url: Option<String>,
    /// Shows the server this token.
    #[arg(long, env = "PROCESSION_TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// Works on this data folder instead, where no server runs.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Prints JSON, for programs.
    #[arg(long)]
    json: bool,
}

/// Which histories.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Histories {
    /// All that are recorded.
    All,
    /// Pending ones and the newest, a thousand at most.
    Sample,
    /// None: the file alone is checked.
    None,
}

/// Checks a component as a deploy would, and against history.
pub(super) async fn check(arguments: Arguments) -> Result<(), Failure> {
    let bytes = read(&arguments.file)?;
    let checked = match arguments.history {
        Some(Histories::None) => alone(&arguments.file, &bytes)?,
        _ => match with_history(&arguments, &bytes).await {
            // Nobody said whom to ask: then a server that is not there is no failure, but it is told.
            Err(Failure::Failed(why)) if !arguments.wants_history() && why.starts_with("no server answers") => {
                eprintln!("checked without history: no server answers at {URL}; name one with --url, or a folder with --data");
                alone(&arguments.file, &bytes)?
            }
            answer => answer?,
        },
    };
    if arguments.json {
        print_json(&checked)
    } else {
        print(&text(&checked))
    }
    verdict(&arguments.file, &checked["history"])
}

impl Arguments {
    fn wants_history(&self) -> bool {
        self.history.is_some() || self.url.is_some() || self.data.is_some()
    }

    fn whom(&self) -> Whom {
        let url = self.url.clone().unwrap_or_else(|| URL.to_owned());
        let server = ServerAddress { url, token: self.token.clone() };
        Whom { server, data: self.data.clone(), json: self.json }
    }
}

/// The file alone, without anybody who would know of histories.
fn alone(file: &Path, bytes: &[u8]) -> Result<Value, Failure> {
    let runtime = WasmRuntime::new(procession_wasm::Limits::default(), None).map_err(|error| Failure::Failed(error.to_string()))?;
    let module = runtime.load(bytes).map_err(|error| {
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
        Failure::Refused(format!("{} is refused: {error}{cause}", file.display()))
    })?;
    let texts = |names: &[procession::engine::model::id::Kind]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    let role = match module.role {
        Role::Process(_) => "process",
        Role::Router(_) => "router",
        Role::Adapter(_) => "adapter",
    };
    Ok(json!({
        "outcome": "passes",
        "category": module.manifest.category.to_string(),
        "role": role,
        "stream": module.manifest.stream.as_ref().map(ToString::to_string),
        "module": module.digest.to_string(),
        "size": bytes.len(),
        "starts": texts(&module.manifest.starts),
        "handles": texts(&module.manifest.handles),
        "history": null,
    }))
}

/// Asks for a check and follows it to its last line.
async fn with_history(arguments: &Arguments, bytes: &[u8]) -> Result<Value, Failure> {
    let which = if arguments.history == Some(Histories::Sample) { "sample" } else { "all" };
    let client = Client::of(&arguments.whom(), Access::Read).await?;
    let question = Question::new(Method::POST, format!("/definitions/check?history={which}")).body(bytes.to_vec());
    let mut lines = Lines { begun: Vec::new(), last: None, bar: Bar { is_watched: std::io::stderr().is_terminal(), is_drawn: false } };
    let answered = client.stream(question, |part| lines.take(part)).await;
    client.close().await;
    lines.bar.wipe();
    answered.map_err(|failure| match failure {
        Failure::Refused(text) => Failure::Refused(format!("{} is refused: {text}", arguments.file.display())),
        other => other,
    })?;
    let last = lines.last.ok_or_else(|| Failure::Failed("the answer broke off before its end".to_owned()))?;
    match last["error"]["detail"].as_str() {
        Some(why) => Err(Failure::Failed(format!("the check did not come to its end: {why}"))),
        None => Ok(last),
    }
}

/// The lines of an answer as they come.
struct Lines {
    begun: Vec<u8>,
    last: Option<Value>,
    bar: Bar,
}

impl Lines {
    fn take(&mut self, part: &[u8]) -> Result<(), Failure> {
        self.begun.extend_from_slice(part);
        while let Some(end) = self.begun.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.begun.drain(..=end).collect();
            let line: Value =
                serde_json::from_slice(&line).map_err(|error| Failure::Failed(format!("the answer cannot be read: {error}")))?;
            match line.get("progress") {
                Some(progress) => self.bar.draw(progress),
                None => self.last = Some(line),
            }
        }
        Ok(())
    }
}

/// A progress bar on the terminal of whoever waits.
struct Bar {
    is_watched: bool,
    is_drawn: bool,
}

impl Bar {
    fn draw(&mut self, progress: &Value) {
        if !self.is_watched {
            return;
        }
        let number = |field: &str| progress[field].as_u64().unwrap_or(0);
        let (histories, of, decisions, ms) = (number("histories"), number("of"), number("decisions"), number("elapsedMs"));
        let signs = (histories * BAR).checked_div(of).unwrap_or(0).min(BAR);
        let bar: String = (0..BAR).map(|sign| if sign < signs { '#' } else { '.' }).collect();
        let per_second = decisions * 1_000 / ms.max(1);
        let mut terminal = std::io::stderr();
        // A terminal that is gone is no reason to end.
        let _ = write!(terminal, "\r[{bar}] {histories} of {of} histories, {decisions} decisions, {per_second}/s   ");
        let _ = terminal.flush();
        self.is_drawn = true;
    }

    fn wipe(&mut self) {
        if std::mem::take(&mut self.is_drawn) {
            let mut terminal = std::io::stderr();
            let _ = write!(terminal, "\r\x1b[K");
            let _ = terminal.flush();
        }
    }
}

fn text(checked: &Value) -> String {
    let history = &checked["history"];
    if history.is_null() {
        return shown(checked);
    }
    let count = |value: &Value| value.as_u64().unwrap_or(0).to_string();
    let mut table = Table::new(&["CATEGORY", "HISTORIES", "PENDING", "FOLD", "DO NOT", "SAME", "OTHERWISE", "DECISIONS", "OTHERWISE"]);
    let by_category = history["byCategory"].as_object().into_iter().flatten().map(|(category, counts)| (category.as_str(), counts));
    for (category, counts) in by_category.chain([("all", history)]) {
        let numbers = ["histories", "pending", "folded", "notFolded", "same", "otherwise"].map(|field| count(&counts[field]));
        let decisions = &counts["decisions"];
        let differ: u64 = ["otherwise", "broken", "notMade", "lost"].iter().filter_map(|field| decisions[field].as_u64()).sum();
        let row = [category.to_owned()].into_iter().chain(numbers).chain([count(&decisions["recorded"]), differ.to_string()]);
        table.row(row.collect());
    }
    let seconds = history["tookMs"].as_u64().unwrap_or(0) as f64 / 1e3;
    let speed = format!(
        "{} decisions in {seconds:.1} s, {}/s; {} spelled otherwise{}\n",
        count(&history["decisions"]["recorded"]),
        count(&history["decisionsPerSecond"]),
        count(&history["decisions"]["spelledOtherwise"]),
        if history["cutShort"] == true { "; cut short by its limit on time" } else { "" },
    );
    format!("{}\n{}{speed}{}{}", shown(checked), table.lines(), unsteady(history), findings(history))
}

fn unsteady(history: &Value) -> String {
    match history["unsteady"].as_u64() {
        None | Some(0) => String::new(),
        Some(count) => {
            format!("{count} histories came out otherwise in an instance of their own: the definition keeps something outside its events\n")
        }
    }
}

fn findings(history: &Value) -> String {
    let all: Vec<&str> = history["findings"].as_array().into_iter().flatten().filter_map(|finding| finding["text"].as_str()).collect();
    if all.is_empty() {
        return String::new();
    }
    let shown: String = all.iter().take(SHOWN_MAX).map(|text| format!("  {text}\n")).collect();
    let more = if all.len() > SHOWN_MAX { format!("  and more; --json shows {}\n", all.len()) } else { String::new() };
    format!("\nFirst findings:\n{shown}{more}")
}

/// What the exit code says.
fn verdict(file: &Path, history: &Value) -> Result<(), Failure> {
    let number = |value: &Value| value.as_u64().unwrap_or(0);
    let (histories, file) = (number(&history["histories"]), file.display());
    let (lost, not_folded, otherwise) =
        (number(&history["decisions"]["lost"]), number(&history["notFolded"]), number(&history["otherwise"]));
    if not_folded > 0 {
        return Err(Failure::Refused(format!("{file} does not fold {not_folded} of {histories} histories")));
    }
    if lost > 0 {
        return Err(Failure::Failed(format!("{lost} decisions could not be made again, since the log does not tell what led to them")));
    }
    if otherwise > 0 {
        return Err(Failure::Differs(format!("{file} folds all histories and decides otherwise in {otherwise} of {histories}")));
    }
    Ok(())
}
