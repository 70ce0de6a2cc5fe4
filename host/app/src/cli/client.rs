//! Whom a command asks: a server over HTTP, or a data folder where no server runs.
//! Both answer the same requests, since a folder is opened as a host whose routes are called without a network.

use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client as Http;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use procession::Host;
use serde::Deserialize;
use serde_json::Value;
use tower::ServiceExt as _;

use super::failure::Failure;

/// Where the server is.
#[derive(Debug, clap::Args)]
pub(super) struct ServerAddress {
    /// Asks the server at this address.
    #[arg(long, value_name = "URL", env = "PROCESSION_URL", default_value = "http://127.0.0.1:43210")]
    pub(super) url: String,
    /// Shows the server this token.
    #[arg(long, env = "PROCESSION_TOKEN", hide_env_values = true)]
    pub(super) token: Option<String>,
}

/// Whom to ask.
#[derive(Debug, clap::Args)]
pub(super) struct Whom {
    #[command(flatten)]
    pub(super) server: ServerAddress,
    /// Works on this data folder instead, where no server runs.
    #[arg(long, value_name = "DIR")]
    pub(super) data: Option<PathBuf>,
    /// Prints JSON, for programs.
    #[arg(long)]
    pub(super) json: bool,
}

/// What a command does to a data folder.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// It only looks: no process goes on.
    Read,
    /// It changes something: a host runs while it does, and what is under way goes on.
    Change,
}

/// Somebody who answers requests.
pub(super) enum Client {
    Server(Server),
    Folder(Box<Host>),
}

/// What was answered.
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) body: Bytes,
}

impl Client {
    pub(super) async fn of(whom: &Whom, access: Access) -> Result<Self, Failure> {
        match &whom.data {
            None => Server::at(&whom.server).map(Self::Server),
            Some(folder) => open(folder, access).await.map(|host| Self::Folder(Box::new(host))),
        }
    }

    /// Asks, and answers with the document; a problem becomes a failure that says what the server said.
    pub(super) async fn ask(&self, question: Question<'_>) -> Result<Value, Failure> {
        let reply = match self {
            Self::Server(server) => server.send(question).await?,
            Self::Folder(host) => ask_folder(host, question).await?,
        };
        let body = reply.into_body()?;
        serde_json::from_slice(&body).map_err(|error| Failure::Failed(format!("the answer cannot be read: {error}")))
    }

    /// Asks, and hands on the answer part by part, however long it is.
    pub(super) async fn stream(&self, question: Question<'_>, mut take: impl FnMut(&[u8]) -> Result<(), Failure>) -> Result<(), Failure> {
        match self {
            Self::Server(server) => {
                let answer = server.ask(question).await?;
                let (status, body) = (answer.status(), answer.into_body());
                stream(status, body, &mut take).await
            }
            Self::Folder(host) => {
                let request: Request<Body> = question.request("", None)?;
                let answer = host.router().oneshot(request).await.unwrap_or_else(|never| match never {});
                let (status, body) = (answer.status(), answer.into_body());
                stream(status, body, &mut take).await
            }
        }
    }

    /// Ends the conversation; a folder is let go of.
    pub(super) async fn close(self) {
        if let Self::Folder(host) = self {
            host.stop().await;
        }
    }
}

/// A request.
pub(super) struct Question<'a> {
    method: Method,
    path: String,
    headers: Vec<(&'static str, &'a str)>,
    body: Bytes,
}

impl<'a> Question<'a> {
    pub(super) fn new(method: Method, path: impl Into<String>) -> Self {
        Self { method, path: path.into(), headers: Vec::new(), body: Bytes::new() }
    }

    pub(super) fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path)
    }

    pub(super) fn header(mut self, name: &'static str, value: &'a str) -> Self {
        self.headers.push((name, value));
        self
    }

    pub(super) fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    fn request<B: From<Bytes>>(self, base: &str, token: Option<&str>) -> Result<Request<B>, Failure> {
        let mut request = Request::builder().method(self.method).uri(format!("{base}{}", self.path));
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        if let Some(token) = token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        if !self.body.is_empty() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        request.body(self.body.into()).map_err(|error| Failure::Usage(format!("the request cannot be written: {error}")))
    }
}

/// A server over HTTP; connections are kept and shared.
#[derive(Clone)]
pub(super) struct Server {
    http: Http<HttpConnector, Full<Bytes>>,
    base: String,
    token: Option<String>,
}

impl Server {
    pub(super) fn at(address: &ServerAddress) -> Result<Self, Failure> {
        let base = address.url.trim_end_matches('/').to_owned();
        let wrong = |why: &str| Failure::Usage(format!("the address {base:?} {why}; it must read like http://127.0.0.1:43210"));
        let uri: Uri = base.parse().map_err(|_| wrong("cannot be read"))?;
        if uri.scheme_str() != Some("http") {
            return Err(wrong("does not begin with http://"));
        }
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(Duration::from_secs(10)));
        let http = Http::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).build(connector);
        Ok(Self { http, base, token: address.token.clone() })
    }

    pub(super) async fn send(&self, question: Question<'_>) -> Result<Reply, Failure> {
        let answer = self.ask(question).await?;
        let status = answer.status();
        let body = answer.into_body().collect().await.map_err(|error| self.silent(&error))?.to_bytes();
        Ok(Reply { status, body })
    }

    async fn ask(
        &self,
        question: Question<'_>,
    ) -> Result<axum::http::Response<impl http_body::Body<Data = Bytes, Error: std::error::Error> + Unpin>, Failure> {
        let request = question.request(&self.base, self.token.as_deref())?;
        self.http.request(request).await.map_err(|error| self.silent(&error))
    }

    fn silent(&self, error: &dyn std::error::Error) -> Failure {
        let advice = "start one with `procession serve`, say where it is with --url, or work on a folder with --data";
        let cause = std::iter::successors(error.source(), |error| error.source()).last().map(ToString::to_string);
        Failure::Failed(format!("no server answers at {}: {}; {advice}", self.base, cause.unwrap_or_else(|| error.to_string())))
    }
}

impl Reply {
    /// The body of an answer that is no problem.
    pub(super) fn into_body(self) -> Result<Bytes, Failure> {
        if self.status.is_success() {
            return Ok(self.body);
        }
        let told = serde_json::from_slice::<Told>(&self.body).ok().map(|told| told.detail);
        let text = told.unwrap_or_else(|| format!("the server answered {}", self.status));
        Err(if self.status.is_client_error() { Failure::Refused(text) } else { Failure::Failed(text) })
    }
}

/// The part of a problem that is for people.
#[derive(Deserialize)]
struct Told {
    detail: String,
}

async fn open(folder: &Path, access: Access) -> Result<Host, Failure> {
    // A data folder is made by a server; a typo must not make one.
    if !folder.is_dir() {
        return Err(Failure::Refused(format!("there is no data folder {}", folder.display())));
    }
    let builder = Host::builder().data(folder);
    let host = match access {
        Access::Read => builder.only_reading().await,
        Access::Change => builder.start().await,
    };
    host.map_err(|error| match error {
        procession::StartError::DataInUse { folder } => {
            Failure::InUse(format!("a server works on {}; ask it with --url instead of --data", folder.display()))
        }
        other => other.into(),
    })
}

async fn stream<B>(status: StatusCode, mut body: B, take: &mut impl FnMut(&[u8]) -> Result<(), Failure>) -> Result<(), Failure>
where
    B: http_body::Body<Data = Bytes> + Unpin,
    B::Error: std::fmt::Display,
{
    let broken = |error: B::Error| Failure::Failed(format!("the answer broke off: {error}"));
    if !status.is_success() {
        let body = body.collect().await.map_err(broken)?.to_bytes();
        return Reply { status, body }.into_body().map(drop);
    }
    while let Some(frame) = body.frame().await {
        if let Some(part) = frame.map_err(broken)?.data_ref() {
            take(part)?;
        }
    }
    Ok(())
}

async fn ask_folder(host: &Host, question: Question<'_>) -> Result<Reply, Failure> {
    let request: Request<Body> = question.request("", None)?;
    let answer = host.router().oneshot(request).await.unwrap_or_else(|never| match never {});
    let status = answer.status();
    let body = answer.into_body().collect().await.map_err(|error| Failure::Failed(error.to_string()))?.to_bytes();
    Ok(Reply { status, body })
}

/// A name as a path segment or the value of a parameter.
pub(super) fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}
