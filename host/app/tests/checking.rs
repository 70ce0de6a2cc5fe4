//! A new version is held against what is recorded: on demand, before it is let in, and while shipments are under way.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod support;

use std::path::Path;

use axum::http::Method;
use serde_json::Value;
use support::api::Api;
use support::server::{Ended, Folders, GUESTS, Server, run, run_on};
use support::{Random, guest, until};

/// Completed domestic shipments of every history here.
const SHIPMENTS: u64 = 6;
/// The definitions of 1.1, whose international shipments undo what was done.
const UNDOING: [&str; 6] = [
    "shipment-classifier-1.0",
    "domestic-1.1",
    "international-1.1",
    "manifestation-and-documents-1.1",
    "collection-booking-1.1",
    "carrier-stub-1.1",
];

/// Starts shipments and waits for their ends.
async fn ship(api: &Api, ids: &[String]) {
    for id in ids {
        assert_eq!(api.post(&format!("/{id}"), "").await.status, 202, "{id}");
    }
    for id in ids {
        until(&format!("the end of {id}"), || async {
            let process = api.ask(Method::GET, &format!("/processes/{id}"), &[("prefer", "wait=30")], "").await.json();
            ["completed", "failed", "cancelled"].contains(&process["phase"].as_str().unwrap()).then_some(())
        })
        .await;
    }
}

/// Domestic shipments that take every step.
async fn with_histories() -> (Folders, Server) {
    let folders = Folders::with(&GUESTS);
    let server = folders.serve(&["--set", "carrier-stub.delayMs=0"]);
    ship(&server.api(), &(0..SHIPMENTS).map(|number| format!("12EEQ9CS9K{number}0")).collect::<Vec<_>>()).await;
    (folders, server)
}

/// International shipments, one of which is undone: version 1.0 does not know what is recorded then.
async fn with_undone(flags: &[&str]) -> (Folders, Server) {
    let folders = Folders::with(&UNDOING);
    let server = folders.serve(&[&["--set", "carrier-stub.delayMs=0"], flags].concat());
    ship(&server.api(), &["V74YCBYHC8A0", "V74YCBYHC8A1"].map(str::to_owned)).await;
    (folders, server)
}

/// A guest with one word written otherwise wherever it stands.
fn misspelt(name: &str, from: &str, to: &str) -> Vec<u8> {
    let mut bytes = std::fs::read(guest(name)).unwrap();
    assert_eq!(from.len(), to.len());
    let places: Vec<usize> = bytes.windows(from.len()).enumerate().filter(|(_, at)| *at == from.as_bytes()).map(|(at, _)| at).collect();
    assert!(!places.is_empty(), "{from} is not in {name}");
    places.into_iter().for_each(|at| bytes[at..at + to.len()].copy_from_slice(to.as_bytes()));
    bytes
}

/// Claims to be 1.1, and cannot read what that records.
fn unreadable() -> Vec<u8> {
    misspelt("international-1.0", "international-1.0", "international-1.1")
}

/// Claims to be 1.0, and asks for something else.
fn otherwise() -> Vec<u8> {
    misspelt("domestic-1.0", "GenerateShipmentReceipt", "GenerateShipmentReceivd")
}

fn check(file: &Path, url: &str) -> (Ended, Value) {
    let ended = run(&["definitions", "check", file.to_str().unwrap(), "--history", "all", "--json", "--url", url]);
    let report = serde_json::from_str(&ended.out).unwrap_or(Value::Null);
    (ended, report)
}

/// Numbers of a report: histories, folded, same, otherwise.
fn histories(report: &Value) -> [u64; 4] {
    ["histories", "folded", "same", "otherwise"].map(|field| report["history"][field].as_u64().unwrap())
}

fn put_aside(folders: &Folders, name: &str, bytes: &[u8]) -> std::path::PathBuf {
    let file = folders.data().join(format!("../{name}.wasm"));
    std::fs::write(&file, bytes).unwrap();
    file
}

#[tokio::test]
async fn a_check_tells_exactly_what_a_new_version_decides_otherwise() {
    let (folders, server) = with_histories().await;

    let (same, report) = check(&guest("domestic-1.0"), &server.url);
    assert_eq!((same.code, histories(&report)), (0, [SHIPMENTS, SHIPMENTS, SHIPMENTS, 0]), "{same:?}");
    assert_eq!(report["history"]["decisions"]["lost"], 0);

    // Without a receipt: what leads to one, what follows it, and the document itself.
    let (differs, report) = check(&guest("domestic-1.1"), &server.url);
    assert_eq!((differs.code, histories(&report)), (6, [SHIPMENTS, SHIPMENTS, 0, SHIPMENTS]), "{differs:?}");
    let decisions = &report["history"]["decisions"];
    assert_eq!(decisions["otherwise"].as_u64(), Some(3 * SHIPMENTS), "{decisions}");
    assert_eq!(decisions["recorded"].as_u64(), decisions["same"].as_u64().map(|same| same + 3 * SHIPMENTS), "{decisions}");
    let findings = report["history"]["findings"].as_array().unwrap();
    let mut triggers: Vec<&str> = findings.iter().map(|finding| finding["trigger"].as_str().unwrap()).collect();
    triggers.sort_unstable();
    triggers.dedup();
    assert_eq!(triggers, ["ReceiptGenerationCompleted", "ShipmentLabelsGenerationCompleted", "ShipmentReceiptGenerated"]);
    let first = &findings[0]["difference"];
    assert_eq!((first["place"].as_str(), first["path"].as_str()), (Some("event 1"), Some("kind")), "{first}");

    let text = run(&["definitions", "check", guest("domestic-1.1").to_str().unwrap(), "--url", &server.url]);
    assert!(text.code == 6 && text.out.contains("First findings") && text.out.contains("domestic-1.0"), "{text:?}");
    server.stop();

    // The same where no server runs, and nothing of it is kept.
    for (name, code) in [("domestic-1.0", 0), ("domestic-1.1", 6), ("carrier-stub-1.1", 0), ("collection-booking-1.0", 0)] {
        let ended = run_on(&["definitions", "check", guest(name).to_str().unwrap()], &folders.data());
        assert_eq!(ended.code, code, "{name}: {ended:?}");
    }
    assert!(!run_on(&["definitions", "list"], &folders.data()).out.contains("domestic-1.1"));
    let sample = run_on(&["definitions", "check", guest("domestic-1.1").to_str().unwrap(), "--history", "sample"], &folders.data());
    assert_eq!(sample.code, 6, "{sample:?}");
}

#[tokio::test]
async fn every_recorded_decision_of_the_example_can_be_made_again() {
    let folders = Folders::with(&UNDOING);
    let server = folders.serve(&["--set", "carrier-stub.delayMs=0"]);
    let api = server.api();
    let mut random = Random(11);
    let mut ids: Vec<String> = (0..24).map(|_| random.shipment()).collect();
    ids.dedup();
    for id in &ids {
        assert!([200, 202].contains(&api.post(&format!("/{id}"), "").await.status), "{id}");
    }
    for id in &ids {
        api.ask(Method::GET, &format!("/processes/{id}"), &[("prefer", "wait=5")], "").await;
    }
    server.stop();
    for name in UNDOING.into_iter().filter(|name| name.ends_with("-1.1") && !name.starts_with("carrier")) {
        let ended = run_on(&["definitions", "check", guest(name).to_str().unwrap(), "--json"], &folders.data());
        let report: Value = serde_json::from_str(&ended.out).unwrap();
        let decisions = &report["history"]["decisions"];
        assert!(ended.code == 0 && decisions["recorded"].as_u64() > Some(0), "{name}: {ended:?}");
        assert_eq!((decisions["lost"].as_u64(), &decisions["same"]), (Some(0), &decisions["recorded"]), "{name}");
    }
}

#[tokio::test]
async fn a_version_that_cannot_read_what_is_recorded_is_told_apart_from_one_that_decides_otherwise() {
    let (folders, server) = with_undone(&[]).await;
    for file in [guest("international-1.0"), put_aside(&folders, "unreadable", &unreadable())] {
        let (broken, report) = check(&file, &server.url);
        assert_eq!((broken.code, histories(&report)), (3, [2, 1, 0, 1]), "{broken:?}");
        let finding = &report["history"]["findings"][0];
        assert_eq!((finding["class"].as_str(), finding["stream"].as_str()), (Some("does-not-fold"), Some("V74YCBYHC8A1-Process")));
        assert!(finding["text"].as_str().unwrap().contains("knows no such kind"), "{finding}");
    }
}

#[tokio::test]
async fn histories_are_read_with_an_upcaster_and_across_moves() {
    let folders = Folders::with(&["ticket-1.0"]);
    let server = folders.serve(&["--gate", "refuse"]);
    let api = server.api();
    let tell = async |id: &str, kind: &str, data: &str| {
        let answer = api.post(&format!("/processes/{id}"), &format!("{{\"kind\":\"{kind}\",\"data\":{data}}}")).await;
        assert_eq!(answer.status, 202, "{answer:?}");
    };
    for id in ["T1", "T2"] {
        tell(id, "OpenTicket", "{\"title\":\"printer on fire\"}").await;
    }
    // Everything is told in other words, which the gate allows to a version that takes over.
    let (status, taken) = deploy(&api, std::fs::read(guest("ticket-2.0")).unwrap()).await;
    assert_eq!((status, taken["gate"]["outcome"].as_str()), (201, Some("passed")), "{taken}");
    let (differs, report) = check(&guest("ticket-2.0"), &server.url);
    assert_eq!((differs.code, histories(&report)), (6, [2, 2, 0, 2]), "{differs:?}");
    let moved = run(&["process", "migrate", "--from", "ticket-1.0", "--to", "ticket-2.0", "--id", "T1", "--url", &server.url]);
    assert_eq!(moved.code, 0, "{moved:?}");
    tell("T1", "AnswerTicket", "{\"answer\":\"use water\"}").await;
    let (_, report) = check(&guest("ticket-2.0"), &server.url);
    let of = |category: &str| report["history"]["byCategory"][category]["histories"].as_u64();
    assert_eq!((histories(&report), of("ticket-1.0"), of("ticket-2.0")), ([2, 2, 0, 2], Some(1), Some(1)), "{report}");
    assert_eq!(report["history"]["decisions"]["lost"], 0, "{report}");
    let (broken, report) = check(&guest("ticket-1.0"), &server.url);
    assert_eq!((broken.code, histories(&report)), (3, [2, 1, 1, 0]), "{broken:?}");
}

#[test]
fn a_check_that_nobody_can_answer_says_so() {
    let file = guest("domestic-1.0");
    let alone = run(&["definitions", "check", file.to_str().unwrap(), "--history", "none"]);
    assert!(alone.code == 0 && alone.err.is_empty() && alone.out.contains("passes"), "{alone:?}");
    let silent = run(&["definitions", "check", file.to_str().unwrap(), "--url", "http://127.0.0.1:1"]);
    assert!(silent.code == 1 && silent.err.contains("no server answers"), "{silent:?}");
    let odd = run(&["definitions", "check", file.to_str().unwrap(), "--history", "some"]);
    assert_eq!(odd.code, 2, "{odd:?}");
    let folders = Folders::with(&[]);
    let server = folders.serve(&[]);
    let broken = put_aside(&folders, "broken", b"no component");
    let refused = run(&["definitions", "check", broken.to_str().unwrap(), "--url", &server.url]);
    assert!(refused.code == 3 && refused.err.contains("is refused"), "{refused:?}");
    let (new, report) = check(&file, &server.url);
    assert_eq!((new.code, histories(&report)[0]), (0, 0), "{new:?}");
}

#[tokio::test]
async fn the_route_of_a_check_hides_no_definition_and_takes_no_odd_question() {
    let folders = Folders::with(&[]);
    let server = folders.serve(&[]);
    let api = server.api();
    for method in [Method::GET, Method::DELETE] {
        let answer = api.ask(method, "/definitions/check", &[], "").await;
        assert_eq!((answer.status, answer.json()["code"].as_str()), (404, Some("unknown-definition")), "{answer:?}");
    }
    let component = || std::fs::read(guest("domestic-1.0")).unwrap();
    let odd = api.ask(Method::POST, "/definitions/check?history=some", &[], component()).await;
    assert_eq!(odd.status, 422, "{odd:?}");
    let router = api.ask(Method::POST, "/definitions/check", &[], std::fs::read(guest("shipment-classifier-1.0")).unwrap()).await;
    assert!(router.status == 200 && router.json()["history"].is_null(), "{router:?}");
    let answer = api.ask(Method::POST, "/definitions/check", &[], component()).await;
    assert_eq!(answer.header("content-type"), "application/x-ndjson");
    let last: Value = serde_json::from_str(answer.text.lines().last().unwrap()).unwrap();
    assert_eq!((last["outcome"].as_str(), last["history"]["histories"].as_u64()), (Some("passes"), Some(0)), "{last}");
    assert!(api.get("/definitions").await.json()["items"].as_array().unwrap().is_empty(), "a check keeps nothing");
}

async fn deploy(api: &Api, bytes: Vec<u8>) -> (u16, Value) {
    let answer = api.ask(Method::PUT, "/definitions", &[], bytes).await;
    (answer.status, answer.json())
}

/// A gate turned this down, and says why.
fn is_refused((status, problem): (u16, Value), category: &str, why: &str) {
    let detail = problem["detail"].as_str().unwrap();
    assert_eq!((status, problem["code"].as_str()), (409, Some("gate-refused")), "{problem}");
    assert!(detail.contains(why) && detail.contains(category) && detail.contains("-Process"), "{detail}");
}

#[tokio::test]
async fn a_gate_that_refuses_lets_in_what_keeps_its_promise_and_nothing_else() {
    let (folders, server) = with_histories().await;
    server.stop();
    let server = folders.serve(&["--set", "carrier-stub.delayMs=0", "--gate", "refuse"]);
    let api = server.api();
    is_refused(deploy(&api, otherwise()).await, "domestic-1.0", "should have a new version");
    // It decides otherwise, as a new version may, and folds what it takes over.
    let (status, taken) = deploy(&api, std::fs::read(guest("domestic-1.1")).unwrap()).await;
    assert_eq!((status, taken["gate"]["outcome"].as_str()), (201, Some("passed")), "{taken}");
    assert_eq!(taken["gate"]["sample"]["histories"].as_u64(), Some(SHIPMENTS), "{taken}");

    std::fs::write(folders.definitions().join("bad.wasm"), otherwise()).unwrap();
    std::fs::remove_file(folders.definitions().join("domestic-1.0.wasm")).unwrap();
    let refused = until("the refusal of the file", || async {
        let all = api.get("/definitions").await.json();
        let bad = all["refused"].as_array().unwrap().iter().find(|file| file["file"] == "bad.wasm").cloned();
        bad.filter(|file| file["reason"].as_str().unwrap().contains("the gate refuses domestic-1.0"))
    })
    .await;
    assert!(refused["reason"].as_str().unwrap().contains("on ShipmentLabelsGenerationCompleted"), "{refused}");
    ship(&api, &["12EEQ9CS9KZ0".to_owned()]).await;
    assert_eq!(api.get("/processes/12EEQ9CS9KZ0").await.json()["category"], "domestic-1.1");
}

#[tokio::test]
async fn a_gate_refuses_what_does_not_fold_the_histories_of_its_own_category() {
    let (_folders, server) = with_undone(&["--gate", "refuse"]).await;
    let api = server.api();
    is_refused(deploy(&api, unreadable()).await, "international-1.1", "does not fold 1 of 2 histories");
    // An older version promises nothing about what a newer one has recorded.
    let (status, taken) = deploy(&api, std::fs::read(guest("international-1.0")).unwrap()).await;
    assert_eq!((status, taken["gate"]["outcome"].as_str()), (201, Some("passed")), "{taken}");
    assert_eq!(taken["gate"]["sample"]["notFolded"].as_u64(), Some(1), "{taken}");
}

#[tokio::test]
async fn a_gate_warns_where_nothing_is_said_and_may_be_open() {
    let (folders, server) = with_undone(&[]).await;
    let (status, taken) = deploy(&server.api(), unreadable()).await;
    assert_eq!((status, taken["gate"]["outcome"].as_str()), (201, Some("warned")), "{taken}");
    assert!(taken["gate"]["reasons"][0].as_str().unwrap().contains("does not fold"), "{taken}");
    let shown = run(&["definitions", "show", taken["module"].as_str().unwrap(), "--json", "--url", &server.url]);
    let shown: Value = serde_json::from_str(&shown.out).unwrap();
    assert_eq!(shown["gate"], taken["gate"]);
    server.stop();
    let (folders, server) = (folders, with_histories().await);
    server.1.stop();
    let server = server.0.serve(&["--gate", "off"]);
    let (status, taken) = deploy(&server.api(), otherwise()).await;
    assert!(status == 201 && taken["gate"].is_null(), "{taken}");
    assert_eq!(run_on(&["serve", "--gate", "ajar"], &folders.data()).code, 2);
}

#[tokio::test]
async fn a_check_beside_256_shipments_fails_none_of_them_and_nobody_reads_what_is_not_durable() {
    let folders = Folders::with(&GUESTS);
    let server = folders.serve(&["--set", "carrier-stub.delayMs=20"]);
    let url = server.url.clone();
    let load = std::thread::spawn(move || {
        run(&["load-test", "--workers", "256", "--shipments", "4", "--delay-ms", "0", "--ids", "domestic", "--json", "--url", &url])
    });
    let mut looked = 0;
    while !load.is_finished() {
        let (ended, report) = check(&guest("domestic-1.0"), &server.url);
        assert_eq!(ended.code, 0, "{ended:?}");
        let [histories, folded, same, _] = histories(&report);
        assert!(histories == folded && histories == same, "{ended:?}");
        looked = histories;
    }
    let load = load.join().unwrap();
    let report: Value = serde_json::from_str(&load.out).unwrap();
    assert_eq!((load.code, &report["started"]), (0, &report["completed"]), "{load:?}");
    assert!(looked > 0, "no check saw a history");
}
