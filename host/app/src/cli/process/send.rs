//! A message to a process, and the receipt for it.
//! Whether it is taken is the host's decision.

use axum::http::Method;
use serde_json::{Value, json};

use super::ask;
use super::show::shown;
use crate::cli::client::{Access, Question, Whom, encoded};
use crate::cli::failure::Failure;
use crate::cli::table::{Table, cell, print, print_json};

/// How a message is sent.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct How {
    /// Waits so many seconds, 60 at most, for the end of the process, and shows it then.
    #[arg(long, value_name = "SECONDS")]
    wait: Option<u64>,
    /// Makes a repetition of the same message have no effect.
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
}

pub(super) fn message(kind: &str, payload: Option<&str>, category: Option<&str>) -> Result<Value, Failure> {
    let data: Value =
        serde_json::from_str(payload.unwrap_or("null")).map_err(|error| Failure::Usage(format!("--payload is not JSON: {error}")))?;
    let mut message = json!({ "kind": kind, "data": data });
    if let Some(category) = category {
        message["category"] = category.into();
    }
    Ok(message)
}

pub(super) async fn send(id: &str, body: Option<Value>, how: &How, whom: &Whom) -> Result<(), Failure> {
    post(&format!("/processes/{}", encoded(id)), body, how, whom).await
}

/// Asks for a process to be cancelled.
pub(super) async fn cancel(id: &str, reason: Option<&str>, how: &How, whom: &Whom) -> Result<(), Failure> {
    post(&format!("/processes/{}/cancel", encoded(id)), reason.map(|reason| json!({ "reason": reason })), how, whom).await
}

async fn post(path: &str, body: Option<Value>, how: &How, whom: &Whom) -> Result<(), Failure> {
    let wait = how.wait.map(|seconds| format!("wait={seconds}"));
    let mut question = Question::new(Method::POST, path);
    if let Some(body) = body {
        question = question.body(body.to_string());
    }
    if let Some(wait) = &wait {
        question = question.header("prefer", wait);
    }
    if let Some(key) = &how.key {
        question = question.header("idempotency-key", key);
    }
    let answer = ask(whom, Access::Change, question).await?;
    if whom.json {
        print_json(&answer);
    } else if answer["phase"].is_string() {
        print(&shown(&answer));
    } else {
        print(&receipt(&answer));
    }
    Ok(())
}

fn receipt(answer: &Value) -> String {
    let mut table = Table::without_header();
    let fields = ["status", "reason", "process", "category", "stream", "version", "message", "time"];
    for field in fields.into_iter().filter(|field| !answer[field].is_null()) {
        table.row(vec![field.to_owned(), cell(answer, field)]);
    }
    table.lines()
}
