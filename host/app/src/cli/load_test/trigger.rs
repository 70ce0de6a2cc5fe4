//! One shipment, from its trigger to its end.
//! A trigger that got no answer is repeated: the same request has the same receipt, so nothing begins twice.

use std::time::{Duration, Instant};

use axum::http::Method;
use serde::Deserialize;

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
        match answered.map(|answer| answer.phase) {
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

async fn ask(server: &Server, question: Question<'_>) -> Result<Answer, String> {
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
