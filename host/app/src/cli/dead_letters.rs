//! `procession dead-letters`: list, show, replay, drop.
//! The server decides; this only asks and prints.

use axum::http::Method;
use clap::Subcommand;
use serde_json::{Value, json};

use super::client::{Access, Client, Question, Whom, encoded};
use super::failure::Failure;
use super::process::show::shown as shown_process;
use super::table::{Table, cell, print, print_json};

/// What can be done with dead letters.
#[derive(Subcommand)]
pub(super) enum Command {
    /// Lists messages that cannot be processed, or that no definition handles, in order of process.
    List {
        /// Lists so many at most, 1000 at the most.
        #[arg(long, default_value_t = 100)]
        limit: usize,
        /// Goes on where the last list ended.
        #[arg(long)]
        cursor: Option<String>,
        #[command(flatten)]
        whom: Whom,
    },
    /// Shows the whole story of one: what it carries, what it rode on, who failed on it, how often and how.
    Show {
        /// The id of the dead letter: PROCESS~NUMBER.
        id: String,
        #[command(flatten)]
        whom: Whom,
    },
    /// Lets one be tried again, as it is or with other data.
    Replay {
        /// The id of the dead letter: PROCESS~NUMBER.
        id: String,
        /// Gives it this payload from now on.
        #[arg(long, value_name = "JSON")]
        payload: Option<String>,
        #[command(flatten)]
        whom: Whom,
    },
    /// Drops one: it will have no effect, and the stream that sent it is told.
    Drop {
        /// The id of the dead letter: PROCESS~NUMBER.
        id: String,
        /// Says why; it is kept with the process.
        #[arg(long)]
        reason: Option<String>,
        #[command(flatten)]
        whom: Whom,
    },
}

pub(super) async fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::List { limit, cursor, whom } => {
            let cursor = cursor.map(|cursor| format!("&cursor={}", encoded(&cursor))).unwrap_or_default();
            answer(&whom, Access::Read, Question::get(format!("/dead-letters?limit={limit}{cursor}")), listed).await
        }
        Command::Show { id, whom } => answer(&whom, Access::Read, Question::get(path(&id)), shown).await,
        Command::Replay { id, payload, whom } => {
            let question = Question::new(Method::POST, format!("{}/replay", path(&id)));
            let question = match payload {
                Some(payload) => question.body(edited(&payload)?),
                None => question,
            };
            answer(&whom, Access::Change, question, shown_process).await
        }
        Command::Drop { id, reason, whom } => {
            let question = Question::new(Method::DELETE, path(&id));
            let question = match reason {
                Some(reason) => question.body(json!({ "reason": reason }).to_string()),
                None => question,
            };
            answer(&whom, Access::Change, question, shown_process).await
        }
    }
}

fn path(id: &str) -> String {
    format!("/dead-letters/{}", encoded(id))
}

fn edited(payload: &str) -> Result<String, Failure> {
    let data: Value = serde_json::from_str(payload).map_err(|error| Failure::Usage(format!("--payload is not JSON: {error}")))?;
    Ok(json!({ "data": data }).to_string())
}

async fn answer(whom: &Whom, access: Access, question: Question<'_>, text: impl Fn(&Value) -> String) -> Result<(), Failure> {
    let client = Client::of(whom, access).await?;
    let answer = client.ask(question).await;
    client.close().await;
    let answer = answer?;
    if whom.json {
        print_json(&answer)
    } else {
        print(&text(&answer))
    }
    Ok(())
}

fn listed(page: &Value) -> String {
    let mut table = Table::new(&["ID", "STATE", "KIND", "ATTEMPTS", "LAST FAILURE", "DEFINITION", "LAST ERROR"]);
    for letter in page["items"].as_array().into_iter().flatten() {
        let fields = ["id", "state", "kind", "attempts", "lastFailure", "definition", "lastError"];
        table.row(fields.map(|field| cell(letter, field)).to_vec());
    }
    let next = page["next"].as_str().map(|next| format!("\nthere is more: --cursor {next}\n"));
    format!("{}{}", table.lines(), next.unwrap_or_default())
}

/// One letter, a line for each field that there is, and what it carries.
fn shown(letter: &Value) -> String {
    let fields = [
        "id",
        "process",
        "state",
        "parked",
        "message",
        "kind",
        "source",
        "cause",
        "correlation",
        "time",
        "attempts",
        "firstFailure",
        "lastFailure",
        "nextAttempt",
        "lastError",
        "definition",
        "module",
    ];
    let mut table = Table::without_header();
    for field in fields.into_iter().filter(|field| !letter[field].is_null()) {
        table.row(vec![field.to_owned(), cell(letter, field)]);
    }
    format!("{}\ndata\n{:#}\n", table.lines(), letter["data"])
}
