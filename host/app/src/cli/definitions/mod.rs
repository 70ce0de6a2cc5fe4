//! `procession definitions`: what is loaded, what comes and what goes.
//! What a file would be is found out in `check`; what becomes of modules that are kept is in `life`.

mod check;
mod life;

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
    /// Lists all modules with their state and how many streams are on each, what is being compiled, and the files that were refused.
    List {
        /// Also modules that were removed.
        #[arg(long)]
        removed: bool,
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
        /// Keeps it, checked and compiled, and lets it take no process until it is activated.
        #[arg(long)]
        inactive: bool,
        #[command(flatten)]
        whom: Whom,
    },
    /// Lets a module that is kept take new processes: one deployed with --inactive, or one that drains.
    Activate {
        /// A category (domestic-1.0), a name (domestic) or a digest.
        name: String,
        #[command(flatten)]
        whom: Whom,
    },
    /// Goes back: drains what takes the new processes of a name, and lets the module take them that did so before.
    Rollback {
        /// A category (domestic-1.1) or a name (domestic).
        name: String,
        #[command(flatten)]
        whom: Whom,
    },
    /// Removes modules that nothing needs: no stream is on them, they are not active, and their file is gone.
    Prune {
        /// Categories, names or digests; nothing means all that nothing needs.
        names: Vec<String>,
        /// Says what would be removed, and removes nothing.
        #[arg(long)]
        dry_run: bool,
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
        Command::List { removed, whom } => {
            let all = ask(&whom, Access::Read, Question::get(format!("/definitions?removed={removed}"))).await?;
            if whom.json { print_json(&all) } else { print(&listed(&all)) }
        }
        Command::Show { name, whom } => one(&whom, Access::Read, Question::get(of(&name))).await?,
        Command::Check(arguments) => check::check(arguments).await?,
        Command::Deploy { file, inactive, whom } => {
            let question = Question::new(Method::PUT, format!("/definitions?inactive={inactive}")).body(read(&file)?);
            one(&whom, Access::Change, question).await?;
        }
        Command::Activate { name, whom } => one(&whom, Access::Change, Question::new(Method::POST, of(&name) + "/activate")).await?,
        Command::Rollback { name, whom } => life::roll_back(&name, &whom).await?,
        Command::Prune { names, dry_run, whom } => life::prune(&names, dry_run, &whom).await?,
        Command::Drain { name, whom } => one(&whom, Access::Change, Question::new(Method::DELETE, of(&name))).await?,
    }
    Ok(())
}

/// The path of a definition.
fn of(name: &str) -> String {
    format!("/definitions/{}", encoded(name))
}

/// Asks, and shows the one definition that is the answer.
async fn one(whom: &Whom, access: Access, question: Question<'_>) -> Result<(), Failure> {
    let one = ask(whom, access, question).await?;
    if whom.json {
        print_json(&one)
    } else {
        print(&shown(&one))
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
    let mut table = Table::new(&["CATEGORY", "STREAM", "MODULE", "STATE", "PENDING", "FINISHED", "SINCE", "FILE", "HANDLES"]);
    for one in all["items"].as_array().into_iter().flatten() {
        let [category, stream, pending, finished, since, file, handles] =
            ["category", "stream", "pending", "finished", "since", "file", "handles"].map(|field| cell(one, field));
        table.row(vec![category, stream, short_module(one), state(one), pending, finished, since, file, handles]);
    }
    let rows = |field: &str| all[field].as_array().cloned().unwrap_or_default();
    let (coming, refused) = (rows("coming"), rows("refused"));
    let mut lines = table.lines();
    if !coming.is_empty() {
        let mut files = Table::new(&["COMPILING", "SIZE", "SINCE"]);
        coming.iter().for_each(|one| files.row(["file", "size", "since"].map(|field| cell(one, field)).to_vec()));
        lines = format!("{lines}\n{}", files.lines());
    }
    if !refused.is_empty() {
        let mut files = Table::new(&["REFUSED FILE", "SINCE", "REASON"]);
        refused.iter().for_each(|file| files.row(["file", "since", "reason"].map(|field| cell(file, field)).to_vec()));
        lines = format!("{lines}\n{}", files.lines());
    }
    lines
}

/// Its state; one that is being compiled says so, since its processes wait.
fn state(one: &Value) -> String {
    let state = cell(one, "state");
    if one["compiling"] == true { format!("{state}, compiling") } else { state }
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
        "warning",
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
