//! `procession process`: start, show, list, history, notes, signal, cancel, retry, migrate.
//! The server decides; this only asks and prints.

mod history;
mod list;
mod migrate;
mod notes;
mod send;
pub(super) mod show;

use axum::http::Method;
use clap::Subcommand;
use serde_json::Value;

use super::client::{Access, Client, Question, Whom, encoded};
use super::failure::Failure;
use super::table::{print, print_json};
use list::Wanted;
use send::{How, message, send};
use show::shown;

/// What can be done with processes.
#[derive(Subcommand)]
pub(super) enum Command {
    /// Starts a process.
    Start {
        /// The id of the process.
        id: String,
        /// Begins it with a message of this kind [default: the loaded definitions choose].
        #[arg(long)]
        kind: Option<String>,
        /// Gives the message this payload.
        #[arg(long, value_name = "JSON")]
        payload: Option<String>,
        /// Begins it on this category (domestic-1.0) or name (domestic).
        #[arg(long)]
        category: Option<String>,
        #[command(flatten)]
        how: How,
        #[command(flatten)]
        whom: Whom,
    },
    /// Sends a process a message.
    Signal {
        /// The id of the process.
        id: String,
        /// The kind of the message.
        kind: String,
        /// Gives the message this payload.
        #[arg(long, value_name = "JSON")]
        payload: Option<String>,
        #[command(flatten)]
        how: How,
        #[command(flatten)]
        whom: Whom,
    },
    /// Shows a process: where it stands, its streams and its outcome.
    Show {
        /// The id of the process.
        id: String,
        #[command(flatten)]
        whom: Whom,
    },
    /// Lists processes in order of id.
    List {
        #[command(flatten)]
        wanted: Wanted,
        #[command(flatten)]
        whom: Whom,
    },
    /// Shows all events of a process, of all its streams, in recorded order.
    History {
        /// The id of the process.
        id: String,
        #[command(flatten)]
        whom: Whom,
    },
    /// Shows what happened to a process and is no decision: what was ignored, rejected, put off, dropped and so on.
    Notes {
        /// The id of the process.
        id: String,
        #[command(flatten)]
        whom: Whom,
    },
    /// Asks a process to come to an end; its definition decides what is to be undone for that.
    Cancel {
        /// The id of the process.
        id: String,
        /// Says why.
        #[arg(long)]
        reason: Option<String>,
        #[command(flatten)]
        how: How,
        #[command(flatten)]
        whom: Whom,
    },
    /// Tries again what a process is parked on.
    Retry {
        /// The id of the process.
        id: String,
        #[command(flatten)]
        whom: Whom,
    },
    /// Moves processes to another module, those whose history passes there; the exit code is 5 where some stay.
    Migrate {
        #[command(flatten)]
        wish: migrate::Wish,
        #[command(flatten)]
        whom: Whom,
    },
}

pub(super) async fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Start { id, kind, payload, category, how, whom } => {
            let is_bare = kind.is_none() && payload.is_none() && category.is_none();
            let body =
                if is_bare { None } else { Some(message(kind.as_deref().unwrap_or("Start"), payload.as_deref(), category.as_deref())?) };
            send(&id, body, &how, &whom).await
        }
        Command::Signal { id, kind, payload, how, whom } => send(&id, Some(message(&kind, payload.as_deref(), None)?), &how, &whom).await,
        Command::Show { id, whom } => {
            let process = ask(&whom, Access::Read, Question::get(format!("/processes/{}", encoded(&id)))).await?;
            if whom.json {
                print_json(&process)
            } else {
                print(&shown(&process))
            }
            Ok(())
        }
        Command::List { wanted, whom } => list::list(&wanted, &whom).await,
        Command::Notes { id, whom } => {
            let noted = ask(&whom, Access::Read, Question::get(format!("/processes/{}/notes", encoded(&id)))).await?;
            if whom.json {
                print_json(&noted)
            } else {
                print(&notes::listed(&noted))
            }
            Ok(())
        }
        Command::Migrate { wish, whom } => migrate::migrate(&wish, &whom).await,
        Command::Cancel { id, reason, how, whom } => send::cancel(&id, reason.as_deref(), &how, &whom).await,
        Command::History { id, whom } => history::print_all(&id, &whom).await,
        Command::Retry { id, whom } => {
            let question = Question::new(Method::POST, format!("/processes/{}/retry", encoded(&id)));
            let process = ask(&whom, Access::Change, question).await?;
            if whom.json {
                print_json(&process)
            } else {
                print(&shown(&process))
            }
            Ok(())
        }
    }
}

async fn ask(whom: &Whom, access: Access, question: Question<'_>) -> Result<Value, Failure> {
    let client = Client::of(whom, access).await?;
    let answer = client.ask(question).await;
    client.close().await;
    answer
}
