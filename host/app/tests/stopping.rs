//! The way a host stops: nothing that was acknowledged is lost, nobody waits for what will not come, and it does not take for ever.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod support;

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};

use axum::http::Method;
use serde_json::json;
use support::Random;
use support::api::Api;
use support::expected::expected;
use support::server::{Folders, GUESTS};
use support::until;
use tokio::task::JoinSet;

const CALLERS: u64 = 16;

/// Triggers one shipment after the other until the server is gone or says that it stops.
async fn call(api: Api, mut random: Random, acknowledged: Arc<Mutex<BTreeSet<String>>>) {
    loop {
        let id = random.shipment();
        match api.try_ask(Method::POST, &format!("/{id}"), &[], "").await {
            Ok(answer) if answer.status == 202 => acknowledged.lock().unwrap().insert(id),
            Ok(answer) if answer.status == 503 => {
                assert_eq!((answer.header("retry-after"), answer.json()["code"].as_str()), ("5", Some("stopping")), "{answer:?}");
                return;
            }
            Ok(answer) => panic!("{answer:?}"),
            Err(_) => return,
        };
    }
}

/// Load on a server, and what of it was acknowledged so far.
fn load(api: &Api) -> (JoinSet<()>, Arc<Mutex<BTreeSet<String>>>) {
    let (mut callers, acknowledged) = (JoinSet::new(), Arc::default());
    for seed in 0..CALLERS {
        callers.spawn(call(api.clone(), Random(seed), Arc::clone(&acknowledged)));
    }
    (callers, acknowledged)
}

async fn until_acknowledged(count: usize, acknowledged: &Mutex<BTreeSet<String>>) {
    until("enough acknowledged shipments", || async { (acknowledged.lock().unwrap().len() >= count).then_some(()) }).await;
}

/// A new start carries on everything that was acknowledged before the last stop.
async fn all_are_carried_on(folders: &Folders, acknowledged: &BTreeSet<String>) {
    let server = folders.serve(&["--set", "carrier-stub.delayMs=0"]);
    let api = server.api();
    for id in acknowledged {
        let expected = expected(id);
        assert_eq!(api.settled(id, &expected).await["phase"], expected.phase, "{id}");
        expected.check(&api.history(id).await);
    }
    server.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_under_load_ends_well_and_loses_nothing_that_was_acknowledged() {
    let folders = Folders::with(&GUESTS);
    let server = folders.serve(&["--set", "carrier-stub.delayMs=100"]);
    let (mut callers, acknowledged) = load(&server.api());
    until_acknowledged(200, &acknowledged).await;
    server.signal("-TERM");
    while let Some(caller) = callers.join_next().await {
        caller.unwrap();
    }
    let (code, said) = tokio::task::spawn_blocking(move || server.ended()).await.unwrap();
    assert_eq!(code, Some(0), "{said}");
    let acknowledged = std::mem::take(&mut *acknowledged.lock().unwrap());
    all_are_carried_on(&folders, &acknowledged).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_that_takes_too_long_leaves_with_what_was_unfinished_and_loses_nothing_either() {
    let folders = Folders::with(&GUESTS);
    // No time at all: whatever is under way is left.
    let server = folders.serve(&["--set", "carrier-stub.delayMs=100", "--stop-within", "0s"]);
    let (mut callers, acknowledged) = load(&server.api());
    until_acknowledged(200, &acknowledged).await;
    server.signal("-INT");
    let (code, said) = tokio::task::spawn_blocking(move || server.ended()).await.unwrap();
    assert!(code == Some(1) && said.contains("commits were not durable") && said.contains("0ns"), "{code:?} {said}");
    while let Some(caller) = callers.join_next().await {
        caller.unwrap();
    }
    let acknowledged = std::mem::take(&mut *acknowledged.lock().unwrap());
    all_are_carried_on(&folders, &acknowledged).await;
}

/// Connects and sends this.
fn sent(url: &str, text: &str) -> TcpStream {
    let mut stream = TcpStream::connect(url.trim_start_matches("http://")).unwrap();
    stream.write_all(text.as_bytes()).unwrap();
    stream
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_that_wait_or_are_still_sending_hear_at_once_that_the_host_stops() {
    let folders = Folders::with(&GUESTS);
    let server = folders.serve(&["--set", "carrier-stub.delayMs=600000"]);
    let api = server.api();
    let waiting = {
        let api = api.clone();
        tokio::spawn(async move { api.ask(Method::POST, "/12EEQ9CS9K10", &[("prefer", "wait=60")], "").await })
    };
    let mut sending = sent(&server.url, "POST /12EEQ9CS9K11 HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 1000\r\n\r\n");
    let metric = |name: &'static str, value: &'static str| {
        let api = api.clone();
        async move { api.get("/metrics").await.text.contains(&format!("\n{name} {value}\n")).then_some(()) }
    };
    until("the caller that waits", || metric("procession_waiting_callers", "1")).await;
    until("the caller that sends", || metric("procession_http_body_bytes", "1000")).await;
    server.signal("-TERM");
    let waited = waiting.await.unwrap();
    assert_eq!((waited.status, waited.json()["status"].as_str()), (202, Some("accepted")), "{waited:?}");
    let mut text = String::new();
    sending.read_to_string(&mut text).unwrap();
    assert!(text.starts_with("HTTP/1.1 503") && text.to_lowercase().contains("retry-after: 5"), "{text}");
    let (code, said) = tokio::task::spawn_blocking(move || server.ended()).await.unwrap();
    assert_eq!(code, Some(0), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_signal_ends_a_host_at_once() {
    let folders = Folders::with(&GUESTS);
    let server = folders.serve(&[]);
    let api = server.api();
    // More than sockets buffer, for a caller that reads nothing of it: a stop would wait for that one.
    let payload = "x".repeat(200_000);
    for number in 0..50 {
        let event = json!({ "specversion": "1.0", "id": "1", "source": "/test", "type": "Whatever", "subject": format!("A{number}"), "data": payload });
        assert_eq!(api.post("/messages", &event.to_string()).await.status, 202);
    }
    let mut lazy = sent(&server.url, "GET /dead-letters HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n");
    let mut first = [0; 8];
    lazy.read_exact(&mut first).unwrap();
    server.signal("-TERM");
    // The first one is heard when nobody can connect any more.
    until("the first signal to be heard", || async { TcpStream::connect(server.url.trim_start_matches("http://")).err() }).await;
    server.signal("-INT");
    let (code, said) = tokio::task::spawn_blocking(move || server.ended()).await.unwrap();
    assert!(code == Some(1) && said.contains("second signal (SIGINT)"), "{code:?} {said}");
}
