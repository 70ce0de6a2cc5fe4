//! Whoever comes beyond a bound hears so at once: too many connections, too many bytes under way, bodies that never come.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod support;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use procession::engine::limits::Limits;
use procession::{Host, HttpLimits};
use support::api::Api;
use support::server::{Folders, GUESTS};
use support::until;

async fn host(folders: &Folders, limits: Limits, http: HttpLimits) -> (Host, String) {
    let host = Host::builder().in_memory().definitions(folders.definitions()).limits(limits).http_limits(http);
    let host = host.setting("carrier-stub", "delayMs", 600_000).listen("127.0.0.1:0").start().await.unwrap();
    let address = host.address().unwrap().to_string();
    (host, address)
}

/// A caller that says what it will send and sends no more than this.
fn begun(address: &str, bytes: usize) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    let head = format!("POST /12EEQ9CS9K10 HTTP/1.1\r\nhost: {address}\r\ncontent-length: {bytes}\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    stream
}

/// Everything that a connection still brings.
async fn rest(mut stream: TcpStream) -> String {
    // In a thread of its own: the host that answers runs in this one.
    let read = move || {
        let mut text = String::new();
        stream.read_to_string(&mut text).map(|_| text)
    };
    tokio::task::spawn_blocking(read).await.unwrap().unwrap()
}

/// The value of a metric.
async fn metric(api: &Api, name: &str) -> u64 {
    let text = api.get("/metrics").await.text;
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok()).unwrap()
}

#[tokio::test]
async fn bodies_under_way_have_a_bound_in_bytes_and_whoever_comes_beyond_it_comes_again() {
    let folders = Folders::with(&GUESTS);
    let http = HttpLimits { body_bytes_max: 100_000, ..HttpLimits::default() };
    let (host, address) = host(&folders, Limits::default(), http).await;
    let api = Api::at(&format!("http://{address}"));
    let slow = begun(&address, 90_000);
    until("the first body to take its room", || async { (metric(&api, "procession_http_body_bytes").await == 90_000).then_some(()) }).await;
    let body = format!("{}{}", " ".repeat(20_000), r#"{"kind":"Start"}"#);
    let full = api.post("/12EEQ9CS9K10", &body).await;
    assert_eq!((full.status, full.header("retry-after"), full.json()["code"].as_str()), (429, "1", Some("busy")), "{full:?}");
    assert_eq!(metric(&api, "procession_http_body_bytes").await, 90_000, "what was turned away holds room");
    assert_eq!(metric(&api, "procession_http_turned_away_total").await, 1);
    assert_eq!(api.post("/12EEQ9CS9K10", "").await.status, 202, "what needs no room is turned away");
    drop(slow);
    until("the room to be given back", || async { (metric(&api, "procession_http_body_bytes").await == 0).then_some(()) }).await;
    assert_eq!(api.post("/processes/12EEQ9CS9K10", &body).await.status, 200);
    host.stop().await;
}

#[tokio::test]
async fn a_body_that_does_not_come_gives_its_room_back() {
    let folders = Folders::with(&GUESTS);
    let http = HttpLimits { body_within: Duration::from_millis(50), ..HttpLimits::default() };
    let (host, address) = host(&folders, Limits::default(), http).await;
    let text = rest(begun(&address, 1_000)).await;
    assert!(text.starts_with("HTTP/1.1 408") && text.contains("too-slow"), "{text}");
    assert_eq!(metric(&Api::at(&format!("http://{address}")), "procession_http_body_bytes").await, 0);
    host.stop().await;
}

#[tokio::test]
async fn a_connection_beyond_the_bound_is_told_so_and_may_still_ask_for_health_and_metrics() {
    let folders = Folders::with(&GUESTS);
    let http = HttpLimits { connections_max: 1, ..HttpLimits::default() };
    let (host, address) = host(&folders, Limits::default(), http).await;
    let first = begun(&address, 1_000);
    let api = Api::at(&format!("http://{address}"));
    until("the first connection", || async { (metric(&api, "procession_http_connections").await >= 2).then_some(()) }).await;
    let full = api.post("/12EEQ9CS9K10", "").await;
    assert_eq!((full.status, full.header("retry-after"), full.header("connection")), (429, "1", "close"), "{full:?}");
    assert_eq!((api.get("/healthz").await.status, api.get("/readyz").await.status), (200, 200));
    drop(first);
    until("a free place", || async {
        // Each attempt over a connection of its own.
        let api = Api::at(&format!("http://{address}"));
        (api.post("/12EEQ9CS9K10", "").await.status == 202).then_some(())
    })
    .await;
    host.stop().await;
}

#[tokio::test]
async fn callers_that_wait_for_an_end_have_a_bound_and_whoever_started_something_keeps_its_receipt() {
    let folders = Folders::with(&GUESTS);
    let (host, address) = host(&folders, Limits { watchers_max: 0, ..Limits::default() }, HttpLimits::default()).await;
    let api = Api::at(&format!("http://{address}"));
    let begun = api.ask(axum::http::Method::POST, "/12EEQ9CS9K10", &[("prefer", "wait=30")], "").await;
    assert_eq!((begun.status, begun.json()["status"].as_str()), (202, Some("accepted")), "{begun:?}");
    let full = api.ask(axum::http::Method::GET, "/processes/12EEQ9CS9K10", &[("prefer", "wait=30")], "").await;
    assert_eq!((full.status, full.header("retry-after")), (429, "1"), "{full:?}");
    host.stop().await;
}

#[tokio::test]
async fn a_full_queue_is_answered_with_when_to_come_again() {
    let folders = Folders::with(&GUESTS);
    let (host, address) = host(&folders, Limits { waiting_max: 0, ..Limits::default() }, HttpLimits::default()).await;
    let api = Api::at(&format!("http://{address}"));
    let full = api.post("/12EEQ9CS9K10", "").await;
    assert_eq!((full.status, full.header("retry-after")), (429, "1"), "{full:?}");
    assert_eq!(metric(&api, "procession_requests_turned_away_total").await, 1);
    assert_eq!(api.get("/12EEQ9CS9K10").await.status, 404);
    host.stop().await;
}
