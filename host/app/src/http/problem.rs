//! Refusals and failures as `application/problem+json`: one text for the caller, one line for the log.
//! Which status a refusal has is said in `status`.

use std::borrow::Cow;
use std::time::Duration;

use axum::extract::Request;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use procession_engine::error::{DeployError, Refusal};
use procession_engine::model::id::InvalidName;
use procession_engine::ports::definition::LoadError;
use procession_engine::ports::store::StoreError;
use serde::Serialize;

use super::status;
use crate::error::told;

/// Seconds after which a full host is asked again: a full queue of a worker is done in less than one.
const BUSY_RETRY_S: &str = "1";

/// Seconds after which a host is asked again whose store fails: it tries again by itself every second, and room on a disk is not made faster.
const STORE_RETRY_S: &str = "5";

/// Seconds after which a definition is asked again that rests: about as long as one endless loop makes it rest.
const REST_RETRY_S: &str = "50";

/// Compiling takes seconds, and half a minute for interpreted languages.
const COMPILE_RETRY_S: &str = "10";

/// Seconds after which a host is asked again that stops: about what a restart takes.
const STOP_RETRY_S: &str = "5";

/// What a handler answers where it cannot do what was asked.
#[derive(Clone, Debug)]
pub(super) struct Problem {
    status: StatusCode,
    code: Cow<'static, str>,
    /// For the caller.
    detail: String,
    /// For the log, where the caller must not or need not see the cause.
    cause: Option<String>,
    /// What else the caller is told, as a header.
    header: Option<(&'static str, &'static str)>,
}

/// The document.
#[derive(Serialize)]
struct Document<'a> {
    #[serde(rename = "type")]
    kind: String,
    title: String,
    status: u16,
    detail: &'a str,
    code: &'a str,
    instance: &'a str,
}

impl Problem {
    pub(super) fn new(status: StatusCode, code: impl Into<Cow<'static, str>>, detail: impl Into<String>) -> Self {
        Self { status, code: code.into(), detail: detail.into(), cause: None, header: None }
    }

    pub(super) fn malformed(detail: impl Into<String>) -> Self {
        Self::new(status::MALFORMED, "malformed", detail)
    }

    pub(super) fn invalid(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(status::INVALID, code, detail)
    }

    pub(super) fn not_found(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(status::NOT_FOUND, code, detail)
    }

    pub(super) fn too_large(bytes_max: usize) -> Self {
        Self::new(
            status::TOO_LARGE,
            "too-large",
            format!("the body has more than {bytes_max} bytes, which is the most that this route takes"),
        )
    }

    pub(super) fn too_slow(within: Duration) -> Self {
        let detail = format!("the body did not arrive within {} seconds; nothing is recorded of it", within.as_secs_f64());
        Self::new(status::TOO_SLOW, "too-slow", detail).with("connection", "close")
    }

    pub(super) fn unauthorized() -> Self {
        let detail = "this host asks for a token: send `Authorization: Bearer <token>`";
        Self::new(status::UNAUTHORIZED, "unauthorized", detail).with("www-authenticate", "Bearer")
    }

    /// A page of another origin asks through its reader's browser.
    pub(super) fn foreign_page() -> Self {
        let detail = "pages of other origins may not use this host; open it by its address, or set a token and send it";
        Self::new(status::FORBIDDEN, "foreign-page", detail)
    }

    /// One check takes as many threads as may be spared.
    pub(super) fn check_under_way() -> Self {
        let detail = "another definition is checked against history just now; try again when that is done";
        Self::new(status::of_refusal(&Refusal::Busy), "check-under-way", detail).with("retry-after", STORE_RETRY_S)
    }

    /// A fault of the host itself; the caller is only told where to look.
    pub(super) fn host(cause: impl Into<String>) -> Self {
        let detail = "the host could not do it; its log says why";
        Self { cause: Some(cause.into()), ..Self::new(status::HOST_FAULT, "host-fault", detail) }
    }

    fn store(error: &StoreError) -> Self {
        let detail = match error {
            StoreError::Io(_) => {
                "the event store cannot write at present, so nothing is promised; try again later, the log of the host says why"
            }
            StoreError::Damaged(_) | StoreError::Closed(_) => {
                "the event store could not do its work, so nothing is promised; the log of the host says why"
            }
        };
        let problem = Self { cause: Some(error.to_string()), ..Self::new(status::UNAVAILABLE, "store-failed", detail) };
        // A disk that is full has room again some day, and the host finds that out by itself; the rest waits for somebody who mends it.
        if matches!(error, StoreError::Io(_)) { problem.with("retry-after", STORE_RETRY_S) } else { problem }
    }

    fn with(self, name: &'static str, value: &'static str) -> Self {
        Self { header: Some((name, value)), ..self }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let status = status::of_refusal(&refusal);
        match refusal {
            Refusal::Invalid { code, message } | Refusal::Rejected { code, message } => Self::new(status, code, message),
            Refusal::UnknownProcess(_) => Self::new(status, "unknown-process", refusal.to_string()),
            Refusal::UnknownMessage { .. } => Self::new(status, "unknown-message", refusal.to_string()),
            Refusal::Busy => Self::new(status, "busy", refusal.to_string()).with("retry-after", BUSY_RETRY_S),
            Refusal::Guest { ref definition, ref process, .. } => {
                let detail = format!("the definition {definition} broke on this request for process {process}; nothing is recorded of it");
                Self { cause: Some(refusal.to_string()), ..Self::new(status, "definition-broke", detail) }
            }
            Refusal::Resting { .. } => Self::new(status, "definition-rests", refusal.to_string()).with("retry-after", REST_RETRY_S),
            Refusal::NotCompiled { .. } => Self::new(status, "still-compiling", refusal.to_string()).with("retry-after", COMPILE_RETRY_S),
            Refusal::Store(error) => Self::store(&error),
            Refusal::Stopping => {
                Self::new(status, "stopping", "the host is stopping; try again when it is back").with("retry-after", STOP_RETRY_S)
            }
        }
    }
}

impl From<DeployError> for Problem {
    fn from(error: DeployError) -> Self {
        let status = status::of_deploy_error(&error);
        let code = match &error {
            DeployError::Load(LoadError::TooLarge { .. }) => "too-large",
            DeployError::Load(LoadError::NotAComponent(_)) => "not-a-component",
            DeployError::Load(LoadError::WrongWorld(_)) => "wrong-world",
            DeployError::Load(LoadError::Describe(_)) => "describe-failed",
            DeployError::Load(LoadError::Manifest(_)) => "invalid-manifest",
            DeployError::Load(LoadError::Host(cause)) => return Self::host(cause),
            DeployError::Load(LoadError::NotYet(_)) => {
                return Self::new(status, "still-compiling", told(&error)).with("retry-after", COMPILE_RETRY_S);
            }
            DeployError::Clash(_) => "clash",
            DeployError::Gate { .. } => "gate-refused",
            DeployError::Unknown(_) => "unknown-definition",
            DeployError::NothingBefore(_) => "nothing-before",
            DeployError::Store(error) => return Self::store(error),
        };
        // The cause of a failed `describe` is the sentence that its author needs.
        Self::new(status, code, told(&error))
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Self::store(&error)
    }
}

impl From<InvalidName> for Problem {
    fn from(name: InvalidName) -> Self {
        Self::invalid("invalid-name", name.to_string())
    }
}

impl IntoResponse for Problem {
    /// Only carries the problem: the path that belongs into the document and the log line is known to [`finish`].
    fn into_response(self) -> Response {
        let mut response = (self.status, axum::response::AppendHeaders(self.header)).into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Writes the document of a problem, and its line in the log.
pub(super) async fn finish(request: Request, next: Next) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let mut response = next.run(request).await;
    let problem = response.extensions_mut().remove::<Problem>();
    let Some(problem) = problem.or_else(|| wrong_method(&response, &method, &path)) else { return response };
    log(&problem, &method, &path);
    let document = Document {
        kind: format!("urn:procession:problem:{}", problem.code),
        title: title(&problem.code),
        status: problem.status.as_u16(),
        detail: &problem.detail,
        code: &problem.code,
        instance: &path,
    };
    let body = serde_json::to_vec(&document).unwrap_or_default();
    let mut headers = response.headers().clone();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    headers.remove(CONTENT_LENGTH);
    (problem.status, headers, body).into_response()
}

/// The router answers a wrong method by itself, without a word; its `Allow` header is written after this.
fn wrong_method(response: &Response, method: &Method, path: &str) -> Option<Problem> {
    let is_wrong = response.status() == status::WRONG_METHOD;
    let detail = || format!("{path} does not take {method}; the header Allow says what it takes");
    is_wrong.then(|| Problem::new(status::WRONG_METHOD, "wrong-method", detail()))
}

fn log(problem: &Problem, method: &Method, path: &str) {
    let (status, code, detail, cause) = (problem.status.as_u16(), &problem.code, &problem.detail, problem.cause.as_deref());
    if problem.status.is_server_error() {
        tracing::error!(%method, path, status, %code, cause, "{detail}");
    } else {
        tracing::info!(%method, path, status, %code, cause, "{detail}");
    }
}

/// `unknown-process` as a person writes it.
fn title(code: &str) -> String {
    let mut letters = code.chars().map(|letter| if letter == '-' { ' ' } else { letter });
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
