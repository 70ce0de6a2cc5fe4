//! `procession backup` and `procession restore`: the whole store in one file, and back.
//! A backup is taken from a server while it serves, or from a data folder where none runs.

use std::io::Write as _;
use std::path::PathBuf;

use procession::{Restored, UnfinishedFile};
use serde_json::json;

use super::client::{Access, Client, Question, Whom};
use super::failure::Failure;
use super::table::{Table, print, print_json};

/// What `backup` is told.
#[derive(clap::Args)]
pub(super) struct Take {
    /// The file to write; it gets its name only once it is whole.
    file: PathBuf,
    #[command(flatten)]
    whom: Whom,
}

/// What `restore` is told.
#[derive(clap::Args)]
pub(super) struct Restore {
    /// The backup.
    file: PathBuf,
    /// The data folder to put it into; it must be empty or not there.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Prints JSON, for programs.
    #[arg(long)]
    json: bool,
}

pub(super) async fn take(arguments: Take) -> Result<(), Failure> {
    let mut file = UnfinishedFile::begin(&arguments.file)?;
    let client = Client::of(&arguments.whom, Access::Read).await?;
    let name = arguments.file.display().to_string();
    let written = client
        .stream(Question::get("/backup"), |part| {
            file.write_all(part).map_err(|error| Failure::Failed(format!("cannot write {name}: {error}")))
        })
        .await;
    client.close().await;
    written?;
    tell(&file.finish()?, Form::of(arguments.whom.json));
    Ok(())
}

pub(super) async fn restore(arguments: Restore) -> Result<(), Failure> {
    tell(&procession::restore(&arguments.file, &arguments.data)?, Form::of(arguments.json));
    Ok(())
}

/// For whom it is printed.
#[derive(PartialEq, Eq, Clone, Copy)]
enum Form {
    Table,
    Json,
}

impl Form {
    fn of(json: bool) -> Self {
        if json { Self::Json } else { Self::Table }
    }
}

fn tell(found: &Restored, form: Form) {
    let Restored { release, time_ms, position, keys, groups } = found;
    let begun_at = i64::try_from(*time_ms).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    let begun_at = begun_at.map_or_else(String::new, |time| format!("{time:.3}"));
    if form == Form::Json {
        return print_json(&json!({ "release": release, "begunAt": begun_at, "position": position, "keys": keys, "groups": groups }));
    }
    let mut table = Table::without_header();
    let figures = [("release", release.clone()), ("begun at", begun_at), ("events", position.to_string()), ("keys", keys.to_string())];
    for (name, figure) in figures.into_iter().chain([("groups meanwhile", groups.to_string())]) {
        table.row(vec![name.to_owned(), figure]);
    }
    print(&table.lines());
}
