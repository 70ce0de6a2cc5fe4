//! The host in numbers: every line is well formed, every metric is documented, and the numbers move.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod support;

use std::collections::BTreeMap;

use support::expected::expected;
use support::server::{Folders, GUESTS};

/// The samples of a scrape, by name and labels. Every sample must stand behind the help and the type of its family.
fn samples(text: &str) -> BTreeMap<String, f64> {
    let (mut samples, mut helped, mut family) = (BTreeMap::new(), String::new(), String::new());
    for line in text.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            helped = help.split_once(' ').unwrap().0.to_owned();
        } else if let Some(typed) = line.strip_prefix("# TYPE ") {
            let (name, kind) = typed.split_once(' ').unwrap();
            assert_eq!((name, kind == "counter"), (helped.as_str(), name.ends_with("_total")), "{line}");
            family = name.to_owned();
        } else {
            let (name, value) = line.rsplit_once(' ').unwrap();
            assert_eq!(name.split('{').next().unwrap(), family, "{line}");
            assert!(samples.insert(name.to_owned(), value.parse().unwrap()).is_none(), "{line} stands there twice");
        }
    }
    samples
}

#[tokio::test]
async fn every_metric_is_well_formed_and_documented_and_counts_what_happened() {
    let folders = Folders::with(&GUESTS);
    let server = folders.serve(&["--set", "carrier-stub.delayMs=0"]);
    let api = server.api();
    let id = "12EEQ9CS9K10";
    assert_eq!(api.post(&format!("/{id}"), "").await.status, 202);
    api.settled(id, &expected(id)).await;
    let waits = r#"{"specversion":"1.0","id":"1","source":"/test","type":"Whatever","subject":"A1"}"#;
    assert_eq!(api.post("/messages", waits).await.status, 202);
    let scrape = api.get("/metrics").await;
    assert_eq!((scrape.status, scrape.header("content-type")), (200, "text/plain; version=0.0.4; charset=utf-8"));
    let samples = samples(&scrape.text);
    let docs = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/operations.md")).unwrap();
    for name in samples.keys().map(|name| name.split('{').next().unwrap()) {
        assert!(docs.contains(&format!("`{name}`")), "{name} is not in docs/operations.md");
    }
    let of = |name: &str| *samples.get(name).unwrap_or_else(|| panic!("{name} is missing: {samples:#?}"));
    assert_eq!((of("procession_store_up"), of("procession_dead_letters{state=\"unhandled\"}")), (1.0, 1.0));
    assert_eq!((of("procession_processes_stuck"), of("procession_processes{phase=\"running\"}")), (0.0, 0.0));
    assert!(of("procession_decisions_total{verdict=\"accepted\"}") >= 3.0 && of("procession_commits_total") >= 2.0);
    assert!(of("procession_adapter_calls_total") >= 2.0 && of("procession_requests_total") >= 2.0);
    assert!(of("procession_http_connections") >= 1.0 && of("procession_data_bytes") > 0.0);
    assert!(
        samples.iter().any(|(name, value)| name.contains("domestic-1.0") && name.contains("finished") && *value == 1.0),
        "{samples:#?}"
    );
    assert!(samples.keys().any(|name| name.contains(env!("CARGO_PKG_VERSION"))), "{samples:#?}");
    server.stop();
}
