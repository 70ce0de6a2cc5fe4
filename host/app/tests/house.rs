//! The rules of the house as tests, so that nobody has to scold: who may depend on whom, and how large a room may be.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// The packages that a manifest depends on outside its tests.
fn dependencies(folder: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(root().join(folder).join("Cargo.toml")).unwrap();
    let manifest: toml::Table = text.parse().unwrap();
    manifest.get("dependencies").and_then(toml::Value::as_table).map(|table| table.keys().cloned().collect()).unwrap_or_default()
}

fn of_ours(folder: &str) -> BTreeSet<String> {
    dependencies(folder).into_iter().filter(|name| name.starts_with("procession")).collect()
}

/// Every Rust source below a folder, without what cargo built.
fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.unwrap().path();
            if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push((path.clone(), fs::read_to_string(&path).unwrap()));
            }
        }
    }
    assert!(!found.is_empty(), "no sources below {folder}");
    found
}

#[test]
fn the_engine_sees_nobody() {
    assert_eq!(of_ours("host/engine"), BTreeSet::new());
    let outside = ["axum", "hyper", "sled", "wasmtime", "rand", "uuid", "jiff", "chrono", "reqwest"];
    let seen: Vec<String> = dependencies("host/engine").into_iter().filter(|name| outside.contains(&name.as_str())).collect();
    assert!(seen.is_empty(), "the engine depends on {seen:?}");
}

#[test]
fn the_engine_reaches_for_no_disk_network_or_wall_clock() {
    for (path, text) in sources("host/engine/src") {
        for outside in ["std::fs", "std::net", "std::env", "SystemTime", "Instant::now", "thread::sleep"] {
            assert!(!text.contains(outside), "{} uses {outside}", path.display());
        }
    }
}

#[test]
fn adapters_see_the_engine_and_never_each_other() {
    for adapter in ["host/stores/memory", "host/stores/sled", "host/wasm", "host/conformance"] {
        assert_eq!(of_ours(adapter), BTreeSet::from(["procession-engine".to_owned()]), "{adapter}");
    }
}

#[test]
fn the_workbench_sees_the_engine_alone_and_the_starter_nobody() {
    assert_eq!(of_ours("host/workbench"), BTreeSet::from(["procession-engine".to_owned()]));
    assert_eq!(of_ours("host/starter"), BTreeSet::new());
}

#[test]
fn the_simulation_sees_the_engine_and_a_store_in_memory_and_nobody_sees_the_simulation() {
    let seen = BTreeSet::from(["procession-engine".to_owned(), "procession-store-memory".to_owned()]);
    assert_eq!(of_ours("host/simulation"), seen);
    for folder in ["host/engine", "host/conformance", "host/stores/memory", "host/stores/sled", "host/wasm", "host/app"] {
        assert!(!of_ours(folder).contains("procession-simulation"), "{folder}");
    }
}

#[test]
fn the_simulation_reaches_for_no_chance_time_or_thread_of_its_own() {
    for (path, text) in sources("host/simulation/src") {
        // Only the command line measures how long it takes.
        let is_command_line = path.ends_with("main.rs");
        for outside in ["HashMap<", "HashSet<", "RandomState", "SystemTime", "Instant", "thread::spawn", "thread::sleep"] {
            let is_allowed = is_command_line && outside == "Instant";
            assert!(is_allowed || !text.contains(outside), "{} uses {outside}", path.display());
        }
    }
}

#[test]
fn guests_see_the_sdk_and_the_sdk_sees_the_contract_alone() {
    assert_eq!(of_ours("sdk/rust"), BTreeSet::new());
    assert_eq!(of_ours("sdk/componentize"), BTreeSet::new());
    for entry in fs::read_dir(root().join("guest-processes")).unwrap() {
        let path = entry.unwrap().path();
        if path.join("Cargo.toml").exists() {
            let folder = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
            let sdk = BTreeSet::from(["procession-sdk".to_owned()]);
            assert!(of_ours(&folder).is_subset(&sdk), "{folder} sees {:?}", of_ours(&folder));
        }
    }
}

#[test]
fn no_room_is_too_large_to_know() {
    for folder in ["host", "sdk", "guest-processes"] {
        for (path, text) in sources(folder) {
            let lines = text.lines().count();
            assert!(lines <= 500, "{} has {lines} lines; split it at 500", path.display());
        }
    }
}

#[test]
fn every_file_says_what_lives_in_it() {
    for folder in ["host", "sdk", "guest-processes"] {
        for (path, text) in sources(folder) {
            assert!(text.starts_with("//!"), "{} does not begin with what lives there", path.display());
        }
    }
}

#[test]
fn status_codes_stand_in_one_file() {
    let holders: Vec<PathBuf> =
        sources("host/app/src/http").into_iter().filter(|(_, text)| text.contains("StatusCode::")).map(|(path, _)| path).collect();
    assert_eq!(holders.len(), 1, "{holders:?}");
}
