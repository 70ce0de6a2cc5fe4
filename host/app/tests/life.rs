//! The life of a module, from outside: kept for later, activated, gone back from, removed, and all of it under load.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod support;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::http::Method;
use serde_json::{Value, json};
use support::api::Api;
use support::server::{Ended, Folders, GUESTS, Server, run};
use support::{Random, guest, until};
use tokio::sync::Semaphore;

/// A command against a server; it must come to this exit code.
fn definitions(server: &Server, arguments: &[&str], code: i32) -> Ended {
    let ended = run(&[&["definitions"], arguments, &["--url", &server.url]].concat());
    assert_eq!(ended.code, code, "{arguments:?}: {ended:?}");
    ended
}

async fn definition(api: &Api, name: &str) -> Value {
    let answer = api.get(&format!("/definitions/{name}")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

async fn state(api: &Api, name: &str) -> String {
    definition(api, name).await["state"].as_str().unwrap().to_owned()
}

async fn category_of_a_new(api: &Api, id: &str) -> String {
    let begun = api.post(&format!("/{id}"), "").await;
    assert_eq!(begun.status, 202, "{begun:?}");
    begun.json()["category"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_module_is_kept_for_later_activated_gone_back_from_and_removed_from_the_command_line() {
    let folders = Folders::with(&GUESTS);
    let server = folders.serve(&["--set", "carrier-stub.delayMs=0"]);
    let api = server.api();
    let file = guest("domestic-1.1");

    let kept = definitions(&server, &["deploy", file.to_str().unwrap(), "--inactive"], 0);
    assert!(kept.out.contains("checked"), "{kept:?}");
    assert_eq!(category_of_a_new(&api, "12EEQ9CS9K10").await, "domestic-1.0");
    definitions(&server, &["activate", "domestic-1.1"], 0);
    assert_eq!(category_of_a_new(&api, "12EEQ9CS9K20").await, "domestic-1.1");

    let back = definitions(&server, &["rollback", "domestic"], 0);
    let lines: Vec<&str> = back.out.lines().collect();
    assert!(lines[1].starts_with("from  domestic-1.1") && lines[2].starts_with("to    domestic-1.0"), "{back:?}");
    assert_eq!(category_of_a_new(&api, "12EEQ9CS9K30").await, "domestic-1.0");
    let nothing = definitions(&server, &["rollback", "domestic"], 3);
    assert!(nothing.err.contains("nothing was active before domestic-1.0"), "{nothing:?}");

    // One shipment began on it, so it stays, and says why.
    let stays = definitions(&server, &["prune", "--json"], 0);
    let stays: Value = serde_json::from_str(&stays.out).unwrap();
    assert_eq!((stays["items"][0]["category"].as_str(), stays["items"][0]["code"].as_str()), (Some("domestic-1.1"), Some("in-use")));

    definitions(&server, &["deploy", guest("ticket-1.0").to_str().unwrap(), "--inactive"], 0);
    let dry = definitions(&server, &["prune", "ticket-1.0", "--dry-run"], 0);
    assert!(dry.out.contains("would-be-removed"), "{dry:?}");
    definitions(&server, &["prune", "ticket-1.0"], 0);
    let listed = definitions(&server, &["list"], 0);
    assert!(!listed.out.contains("ticket-1.0"), "{listed:?}");
    assert!(definitions(&server, &["list", "--removed"], 0).out.contains("ticket-1.0"));
    assert_eq!(state(&api, "ticket-1.0").await, "removed");
    server.stop();

    // All of it is as it was after a restart, and without the pruned bytes.
    let server = folders.serve(&["--set", "carrier-stub.delayMs=0"]);
    let api = server.api();
    let states = [state(&api, "domestic-1.0").await, state(&api, "ticket-1.0").await];
    assert_eq!(states, ["active", "removed"]);
    let rolled_back = definition(&api, "domestic-1.1").await;
    assert_eq!((rolled_back["state"].as_str(), rolled_back["reason"].as_str()), (Some("retired"), Some("rolled-back")), "{rolled_back}");
    server.stop();
    let verified = run(&["verify", "--data", folders.data().to_str().unwrap()]);
    assert_eq!(verified.code, 0, "{verified:?}");
}

#[tokio::test]
async fn a_module_whose_file_is_still_there_is_not_removed_and_a_restart_does_not_bring_a_drained_one_back() {
    let folders = Folders::with(&["ticket-1.0"]);
    let server = folders.serve(&[]);
    let drained = definitions(&server, &["drain", "ticket-1.0"], 0);
    assert!(drained.out.contains("retired"), "{drained:?}");
    assert!(definitions(&server, &["prune"], 0).out.contains("ticket-1.0.wasm is still in the definitions folder"));
    std::fs::remove_file(folders.definitions().join("ticket-1.0.wasm")).unwrap();
    until("the end of its file", || async { definition(&server.api(), "ticket-1.0").await["file"].is_null().then_some(()) }).await;
    assert!(definitions(&server, &["prune"], 0).out.contains("removed"));
    server.stop();
    let server = folders.serve(&[]);
    assert_eq!(state(&server.api(), "ticket-1.0").await, "removed");
    folders.drop_in("ticket-1.0");
    until("its return", || async { (state(&server.api(), "ticket-1.0").await == "active").then_some(()) }).await;
}

/// A guest with other bytes that do the same: a custom section at its end.
fn with_a_note(name: &str, note: u8) -> Vec<u8> {
    [std::fs::read(guest(name)).unwrap(), vec![0, 5, 4, b'n', b'o', b't', note]].concat()
}

/// Begins shipments, so many at once; every one must be taken.
async fn begin(api: &Api, ids: Vec<String>, at_once: usize) {
    let connections = Arc::new(Semaphore::new(at_once));
    let mut tasks = tokio::task::JoinSet::new();
    for id in ids {
        let (api, connections) = (api.clone(), Arc::clone(&connections));
        tasks.spawn(async move {
            let _connection = connections.acquire().await.unwrap();
            let begun = api.post(&format!("/processes/{id}"), "").await;
            assert_eq!(begun.status, 202, "{begun:?}");
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
}

async fn changed(api: &Api, method: Method, path: &str, body: Vec<u8>) -> Value {
    let answer = api.ask(method, path, &[], body).await;
    assert!([200, 201].contains(&answer.status), "{path}: {answer:?}");
    answer.json()
}

#[tokio::test(flavor = "multi_thread")]
async fn modules_come_go_and_come_back_while_256_shipments_are_in_flight_and_no_request_fails() {
    let folders = Folders::with(&GUESTS);
    let server = folders.serve(&["--set", "carrier-stub.delayMs=2000"]);
    let api = server.api();
    let mut random = Random(17);
    let ids: Vec<String> = (0..512).map(|_| format!("1{}0", &random.shipment()[1..11])).collect();
    begin(&api, ids[..256].to_vec(), 64).await;
    let is_done = Arc::new(AtomicBool::new(false));
    let began = tokio::spawn({
        let (api, ids, is_done) = (api.clone(), ids[256..].to_vec(), Arc::clone(&is_done));
        async move {
            begin(&api, ids, 4).await;
            is_done.store(true, Ordering::SeqCst);
        }
    });
    let mut modules = BTreeMap::from([(definition(&api, "domestic-1.0").await["module"].as_str().unwrap().to_owned(), "domestic-1.0")]);
    let mut rounds = 0;
    // At least three times, and as long as shipments come in.
    while rounds < 3 || !is_done.load(Ordering::SeqCst) {
        rounds += 1;
        let superseding = changed(&api, Method::PUT, "/definitions", with_a_note("domestic-1.0", b'0' + (rounds % 10))).await;
        modules.insert(superseding["module"].as_str().unwrap().to_owned(), "domestic-1.0");
        let newer = changed(&api, Method::PUT, "/definitions?inactive=true", std::fs::read(guest("domestic-1.1")).unwrap()).await;
        modules.insert(newer["module"].as_str().unwrap().to_owned(), "domestic-1.1");
        changed(&api, Method::POST, "/definitions/domestic-1.1/activate", Vec::new()).await;
        let moved = api.post("/migrations", &json!({ "from": "domestic-1.0", "to": "domestic-1.1" }).to_string()).await;
        assert_eq!(moved.status, 200, "{moved:?}");
        // The new version first, and then the new bytes of the old one.
        for from in ["domestic-1.1", "domestic-1.0"] {
            let back = changed(&api, Method::POST, "/definitions/domestic/rollback", Vec::new()).await;
            assert_eq!(back["from"]["category"].as_str(), Some(from), "{back}");
        }
        changed(&api, Method::POST, "/definitions/prune", Vec::new()).await;
    }
    began.await.unwrap();
    for id in &ids {
        let process = until(&format!("the end of {id}"), || async {
            let process = api.ask(Method::GET, &format!("/processes/{id}"), &[("prefer", "wait=30")], "").await.json();
            (process["phase"] != "running").then_some(process)
        })
        .await;
        assert_eq!(process["phase"], "completed", "{process}");
        let history = api.history(id).await;
        let root = format!("{id}-Process");
        let mut here: Option<&str> = None;
        for event in history.iter().filter(|event| event["stream"] == root.as_str()) {
            let module = event["module"].as_str().unwrap();
            assert_eq!(modules.get(module).copied(), event["category"].as_str(), "{id} was decided by nobody that was deployed: {event}");
            assert!(
                event["kind"] == "ProcessCategoryChanged" || here.is_none_or(|here| here == module),
                "{id} was decided elsewhere: {event}"
            );
            here = Some(module);
        }
        assert_eq!(process["module"].as_str(), here, "{process}");
    }
    server.stop();
    let verified = run(&["verify", "--data", folders.data().to_str().unwrap()]);
    assert_eq!(verified.code, 0, "{verified:?}");
}
