//! The library inside a program: what the documented example does, done.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod support;

use std::time::Duration;

use procession::engine::model::view::Phase;
use procession::{AskError, Host, StartError};
use support::server::{Folders, GUESTS};

const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::test]
async fn a_program_starts_a_host_triggers_waits_asks_and_stops() {
    let folders = Folders::with(&GUESTS);
    let host = Host::builder().in_memory().definitions(folders.definitions()).setting("carrier-stub", "delayMs", 0).start().await.unwrap();
    let receipt = host.trigger("12EEQ9CS9K10").await.unwrap();
    assert_eq!(receipt.category.unwrap().to_string(), "domestic-1.0");
    let row = host.wait("12EEQ9CS9K10", PATIENCE).await.unwrap();
    assert_eq!(row.root().unwrap().view.phase, Phase::Completed);
    assert_eq!(host.history("12EEQ9CS9K10").await.unwrap().len(), 26);
    assert!(host.outcome("12EEQ9CS9K10").await.unwrap().unwrap().as_str().contains("\"trackingNumbers\""));
    assert!(host.process("nothing").await.unwrap().is_none());
    assert!(host.address().is_none());
    host.stop().await;
}

#[tokio::test]
async fn a_program_deploys_bytes_and_hears_why_it_is_refused() {
    let host = Host::builder().in_memory().start().await.unwrap();
    assert!(matches!(host.trigger("12EEQ9CS9K10").await, Err(AskError::Refused(_))));
    assert!(matches!(host.deploy(*b"no wasm").await, Err(AskError::Deploy(_))));
    for name in GUESTS {
        host.deploy(std::fs::read(support::guest(name)).unwrap()).await.unwrap();
    }
    host.trigger("12EEQ9CS9K10").await.unwrap();
    // The carrier takes its usual half a second.
    assert!(matches!(host.wait("12EEQ9CS9K10", Duration::from_millis(1)).await, Err(AskError::NotYet { .. })));
    host.wait("12EEQ9CS9K10", PATIENCE).await.unwrap();
    let again = host.send("12EEQ9CS9K10", "CollectionBooked", serde_json::json!({ "bookingReference": "x" })).await;
    assert!(again.is_err(), "{again:?}");
    host.stop().await;
}

#[tokio::test]
async fn a_data_folder_is_let_go_of_at_the_stop_and_held_until_then() {
    let folders = Folders::with(&GUESTS);
    let open = || Host::builder().data(folders.data()).definitions(folders.definitions()).setting("carrier-stub", "delayMs", 0);
    let host = open().listen("127.0.0.1:0").start().await.unwrap();
    assert!(host.address().unwrap().port() > 0);
    host.trigger("V74YCBYHC8A0").await.unwrap();
    host.wait("V74YCBYHC8A0", PATIENCE).await.unwrap();
    assert!(matches!(open().start().await, Err(StartError::DataInUse { .. })));
    host.stop().await;

    let host = Host::builder().data(folders.data()).only_reading().await.unwrap();
    assert_eq!(host.history("V74YCBYHC8A0").await.unwrap().len(), 31);
    assert!(matches!(host.trigger("V74YCBYHC8A1").await, Err(AskError::Refused(_))));
    host.stop().await;
}

#[tokio::test]
async fn a_host_that_others_can_reach_needs_a_token_or_a_word() {
    let open = || Host::builder().in_memory().listen("0.0.0.0:0");
    assert!(matches!(open().start().await, Err(StartError::Open { .. })));
    open().insecure().start().await.unwrap().stop().await;
    let host = open().token("secret").start().await.unwrap();
    let api = support::api::Api::at(&format!("http://127.0.0.1:{}", host.address().unwrap().port()));
    for (token, status) in [("Bearer secret", 200), ("bearer secret", 200), ("Bearer secre", 401), ("secret", 401)] {
        let answer = api.ask(axum::http::Method::GET, "/processes", &[("authorization", token)], "").await;
        assert_eq!(answer.status, status, "{token}");
    }
    assert_eq!((api.get("/healthz").await.status, api.get("/processes").await.status), (200, 401));
    host.stop().await;
}

#[tokio::test]
async fn a_setting_goes_by_the_name_of_a_definition_without_its_version() {
    let started = Host::builder().in_memory().setting("carrier-stub-1.0", "delayMs", 0).start().await;
    assert!(matches!(started, Err(StartError::Setting { .. })));
}
