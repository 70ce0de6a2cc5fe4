//! `procession definitions`: what is loaded, what comes and what goes.
//! What a file would be is found out in `check`.

mod check;

use std::path::{Path, PathBuf};

use axum::http::Method;
use clap::Subcommand;
use serde_json::Value;

use super::client::{Access, Client, Question, Whom, encoded};
use super::failure::Failure;
use super::table::{Table, cell, print, print_json, short_module};

const CHECK_HELP: &str = "\
Exit codes: 0 all histories fold and decide the same, or none were looked at; 3 the file is refused, or does not fold some of them;
6 all of them fold, and some decisions come out otherwise.";

/// What can be done with definitions.
#[derive(Subcommand)]
pub(super) enum Command {
    /// Lists all modules with their state and how many streams are on each, and the files that were refused.
    List {
        #[command(flatten)]
        whom: Whom,
    },
    /// Shows one definition: the active module of a category, or the one of a digest.
    Show {
        /// A category (domestic-1.0), a name (domestic) or a digest.
        name: String,
        #[command(flatten)]
        whom: Whom,
    },
    /// Checks a file as a deploy would, and decides recorded histories again with it; nothing is kept.
    #[command(after_help = CHECK_HELP)]
    Check(check::Arguments),
    /// Deploys a file: new processes begin on it, those under way stay on theirs.
    Deploy {
        /// The component.
        file: PathBuf,
        #[command(flatten)]
        whom: Whom,
    },
    /// Drains a definition: it takes no new processes, and those under way go on.
    Drain {
        /// A category (domestic-1.0), a name (domestic) or a digest.
        name: String,
        #[command(flatten)]
        whom: Whom,
    },
}

pub(super) async fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::List { whom } => {
            let all = ask(&whom, Access::Read, Question::get("/definitions")).await?;
            if whom.json { print_json(&all) } else { print(&listed(&all)) }
        }
        Command::Show { name, whom } => {
            let question = Question::get(format!("/definitions/{}", encoded(&name)));
            let one = ask(&whom, Access::Read, question).await?;
            if whom.json { print_json(&one) } else { print(&shown(&one)) }
        }
        Command::Check(arguments) => check::check(arguments).await?,
        Command::Deploy { file, whom } => {
            let question = Question::new(Method::PUT, "/definitions").body(read(&file)?);
            let one = ask(&whom, Access::Change, question).await?;
            if whom.json { print_json(&one) } else { print(&shown(&one)) }
        }
        Command::Drain { name, whom } => {
            let question = Question::new(Method::DELETE, format!("/definitions/{}", encoded(&name)));
            let one = ask(&whom, Access::Change, question).await?;
            if whom.json { print_json(&one) } else { print(&shown(&one)) }
        }
    }
    Ok(())
}

async fn ask(whom: &Whom, access: Access, question: Question<'_>) -> Result<Value, Failure> {
    let client = Client::of(whom, access).await?;
    let answer = client.ask(question).await;
    client.close().await;
    answer
}

fn listed(all: &Value) -> String {
    let mut table = Table::new(&["CATEGORY", "STREAM", "MODULE", "STATE", "PENDING", "FINISHED", "SINCE"]);
    for one in all["items"].as_array().into_iter().flatten() {
        let [category, stream, state, pending, finished, since] =
            ["category", "stream", "state", "pending", "finished", "since"].map(|field| cell(one, field));
        table.row(vec![category, stream, short_module(one), state, pending, finished, since]);
    }
    let refused: Vec<&Value> = all["refused"].as_array().into_iter().flatten().collect();
    if refused.is_empty() {
        return table.lines();
    }
    let mut files = Table::new(&["REFUSED FILE", "SINCE", "REASON"]);
    refused.iter().for_each(|file| files.row(["file", "since", "reason"].map(|field| cell(file, field)).to_vec()));
    format!("{}\n{}", table.lines(), files.lines())
}

/// One definition, a line for each field that there is.
fn shown(one: &Value) -> String {
    let fields = [
        "outcome",
        "category",
        "role",
        "stream",
        "module",
        "state",
        "reason",
        "since",
        "deployedAt",
        "file",
        "size",
        "pending",
        "finished",
        "starts",
        "handles",
    ];
    let mut table = Table::without_header();
    for field in fields.into_iter().filter(|field| !one[field].is_null()) {
        table.row(vec![field.to_owned(), cell(one, field)]);
    }
    table.lines()
}

fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(file).map_err(|error| Failure::Failed(format!("{} cannot be read: {error}", file.display())))
}
