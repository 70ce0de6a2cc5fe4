//! Definitions come and go while processes run, and each process stays on the module that it began with.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod support;

use serde_json::Value;
use support::api::Api;
use support::expected::{expected, without_receipt};
use support::server::{Folders, GUESTS};
use support::{guest, until};

async fn definition(api: &Api, name: &str) -> Option<Value> {
    let answer = api.get(&format!("/definitions/{name}")).await;
    (answer.status == 200).then(|| answer.json())
}

#[tokio::test]
async fn a_running_process_keeps_its_module_after_a_hot_deploy_and_a_restart_without_its_file() {
    let folders = Folders::with(&GUESTS);
    let flags = ["--set", "carrier-stub.delayMs=4000"];
    let server = folders.serve(&flags);
    let api = server.api();
    assert_eq!(api.post("/12EEQ9CS9K10", "").await.json()["category"], "domestic-1.0");

    folders.drop_in("domestic-1.1");
    until("the new version", || definition(&api, "domestic-1.1")).await;
    assert_eq!(api.post("/12EEQ9CS9K20", "").await.json()["category"], "domestic-1.1");

    std::fs::remove_file(folders.definitions().join("domestic-1.0.wasm")).unwrap();
    let drained = until("the end of the old version", || async {
        definition(&api, "domestic-1.0").await.filter(|definition| definition["state"] != "active")
    })
    .await;
    let fields = ["state", "reason", "pending"].map(|field| drained[field].to_string());
    assert_eq!(fields, ["\"draining\"", "\"file-removed\"", "1"], "the old process has ended too early for this test");
    server.stop();

    let server = folders.serve(&flags);
    let api = server.api();
    for expected in [expected("12EEQ9CS9K10"), without_receipt("12EEQ9CS9K20")] {
        let process = api.settled(&expected.id, &expected).await;
        assert_eq!((process["phase"].as_str(), process["category"].as_str()), (Some("completed"), Some(expected.category.as_str())));
        expected.check(&api.history(&expected.id).await);
        expected.check_outcome(&process["outcome"]);
    }
    assert_eq!(api.history("12EEQ9CS9K10").await.iter().filter(|event| event["category"] == "domestic-1.0").count(), 15);
    let retired = definition(&api, "domestic-1.0").await.unwrap();
    assert_eq!((retired["state"].as_str(), retired["finished"].as_u64()), (Some("retired"), Some(1)), "{retired}");
}

#[tokio::test]
async fn new_bytes_for_a_category_are_a_new_module_for_new_processes() {
    let folders = Folders::with(&GUESTS);
    let server = folders.serve(&["--set", "carrier-stub.delayMs=0"]);
    let api = server.api();
    let before = definition(&api, "domestic-1.0").await.unwrap();
    let put = api.ask(axum::http::Method::PUT, "/definitions", &[], with_a_note("domestic-1.0")).await;
    assert_eq!((put.status, put.json()["outcome"].as_str()), (201, Some("new")), "{put:?}");
    let after = definition(&api, "domestic-1.0").await.unwrap();
    assert_ne!(before["module"], after["module"]);
    let old = definition(&api, before["module"].as_str().unwrap()).await.unwrap();
    assert_eq!((old["state"].as_str(), old["reason"].as_str()), (Some("retired"), Some("superseded")), "{old}");
    assert_eq!(api.post("/12EEQ9CS9K10", "").await.status, 202);
    let process = api.settled("12EEQ9CS9K10", &expected("12EEQ9CS9K10")).await;
    assert_eq!(process["module"], after["module"]);
    // The same bytes once more change nothing.
    let again = api.ask(axum::http::Method::PUT, "/definitions", &[], with_a_note("domestic-1.0")).await;
    assert_eq!((again.status, again.json()["outcome"].as_str()), (200, Some("unchanged")), "{again:?}");
}

#[tokio::test]
async fn a_drained_definition_takes_no_new_processes() {
    let folders = Folders::with(&GUESTS);
    let server = folders.serve(&[]);
    let api = server.api();
    let drained = api.ask(axum::http::Method::DELETE, "/definitions/domestic-1.0", &[], "").await;
    assert_eq!((drained.status, drained.json()["reason"].as_str()), (200, Some("operator")), "{drained:?}");
    let refused = api.post("/12EEQ9CS9K10", "").await;
    assert_eq!(refused.status, 422, "{refused:?}");
    assert_eq!(api.get("/12EEQ9CS9K10").await.status, 404);
}

/// A guest with other bytes that do the same: a custom section at its end.
fn with_a_note(name: &str) -> Vec<u8> {
    let mut bytes = std::fs::read(guest(name)).unwrap();
    bytes.extend([0, 5, 4, b'n', b'o', b't', b'e']);
    bytes
}
