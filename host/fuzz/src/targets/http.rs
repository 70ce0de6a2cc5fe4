//! Requests against the routes, in process: any path, any header, any body.
//! No answer is the host's fault, and every answer that says it is JSON is.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Request, Response};
use http_body_util::BodyExt as _;
use procession::Host;
use procession_guests::{Guest, Record, Said};
use serde_json::Value;
use tokio::runtime::Runtime;
use tower::ServiceExt as _;

use super::json;
use crate::dice::Dice;
use crate::mutate::{Dictionary, mutated, mutated_text};
use crate::run::Target;

/// Requests after which a new host begins, so that memory does not grow with the number of cases.
const REQUESTS_A_HOST: u32 = 20_000;
/// An answer that takes longer never comes.
const PATIENCE: Duration = Duration::from_secs(15);

const PATHS: [&str; 22] = [
    "/",
    "/order-7",
    "/processes",
    "/processes/order-7",
    "/processes/order-7/history",
    "/processes/order-7/notes",
    "/processes/order-7/cancel",
    "/processes/order-7/retry",
    "/streams/order-7-Process",
    "/streams/order-7-Process?from=1&direction=backward&limit=10",
    "/processes?phase=running&category=counter-1.0&step=a&tag=a:b&limit=5&cursor=order-7",
    "/messages",
    "/dead-letters",
    "/dead-letters/order-7:1",
    "/dead-letters/order-7:1/replay",
    "/definitions",
    "/definitions/counter-1.0",
    "/backup",
    "/healthz",
    "/readyz",
    "/metrics",
    "/events?from=0",
];

const WORDS: Dictionary = &[
    "%",
    "%00",
    "%2f",
    "%2F..",
    "%ff%fe",
    "%F0%9F%98%80",
    "..",
    "//",
    "?",
    "&",
    "=",
    "#",
    "+",
    "limit=",
    "limit=-1",
    "limit=18446744073709551616",
    "from=",
    "cursor=",
    "phase=",
    "tag=",
    "direction=sideways",
    "0",
    "9999999999999999999999",
    "order-8",
    "@",
    ":",
    "*",
    "{id}",
    "é",
];

const METHODS: [&str; 9] = ["GET", "POST", "GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "BREW"];

/// Never a wait: a request that waits for an end that does not come is as slow as it should be.
const HEADERS: [(&str, &str); 14] = [
    ("content-type", "application/json"),
    ("content-type", "application/cloudevents+json"),
    ("content-type", "text/plain"),
    ("content-type", ";;"),
    ("idempotency-key", "key-1"),
    ("idempotency-key", "start"),
    ("idempotency-key", ""),
    ("prefer", "wait=0"),
    ("prefer", "wait=-1, respond-async"),
    ("origin", "http://elsewhere.example"),
    ("host", "localhost"),
    ("authorization", "Bearer x"),
    ("content-length", "7"),
    ("last-event-id", "x"),
];

/// Requests, and the host that they reach.
pub(super) struct Requests {
    runtime: Runtime,
    host: Option<(Host, Router)>,
    left: u32,
    bodies: Vec<Vec<u8>>,
    guests: Vec<Vec<u8>>,
}

impl Requests {
    /// # Panics
    /// Where the system gives no threads.
    pub(super) fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_time().build().expect("threads");
        let router = Guest {
            said: Said { handles: vec!["Start".to_owned()], category: "chooser-1.0".to_owned(), ..Said::stranger() },
            ..Guest::stranger("router", |image| {
                Record::new(28).span(4, image.text("counter")).span(12, image.text("Start")).span(20, image.text("1"))
            })
        };
        let guests = vec![Guest::recording("Added", 2, b"{\"by\":1}").component(), router.component()];
        let mut bodies: Vec<Vec<u8>> = json::CORPUS.iter().map(|text| text.as_bytes().to_vec()).collect();
        bodies.push(Vec::new());
        bodies.push(b"\xff\xfe\x00{".to_vec());
        Self { runtime, host: None, left: 0, bodies, guests }
    }

    fn router(&mut self) -> Router {
        if let Some((_, router)) = self.host.as_ref().filter(|_| self.left > 0) {
            self.left -= 1;
            return router.clone();
        }
        if let Some((host, _)) = self.host.take() {
            self.runtime.block_on(host.stop());
        }
        let host = self.runtime.block_on(started(&self.guests));
        let router = host.router();
        (self.host, self.left) = (Some((host, router.clone())), REQUESTS_A_HOST);
        router
    }

    fn request(&self, dice: &mut Dice) -> Option<Request<Body>> {
        let path = if dice.once_in(3) { (*dice.one(&PATHS)).to_owned() } else { escaped(&mutated_text(dice, &PATHS, WORDS)) };
        let mut request = Request::builder().method(dice.one(&METHODS)).uri(path);
        for _ in 0..dice.below(4) {
            let (name, value) = HEADERS[dice.below(HEADERS.len())];
            let value = if name != "prefer" && dice.once_in(4) { mutated(dice, &[value.into()], &["\t", "é"]) } else { value.into() };
            if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_bytes(&value)) {
                request = request.header(name, value);
            }
        }
        let body = match dice.below(20) {
            0 => mutated(dice, &self.guests, &[]),
            1..=8 => self.bodies[dice.below(self.bodies.len())].clone(),
            _ => mutated(dice, &self.bodies, json::WORDS),
        };
        request.body(Body::from(body)).ok()
    }
}

async fn started(guests: &[Vec<u8>]) -> Host {
    let limits = procession_wasm::Limits { instances_max: 256, ..procession_wasm::Limits::default() };
    let host = Host::builder().in_memory().guest_limits(limits).start().await.expect("a host in memory starts");
    for guest in guests {
        host.deploy(guest.clone()).await.expect("its guests are good");
    }
    host
}

/// What cannot stand in a request line is escaped, as every client does; what is escaped already stays so.
fn escaped(path: &str) -> String {
    let mut out = String::from("/");
    for byte in path.trim_start_matches('/').bytes() {
        if byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte) {
            out.push(char::from(byte))
        } else {
            out.push_str(&format!("%{byte:02X}"))
        }
    }
    out
}

impl Target for Requests {
    fn name(&self) -> &'static str {
        "http"
    }

    fn feed(&mut self, dice: &mut Dice) -> Result<(), String> {
        let router = self.router();
        let Some(request) = self.request(dice) else { return Ok(()) };
        let asked = format!("{} {} {:?}", request.method(), request.uri(), request.headers());
        let answered = async move {
            let response = router.oneshot(request).await.unwrap_or_else(|never| match never {});
            let (parts, body) = response.into_parts();
            body.collect().await.map(|body| Response::from_parts(parts, body.to_bytes())).map_err(|error| error.to_string())
        };
        let answer = self.runtime.block_on(async { tokio::time::timeout(PATIENCE, answered).await });
        let answer = answer.map_err(|_| format!("{asked}: no answer within {PATIENCE:?}"))?.map_err(|error| format!("{asked}: {error}"))?;
        let (status, kind) =
            (answer.status().as_u16(), answer.headers().get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or(""));
        if status == 500 {
            return Err(format!("{asked}: {status} {}", String::from_utf8_lossy(answer.body())));
        }
        let is_empty = answer.body().is_empty();
        if kind.contains("json") && !is_empty && serde_json::from_slice::<Value>(answer.body()).is_err() {
            return Err(format!("{asked}: {status} says {kind} and is {}", String::from_utf8_lossy(answer.body())));
        }
        Ok(())
    }
}
