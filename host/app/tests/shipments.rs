//! The shipment example against the real binary: every id leaves behind exactly what it must.
//! What that is stands in `support::expected`.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod support;

use std::sync::Arc;

use support::Random;
use support::api::Api;
use support::expected::expected;
use support::server::{Folders, GUESTS};
use tokio::sync::Semaphore;

/// The ids of the description: domestic and international, one for each thing that can happen.
const IDS: [&str; 8] =
    ["12EEQ9CS9K10", "12EEQ9CS9K11", "12EEQ9CS9K12", "12EEQ9CS9K13", "V74YCBYHC8A0", "V74YCBYHC8A1", "V74YCBYHC8A2", "V74YCBYHC8A3"];

/// Starts a shipment with the short form and looks at all that it leaves behind.
async fn journey(api: &Api, id: &str) {
    let expected = expected(id);
    let begun = api.post(&format!("/{id}"), "").await;
    assert_eq!(begun.status, 202, "{begun:?}");
    assert_eq!(begun.header("location"), format!("/processes/{id}"));
    let process = api.settled(id, &expected).await;
    assert_eq!((process["phase"].as_str(), process["category"].as_str()), (Some(expected.phase), Some(expected.category.as_str())));
    let history = api.history(id).await;
    expected.check(&history);
    // Everything goes back to the one request.
    let receipt = begun.json();
    assert!(history.iter().all(|event| event["correlation"] == receipt["message"]), "{history:?}");
    assert_eq!((history[0]["cause"].as_str(), receipt["version"].as_u64()), (receipt["message"].as_str(), Some(1)));
    let outcome = api.get(&format!("/{id}")).await.json();
    expected.check_outcome(&outcome);
    assert_eq!(process["outcome"], outcome);

    let again = api.post(&format!("/{id}"), "").await;
    assert_eq!((again.status, &again.text), (200, &begun.text), "the same request has another receipt");
    assert_eq!(api.history(id).await, history, "the same request has added something");
}

async fn one_at_a_time(delay: &str) {
    let folders = Folders::with(&GUESTS);
    let server = folders.serve(&["--set", delay]);
    let api = server.api();
    for id in IDS {
        journey(&api, id).await;
    }
    server.stop();
}

#[tokio::test]
async fn every_id_leaves_its_streams_behind_with_a_carrier_that_answers_after_half_a_second() {
    one_at_a_time("carrier-stub.delayMs=500").await;
}

#[tokio::test]
async fn every_id_leaves_its_streams_behind_with_a_carrier_that_answers_at_once() {
    one_at_a_time("carrier-stub.delayMs=0").await;
}

async fn a_thousand(delay: &str, seed: u64) {
    let folders = Folders::with(&GUESTS);
    let server = folders.serve(&["--set", delay]);
    let mut random = Random(seed);
    let ids: Vec<String> = (0..1_000).map(|_| random.shipment()).collect();
    let connections = Arc::new(Semaphore::new(256));
    let mut tasks = tokio::task::JoinSet::new();
    for id in ids.clone() {
        let (api, connections) = (server.api(), Arc::clone(&connections));
        tasks.spawn(async move {
            let _connection = connections.acquire().await.unwrap();
            let begun = api.post(&format!("/processes/{id}"), "").await;
            assert_eq!(begun.status, 202, "{begun:?}");
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    let api = server.api();
    for id in ids {
        let expected = expected(&id);
        let process = api.settled(&id, &expected).await;
        assert_eq!(process["phase"], expected.phase, "seed {seed}: {process}");
        expected.check(&api.history(&id).await);
        expected.check_outcome(&process["outcome"]);
    }
}

#[tokio::test]
async fn a_thousand_at_once_leave_their_streams_behind_with_a_carrier_that_answers_at_once() {
    a_thousand("carrier-stub.delayMs=0", 1).await;
}

#[tokio::test]
async fn a_thousand_at_once_leave_their_streams_behind_with_a_carrier_that_answers_after_half_a_second() {
    a_thousand("carrier-stub.delayMs=500", 2).await;
}

#[tokio::test]
async fn what_is_not_known_yet_is_null() {
    let folders = Folders::with(&GUESTS);
    let server = folders.serve(&["--set", "carrier-stub.delayMs=600000"]);
    let api = server.api();
    assert_eq!(api.post("/12EEQ9CS9K10", "").await.status, 202);
    let outcome = api.get("/12EEQ9CS9K10").await.json();
    let nothing = ["trackingNumbers", "collectionBookingReference"].iter().all(|field| outcome[field].is_null());
    let no_document = outcome["documents"].as_object().unwrap().values().all(serde_json::Value::is_null);
    assert!(nothing && no_document && outcome["shipmentId"] == "12EEQ9CS9K10", "{outcome}");
}

#[tokio::test]
async fn a_key_makes_a_repeated_message_the_same_one_and_stands_for_one_message_only() {
    let folders = Folders::with(&GUESTS);
    let server = folders.serve(&["--set", "carrier-stub.delayMs=0"]);
    let api = server.api();
    let post = |body: &'static str| api.ask(axum::http::Method::POST, "/processes/12EEQ9CS9K10", &[("idempotency-key", "order 7")], body);
    let first = post("").await;
    let second = post("").await;
    assert_eq!((first.status, second.status), (202, 200));
    assert_eq!(first.text, second.text);
    let other = post(r#"{"kind":"ProcessShipment","data":null}"#).await;
    assert_eq!((other.status, other.json()["code"].as_str()), (422, Some("key-reused")), "{other:?}");
}

#[tokio::test]
async fn a_caller_that_waits_gets_the_end_and_is_told_how_long_it_would_have_been_waited() {
    let folders = Folders::with(&GUESTS);
    let server = folders.serve(&["--set", "carrier-stub.delayMs=0"]);
    let ended = server.api().ask(axum::http::Method::POST, "/V74YCBYHC8A0", &[("prefer", "wait=100")], "").await;
    assert_eq!((ended.status, ended.header("preference-applied")), (200, "wait=60"), "{ended:?}");
    assert_eq!(ended.json()["phase"], "completed");
    let late = folders_with_a_slow_carrier().await;
    assert_eq!((late.status, late.header("preference-applied")), (202, "wait=1"), "{late:?}");
    assert_eq!(late.json()["status"], "accepted");
}

async fn folders_with_a_slow_carrier() -> support::api::Answer {
    let folders = Folders::with(&GUESTS);
    let server = folders.serve(&["--set", "carrier-stub.delayMs=600000"]);
    server.api().ask(axum::http::Method::POST, "/V74YCBYHC8A0", &[("prefer", "wait=1")], "").await
}
