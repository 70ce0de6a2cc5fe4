//! Whatever comes in wrong gets a clear answer, and nothing that was there is lost.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod support;

use std::net::TcpListener;

use axum::http::Method;
use serde_json::Value;
use support::api::{Answer, Api};
use support::expected::expected;
use support::server::{Folders, GUESTS, procession, run};
use support::{guest, until};

/// A problem document of this status and code whose detail says all of this.
fn assert_problem(answer: &Answer, status: u16, code: &str, says: &[&str]) {
    assert_eq!((answer.status, answer.header("content-type")), (status, "application/problem+json"), "{answer:?}");
    let problem = answer.json();
    assert_eq!((problem["status"].as_u64(), problem["code"].as_str()), (Some(u64::from(status)), Some(code)), "{problem}");
    assert!(problem["type"].is_string() && problem["title"].is_string() && problem["instance"].is_string(), "{problem}");
    let detail = problem["detail"].as_str().unwrap();
    assert!(says.iter().all(|words| detail.contains(words)), "{detail:?} does not say {says:?}");
}

#[tokio::test]
async fn every_wrong_request_is_refused_with_its_reason_and_disturbs_nothing() {
    let folders = Folders::with(&GUESTS);
    let server = folders.serve(&["--set", "carrier-stub.delayMs=0"]);
    let api = server.api();
    assert_eq!(api.post("/12EEQ9CS9K10", "").await.status, 202);
    let overlong = format!("/{}", "x".repeat(129));
    let odd = "/a%20b";
    for path in [
        "/",
        "/processes/",
        &overlong,
        odd,
        "/-a",
        "/processes",
        "/streams",
        "/definitions",
        "/healthz",
        "/readyz",
        "/events",
        "/metrics",
        "/dead-letters",
    ] {
        assert_problem(&api.post(path, "").await, 422, "invalid-name", &["process id"]);
    }
    let large = format!(r#"{{"kind":"ProcessShipment","data":"{}"}}"#, "x".repeat(300_000));
    let payload = format!(r#"{{"kind":"ProcessShipment","data":"{}"}}"#, "x".repeat(262_200));
    let bodies: [(&str, u16, &str, &[&str]); 11] = [
        (r#"{"kind":"#, 400, "malformed", &["line 1 column 8"]),
        ("{\"kind\":\"A\"} x", 400, "malformed", &["line 1"]),
        ("[]", 422, "invalid-body", &["an object"]),
        ("{}", 422, "invalid-body", &["missing field `kind`"]),
        (r#"{"kind":7}"#, 422, "invalid-body", &["kind: invalid type: integer"]),
        (r#"{"kind":"ProcessShipment","dta":{}}"#, 422, "invalid-body", &["unknown field `dta`"]),
        (r#"{"kind":"two words"}"#, 422, "invalid-name", &["kind \"two words\""]),
        (r#"{"kind":"Nobody"}"#, 422, "unhandled-kind", &["Nobody"]),
        (r#"{"kind":"ProcessShipment","data":{},"category":"nope-1.0"}"#, 422, "unknown-category", &["nope-1.0", "domestic-1.0"]),
        (&large, 413, "too-large", &["bytes"]),
        (&payload, 413, "too-large", &["262144"]),
    ];
    for (body, status, code, says) in bodies {
        assert_problem(&api.post("/processes/V74YCBYHC8A9", body).await, status, code, says);
    }
    assert_eq!(api.get("/V74YCBYHC8A9").await.status, 404, "a refused request has left something behind");
    api.settled("12EEQ9CS9K10", &expected("12EEQ9CS9K10")).await;
    expected("12EEQ9CS9K10").check(&api.history("12EEQ9CS9K10").await);
}

#[tokio::test]
async fn a_start_that_its_definition_cannot_take_names_the_field() {
    let folders = Folders::with(&GUESTS);
    let server = folders.serve(&[]);
    let api = server.api();
    let leg = r#"{"carrierId":"c","sender":"s","receiver":"r","collection":"c"}"#;
    let cases = [
        (r#""legs":[],"collectionDate":"2026-01-01","timeZone":"Europe/London""#.to_owned(), "legs"),
        (r#""legs":7,"collectionDate":"2026-01-01","timeZone":"Europe/London""#.to_owned(), "legs"),
        (
            format!(
                r#""legs":[{}],"collectionDate":"2026-01-01","timeZone":"Europe/London""#,
                r#"{"sender":"s","receiver":"r","collection":"c"}"#
            ),
            "carrierId",
        ),
        (format!(r#""legs":[{leg}],"collectionDate":"soon","timeZone":"Europe/London""#), "collectionDate"),
    ];
    for (fields, says) in cases {
        let body = format!(r#"{{"kind":"ProcessShipment","data":{{"shipmentId":"V74YCBYHC8A9",{fields}}}}}"#);
        let answer = api.post("/V74YCBYHC8A9", &body).await;
        assert_eq!(answer.status, 422, "{body}: {answer:?}");
        assert!(answer.json()["detail"].as_str().unwrap().contains(says), "{body}: {answer:?}");
    }
}

#[tokio::test]
async fn wrong_routes_methods_and_parameters_say_what_there_is() {
    let folders = Folders::with(&[]);
    let server = folders.serve(&[]);
    let api = server.api();
    assert_problem(&api.get("/nowhere/at/all").await, 404, "unknown-route", &["/processes/{id}/history"]);
    let wrong = api.ask(Method::DELETE, "/processes", &[], "").await;
    assert_problem(&wrong, 405, "wrong-method", &["DELETE"]);
    assert!(wrong.header("allow").contains("GET"), "{wrong:?}");
    assert_problem(&api.get("/processes?limt=7").await, 422, "invalid-parameter", &["limt"]);
    assert_problem(&api.get("/processes?limit=many").await, 422, "invalid-parameter", &["limit"]);
    assert_problem(&api.get("/processes?phase=done").await, 422, "invalid-parameter", &["done", "completed"]);
    assert_problem(&api.get("/processes?tag=x").await, 422, "invalid-parameter", &["name:value"]);
    assert_problem(&api.get("/streams/nodash").await, 422, "invalid-name", &["{process-id}-{suffix}"]);
    assert_problem(&api.get("/streams/A-Process").await, 404, "unknown-stream", &["A-Process"]);
    assert_problem(&api.get("/streams/A-Process?direction=up").await, 422, "invalid-parameter", &["forward"]);
    assert_problem(&api.get("/processes/A/history").await, 404, "unknown-process", &["A"]);
    assert_problem(&api.post("/processes/A/retry", "").await, 404, "unknown-process", &["A"]);
    assert_problem(&api.get("/definitions/nope-1.0").await, 404, "unknown-definition", &["nope-1.0"]);
}

#[tokio::test]
async fn a_page_of_another_origin_starts_nothing() {
    let folders = Folders::with(&GUESTS);
    let server = folders.serve(&[]);
    let api = server.api();
    let foreign = api.ask(Method::POST, "/12EEQ9CS9K10", &[("origin", "http://evil.example")], "").await;
    assert_problem(&foreign, 403, "foreign-page", &["origin", "token"]);
    assert_eq!(api.get("/12EEQ9CS9K10").await.status, 404);
}

#[tokio::test]
async fn a_message_from_outside_that_is_no_cloud_event_is_refused_and_one_that_nobody_handles_waits() {
    let folders = Folders::with(&GUESTS);
    let server = folders.serve(&["--set", "carrier-stub.delayMs=0"]);
    let api = server.api();
    let event = |extra: &str| format!(r#"{{"specversion":"1.0","id":"1","source":"/carrier","type":"Whatever","subject":"A1"{extra}}}"#);
    assert_problem(&api.post("/messages", r#"{"specversion":"1.0"}"#).await, 422, "invalid-body", &["missing field"]);
    assert_problem(&api.post("/messages", &event(r#","time":"noon""#)).await, 422, "invalid-body", &["time"]);
    assert_problem(&api.post("/messages", &event(r#","data_base64":"AA==""#)).await, 422, "invalid-body", &["data_base64"]);
    let waits = api.post("/messages", &event(r#","data":{}"#)).await;
    assert_eq!((waits.status, waits.json()["status"].as_str()), (202, Some("waiting")), "{waits:?}");
    let again = api.post("/messages", &event(r#","data":{}"#)).await;
    assert_eq!((again.status, again.json()["message"].as_str()), (200, Some("/carrier 1")), "{again:?}");
}

/// Files that are no definition, and what is said about them.
fn hostile() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let wasi = r#"(component (import "wasi:cli/environment@0.2.0" (instance)))"#;
    let whole = std::fs::read(guest("domestic-1.0")).unwrap();
    vec![
        ("text", b"this is no WebAssembly".to_vec(), "not-a-component"),
        ("empty", Vec::new(), "not-a-component"),
        ("core", wat::parse_str("(module)").unwrap(), "not-a-component"),
        ("truncated", whole[..whole.len() / 2].to_vec(), "not-a-component"),
        ("other-world", wat::parse_str("(component)").unwrap(), "wrong-world"),
        ("wasi", wat::parse_str(wasi).unwrap(), "wrong-world"),
    ]
}

#[tokio::test]
async fn a_file_that_is_no_definition_is_refused_over_http_and_on_the_command_line() {
    let folders = Folders::with(&[]);
    let server = folders.serve(&[]);
    for (name, bytes, code) in hostile() {
        let file = folders.data().join(format!("{name}.bin"));
        std::fs::write(&file, &bytes).unwrap();
        let put = server.api().ask(Method::PUT, "/definitions", &[], bytes).await;
        assert_problem(&put, 422, code, &[]);
        let checked = run(&["definitions", "check", file.to_str().unwrap()]);
        assert_eq!((checked.code, checked.err.contains("refused")), (3, true), "{name}: {checked:?}");
    }
    assert_eq!(server.api().get("/definitions").await.json()["items"], Value::Array(Vec::new()));
}

async fn refused(api: &Api, file: &str) -> Option<Value> {
    let all = api.get("/definitions").await.json();
    all["refused"].as_array().unwrap().iter().find(|refused| refused["file"] == file).cloned()
}

#[tokio::test]
async fn a_file_in_the_folder_that_cannot_be_taken_is_listed_with_its_reason_and_disturbs_nothing() {
    let folders = Folders::with(&GUESTS);
    std::fs::write(folders.definitions().join("text.wasm"), "this is no WebAssembly").unwrap();
    let server = folders.serve(&["--set", "carrier-stub.delayMs=0"]);
    let api = server.api();
    assert!(refused(&api, "text.wasm").await.is_some(), "a file that was there at the start is not listed");
    // Other bytes under a category that another file holds: which one counts is not for the host to guess.
    let mut twin = std::fs::read(guest("domestic-1.0")).unwrap();
    twin.extend([0, 5, 4, b'n', b'o', b't', b'e']);
    std::fs::write(folders.definitions().join("twin.wasm"), twin).unwrap();
    let twin = until("the refusal of the twin", || refused(&api, "twin.wasm")).await;
    let reason = twin["reason"].as_str().unwrap();
    assert!(reason.contains("domestic-1.0.wasm") && reason.contains("twin.wasm"), "{reason}");
    assert_eq!(api.post("/12EEQ9CS9K10", "").await.status, 202);
    api.settled("12EEQ9CS9K10", &expected("12EEQ9CS9K10")).await;
    let listed = run(&["definitions", "list", "--url", &server.url]);
    assert!(listed.out.contains("REFUSED FILE") && listed.out.contains("twin.wasm"), "{}", listed.out);
}

#[test]
fn a_server_that_cannot_start_says_what_to_do() {
    let folders = Folders::with(&[]);
    let server = folders.serve(&[]);
    let (data, definitions) = (folders.data(), folders.definitions());
    let start = |data: &std::path::Path, definitions: &std::path::Path, listen: &str| {
        let mut command = procession(&["serve", "--listen", listen, "--log", "off", "--data"]);
        let output = command.arg(data).arg("--definitions").arg(definitions).output().unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let other = Folders::with(&[]);

    let (code, text) = start(&data, &definitions, "127.0.0.1:0");
    assert!(code == 4 && text.contains(data.to_str().unwrap()) && text.contains("in use") && text.contains("--data"), "{code} {text}");

    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (code, text) = start(&other.data(), &other.definitions(), &address);
    assert!(code == 4 && text.contains(&address) && text.contains("in use") && text.contains("--listen"), "{code} {text}");

    let (code, text) = start(&other.data(), &other.definitions().join("gone"), "127.0.0.1:0");
    assert!(code == 2 && text.contains("gone") && text.contains("definitions folder"), "{code} {text}");

    let file = other.definitions().join("file");
    std::fs::write(&file, "").unwrap();
    let (code, text) = start(&other.data(), &file, "127.0.0.1:0");
    assert!(code == 2 && text.contains("definitions folder"), "{code} {text}");

    let (code, text) = start(&file, &other.definitions(), "127.0.0.1:0");
    assert!(code == 1 && text.contains("data folder"), "{code} {text}");

    let (code, text) = start(&other.data(), &other.definitions(), "0.0.0.0:0");
    assert!(code == 2 && text.contains("--token") && text.contains("--insecure"), "{code} {text}");
    server.stop();
}
