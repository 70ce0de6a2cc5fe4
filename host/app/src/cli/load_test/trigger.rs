//! One shipment from its trigger to its end, or one look at it afterwards.
//! A trigger that got no answer is repeated: the same request has the same receipt, so nothing begins twice.

use std::time::{Duration, Instant};

use axum::http::Method;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::cli::client::{Question, Server};
use crate::cli::failure::Failure;

/// Repetitions of a trigger that was not taken, because the host was full or did not answer.
const ATTEMPTS_MAX: u32 = 5;

/// How a shipment ended.
pub(super) enum End {
    Completed,
    /// It came to an end, but another one.
    Failed,
    /// The trigger was turned down, or nobody answered. The text says why.
    Error(String),
    /// The trigger was taken, and no end was seen in time.
    Lost,
}

/// The part of an answer that says whether it is the end.
#[derive(Deserialize)]
struct Answer {
    phase: Option<String>,
}

/// Processes that are read in turn; more of them than the store keeps at hand would be another test.
const FINISHED: &str = "/processes?phase=completed&limit=1000";

/// Triggers a shipment and waits for its end until `patience` after `at`.
pub(super) async fn to_end(server: &Server, id: &str, at: Instant, patience: Duration) -> End {
    let path = format!("/processes/{id}");
    let (mut method, mut attempts) = (Method::POST, 0);
    loop {
        let left = patience.saturating_sub(at.elapsed());
        if left.is_zero() {
            return End::Lost;
        }
        let wait = format!("wait={}", left.as_secs().clamp(1, 60));
        let answered = ask(server, Question::new(method.clone(), &path).header("prefer", &wait)).await;
        match answered.map(|answer: Answer| answer.phase) {
            Ok(Some(phase)) if phase == "completed" => return End::Completed,
            Ok(Some(phase)) if matches!(phase.as_str(), "failed" | "cancelled") => return End::Failed,
            // It was taken: from here on it is only waited for.
            Ok(_) => method = Method::GET,
            Err(text) => {
                attempts += 1;
                if attempts == ATTEMPTS_MAX {
                    return if method == Method::GET { End::Lost } else { End::Error(text) };
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// Reads a process once.
pub(super) async fn read(server: &Server, id: &str) -> End {
    match ask::<IgnoredAny>(server, Question::get(format!("/processes/{id}"))).await {
        Ok(_) => End::Completed,
        Err(text) => End::Error(text),
    }
}

/// The ids of processes that have completed; at least one.
pub(super) async fn finished(server: &Server) -> Result<Vec<String>, Failure> {
    #[derive(Deserialize)]
    struct Row {
        id: String,
    }
    #[derive(Deserialize)]
    struct Page {
        items: Vec<Row>,
    }
    let page: Page = ask(server, Question::get(FINISHED)).await.map_err(Failure::Failed)?;
    if page.items.is_empty() {
        return Err(Failure::Refused("there is nothing to read: no process has completed; trigger some first, without --read".to_owned()));
    }
    Ok(page.items.into_iter().map(|row| row.id).collect())
}

async fn ask<T: DeserializeOwned>(server: &Server, question: Question<'_>) -> Result<T, String> {
    let text = |failure: Failure| match failure {
        Failure::Failed(text)
        | Failure::Usage(text)
        | Failure::Refused(text)
        | Failure::InUse(text)
        | Failure::Found(text)
        | Failure::Differs(text) => text,
    };
    let body = server.send(question).await.and_then(|reply| reply.into_body()).map_err(text)?;
    serde_json::from_slice(&body).map_err(|error| format!("the answer cannot be read: {error}"))
}
