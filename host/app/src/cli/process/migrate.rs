//! `procession process migrate`: which processes to move where, and what became of them, for people.
//! What passes and what stays is the host's decision.

use std::io::{IsTerminal as _, Write as _};

use axum::http::Method;
use serde_json::{Value, json};

use crate::cli::client::{Access, Client, Question, Whom};
use crate::cli::failure::Failure;
use crate::cli::table::{Table, cell, print};

/// Processes after which the progress is shown anew.
const PROGRESS_EVERY: u64 = 100;

/// Which processes to move where.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Wish {
    /// Only those that are on this category (domestic-1.0), or on the module with this digest.
    #[arg(long, value_name = "DEFINITION", required_unless_present = "id")]
    from: Option<String>,
    /// Moves them to this category (domestic-1.1), name (domestic, its highest active version) or module by its digest.
    #[arg(long, value_name = "DEFINITION")]
    to: String,
    /// Only this process; may be given several times.
    #[arg(long, value_name = "ID")]
    id: Vec<String>,
    /// Only those in this phase [default: those that have not ended].
    #[arg(long)]
    phase: Option<String>,
    /// Only says which would move, and why others would not.
    #[arg(long)]
    dry_run: bool,
}

impl Wish {
    fn body(&self) -> String {
        let mut body = json!({ "to": self.to, "dryRun": self.dry_run });
        if let Some(from) = &self.from {
            body["from"] = from.as_str().into();
        }
        if let Some(phase) = &self.phase {
            body["phase"] = phase.as_str().into();
        }
        if !self.id.is_empty() {
            body["ids"] = self.id.clone().into();
        }
        body.to_string()
    }
}

pub(super) async fn migrate(wish: &Wish, whom: &Whom) -> Result<(), Failure> {
    let access = if wish.dry_run { Access::Read } else { Access::Change };
    let client = Client::of(whom, access).await?;
    let mut answer = Answer::of(whom);
    let question = Question::new(Method::POST, "/migrations").body(wish.body());
    let asked = client.stream(question, |part| answer.take(part)).await;
    client.close().await;
    asked?;
    answer.end()
}

/// What was answered so far.
struct Answer {
    is_for_programs: bool,
    is_watched: bool,
    /// The beginning of a line whose end has not come yet.
    rest: Vec<u8>,
    table: Table,
    seen: u64,
    summary: Option<Value>,
}

impl Answer {
    fn of(whom: &Whom) -> Self {
        let table = Table::new(&["PROCESS", "CATEGORY", "RESULT", "REASON"]);
        let is_watched = !whom.json && std::io::stderr().is_terminal();
        Self { is_for_programs: whom.json, is_watched, rest: Vec::new(), table, seen: 0, summary: None }
    }

    fn take(&mut self, part: &[u8]) -> Result<(), Failure> {
        self.rest.extend_from_slice(part);
        while let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.rest.drain(..=end).collect();
            self.line(&line)?;
        }
        Ok(())
    }

    fn line(&mut self, line: &[u8]) -> Result<(), Failure> {
        let document: Value =
            serde_json::from_slice(line).map_err(|error| Failure::Failed(format!("a line of the answer cannot be read: {error}")))?;
        if self.is_for_programs {
            print(&String::from_utf8_lossy(line));
        }
        if document["summary"].is_object() {
            self.summary = Some(document["summary"].clone());
            return Ok(());
        }
        self.seen += 1;
        if !self.is_for_programs {
            self.table.row(["process", "category", "result", "reason"].map(|field| cell(&document, field)).to_vec());
        }
        if self.is_watched && self.seen.is_multiple_of(PROGRESS_EVERY) {
            eprint!("\r{} processes …", self.seen);
            // A terminal that shows nothing is no reason to stop.
            let _ = std::io::stderr().flush();
        }
        Ok(())
    }

    fn end(self) -> Result<(), Failure> {
        if self.is_watched && self.seen >= PROGRESS_EVERY {
            eprintln!();
        }
        let Some(summary) = self.summary else {
            return Err(Failure::Failed("the answer broke off; ask again, and those that are moved are already there".to_owned()));
        };
        let count = |field: &str| summary[field].as_u64().unwrap_or(0);
        if !self.is_for_programs {
            let rows = if self.seen > 0 { format!("{}\n", self.table.lines()) } else { String::new() };
            print(&format!("{rows}{}\n", told(&summary)));
        }
        match (summary["brokeOff"].as_str(), count("stay")) {
            (Some(why), _) => Err(Failure::Failed(format!("it ended before all were looked at: {why}; ask again to go on"))),
            (None, 0) => Ok(()),
            (None, 1) => Err(Failure::Found("1 process stays where it is".to_owned())),
            (None, stay) => Err(Failure::Found(format!("{stay} processes stay where they are"))),
        }
    }
}

/// The summary as a sentence.
fn told(summary: &Value) -> String {
    let (to, is_dry) = (cell(summary, "to"), summary["dryRun"].as_bool() == Some(true));
    let (moved, verb) = if is_dry { (&summary["wouldMove"], "would move") } else { (&summary["moved"], "moved") };
    format!("{moved} {verb} to {to}, {} stay, {} were there already", summary["stay"], summary["alreadyThere"])
}
