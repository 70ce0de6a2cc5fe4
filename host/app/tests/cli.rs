//! The command line: its help, what its commands print, and what their exit codes say.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod support;

use std::path::PathBuf;

use serde_json::Value;
use support::guest;
use support::server::{Ended, Folders, GUESTS, run, run_on};

/// Every command, as it is typed.
const COMMANDS: [&str; 36] = [
    "",
    "serve",
    "definitions",
    "definitions list",
    "definitions show",
    "definitions check",
    "definitions deploy",
    "definitions activate",
    "definitions rollback",
    "definitions prune",
    "definitions drain",
    "process",
    "process start",
    "process signal",
    "process show",
    "process list",
    "process history",
    "process notes",
    "process cancel",
    "process retry",
    "process migrate",
    "dead-letters",
    "dead-letters list",
    "dead-letters show",
    "dead-letters replay",
    "dead-letters drop",
    "stream",
    "stream read",
    "new",
    "componentize",
    "test",
    "attack",
    "verify",
    "backup",
    "restore",
    "load-test",
];

/// Compares with the kept help; `UPDATE_GOLDEN=1` keeps it anew.
#[test]
fn the_help_of_every_command_is_the_one_that_is_kept() {
    let mut help = String::new();
    for command in COMMANDS {
        let words: Vec<&str> = command.split_whitespace().chain(["--help"]).collect();
        let ended = run(&words);
        assert!(ended.code == 0 && ended.err.is_empty(), "{ended:?}");
        help.push_str(&format!("$ procession {}\n{}\n", words.join(" "), ended.out));
    }
    let kept = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/help.txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::create_dir_all(kept.parent().unwrap()).unwrap();
        std::fs::write(&kept, &help).unwrap();
    }
    assert_eq!(help, std::fs::read_to_string(&kept).unwrap(), "if this is meant, run the test once with UPDATE_GOLDEN=1");
}

#[test]
fn a_shipment_from_the_command_line_against_a_server_and_against_its_folder() {
    let folders = Folders::with(&GUESTS);
    let server = folders.serve(&["--set", "carrier-stub.delayMs=0"]);
    let ask = |words: &str| run(&words.split(' ').chain(["--url", &server.url]).collect::<Vec<_>>());

    let started = ask("process start 12EEQ9CS9K10 --wait 30");
    assert!(started.code == 0 && started.out.contains("completed") && started.out.contains("12EEQ9CS9K10-Collection"), "{started:?}");
    let again = ask("process start 12EEQ9CS9K10 --json");
    let receipt: Value = serde_json::from_str(&again.out).unwrap();
    assert_eq!((again.code, receipt["status"].as_str()), (0, Some("accepted")));
    assert_eq!(ask("process start 1 --payload {").code, 2);

    let definitions = ask("definitions list");
    assert!(definitions.out.starts_with("CATEGORY"), "{}", definitions.out);
    for words in ["STREAM", "MODULE", "STATE", "PENDING", "FINISHED", "SINCE", "domestic-1.0", "active"] {
        assert!(definitions.out.contains(words), "{}", definitions.out);
    }
    assert!(ask("definitions show domestic").out.contains("ProcessShipment"));
    assert!(ask("process list --phase completed").out.contains("12EEQ9CS9K10"));
    assert!(!ask("process list --phase failed").out.contains("12EEQ9CS9K10"));
    let shown = ask("process show 12EEQ9CS9K10");
    assert!(shown.code == 0 && shown.out.contains("trackingNumbers") && shown.out.contains("12EEQ9CS9K10-Shipment"), "{shown:?}");
    assert_eq!(ask("process history 12EEQ9CS9K10").out.lines().count(), 27, "a line for each event, and the header");
    let stream = ask("stream read 12EEQ9CS9K10-Collection");
    assert!(stream.out.lines().count() == 5 && stream.out.contains("CollectionBooked"), "{stream:?}");
    let last: Value = serde_json::from_str(&ask("stream read 12EEQ9CS9K10-Process --direction backward --limit 1 --json").out).unwrap();
    assert_eq!((last["version"].as_u64(), last["events"][0]["kind"].as_str()), (Some(15), Some("ShipmentProcessCompleted")));

    let gone = ask("process show nothing");
    assert!(gone.code == 3 && gone.err.contains("nothing is recorded of process nothing"), "{gone:?}");
    assert_eq!(ask("process signal 12EEQ9CS9K10 Nobody").code, 3);
    assert_eq!(ask("process retry 12EEQ9CS9K10").code, 3);
    assert_eq!(ask("stream read 12EEQ9CS9K10-Nothing").code, 3);
    let held = run_on(&["process", "show", "12EEQ9CS9K10"], &folders.data());
    assert!(held.code == 4 && held.err.contains("--url"), "{held:?}");
    server.stop();

    let read = run_on(&["process", "show", "12EEQ9CS9K10"], &folders.data());
    assert_eq!((read.code, read.out), (0, shown.out), "{}", read.err);
    assert!(run_on(&["definitions", "list"], &folders.data()).out.contains("domestic-1.0"));
    let begun = run_on(&["process", "start", "V74YCBYHC8A0", "--wait", "30"], &folders.data());
    assert!(begun.code == 0 && begun.out.contains("completed"), "{begun:?}");
    let drained = run_on(&["definitions", "drain", "domestic"], &folders.data());
    assert!(drained.code == 0 && drained.out.contains("operator"), "{drained:?}");
    assert_eq!(run_on(&["process", "list"], &folders.data().join("nowhere")).code, 3);
}

#[test]
fn a_definition_is_checked_offline_and_deployed_and_drained_on_a_server() {
    let file = guest("domestic-1.0");
    let checked = run(&["definitions", "check", file.to_str().unwrap()]);
    assert!(checked.code == 0 && checked.out.contains("passes") && checked.out.contains("domestic-1.0"), "{checked:?}");
    assert_eq!(run(&["definitions", "check", "nowhere.wasm"]).code, 1);
    let folders = Folders::with(&[]);
    let server = folders.serve(&[]);
    let deployed = run(&["definitions", "deploy", file.to_str().unwrap(), "--url", &server.url]);
    assert!(deployed.code == 0 && deployed.out.contains("new"), "{deployed:?}");
    let drained = run(&["definitions", "drain", "domestic-1.0", "--url", &server.url]);
    assert!(drained.code == 0 && drained.out.contains("retired"), "{drained:?}");
}

#[test]
fn wrong_usage_and_a_server_that_is_not_there_have_exit_codes_of_their_own() {
    assert_eq!(run(&["serve", "--no-such-flag"]).code, 2);
    assert_eq!(run(&["serve", "--set", "nonsense"]).code, 2);
    assert_eq!(run(&["serve", "--config", "nowhere.toml"]).code, 2);
    assert_eq!(run(&["process", "list", "--url", "ftp://x"]).code, 2);
    // Port 1 belongs to nobody here.
    let silent = run(&["process", "list", "--url", "http://127.0.0.1:1"]);
    assert!(silent.code == 1 && silent.err.contains("procession serve") && silent.err.contains("--data"), "{silent:?}");
}

#[test]
fn a_wrong_key_in_the_configuration_is_named() {
    let folders = Folders::with(&[]);
    let file = folders.definitions().join("procession.toml");
    std::fs::write(&file, "listen = \"127.0.0.1:0\"\ndefinitons = \"x\"\n").unwrap();
    let ended = run(&["serve", "--config", file.to_str().unwrap()]);
    assert!(ended.code == 2 && ended.err.contains("definitons"), "{ended:?}");
}

#[test]
fn a_load_test_counts_what_it_started_and_what_ended() {
    let folders = Folders::with(&GUESTS);
    let server = folders.serve(&["--set", "carrier-stub.delayMs=0"]);
    let open = load_test("--workers 4 --shipments 5 --delay-ms 1 --json", &server.url);
    let report: Value = serde_json::from_str(&open.out).unwrap();
    assert_eq!((open.code, report["started"].as_u64(), report["completed"].as_u64()), (0, Some(20), Some(20)), "{open:?}");
    let closed = load_test("--workers 8 --closed --delay-ms 0 --duration-s 1 --ids domestic", &server.url);
    assert!(closed.code == 0 && closed.out.contains("per second") && closed.out.contains("p99.9"), "{closed:?}");
    assert!(closed.out.contains("server memory") && closed.out.contains("bytes per shipment"), "{closed:?}");
    assert_ne!(run(&["load-test", "--shipments", "1", "--url", "http://127.0.0.1:1"]).code, 0);
}

/// What is a number in every report.
const MEASURED: [&str; 14] = [
    "seconds",
    "completedPerSecond",
    "measured",
    "p50Ms",
    "p90Ms",
    "p99Ms",
    "p999Ms",
    "maxMs",
    "server/memoryBytes",
    "server/memoryBytesMax",
    "server/diskBytesBefore",
    "server/diskBytesAfter",
    "started",
    "completed",
];

#[test]
fn a_load_test_in_a_closed_loop_at_a_rate_and_of_reads_reports_the_same_fields() {
    let folders = Folders::with(&GUESTS);
    let server = folders.serve(&["--set", "carrier-stub.delayMs=0"]);
    let nothing = load_test("--read --in-flight 2 --shipments 1", &server.url);
    assert!(nothing.code == 3 && nothing.err.contains("no process has completed"), "{nothing:?}");
    for (words, count, is_open, is_about_shipments) in [
        ("--in-flight 4 --shipments 30 --ids domestic", 30, false, true),
        ("--rate 200 --shipments 20", 20, true, true),
        ("--read --in-flight 4 --shipments 100", 100, false, false),
        ("--read --rate 500 --shipments 50", 50, true, false),
    ] {
        let ended = load_test(&format!("{words} --json"), &server.url);
        let report: Value = serde_json::from_str(&ended.out).unwrap();
        let counts = ["started", "completed", "measured", "failed", "errors", "lost"].map(|field| report[field].as_u64());
        assert_eq!((ended.code, counts), (0, [count, count, count, 0, 0, 0].map(Some)), "{words}: {ended:?}");
        for field in MEASURED {
            assert!(report.pointer(&format!("/{field}")).is_some_and(Value::is_number), "{words}: {field} is missing: {report}");
        }
        assert_eq!(report["lateP99Ms"].is_number(), is_open, "{words}: {report}");
        assert_eq!(report["server"]["diskBytesPerShipment"].is_number(), is_about_shipments, "{words}: {report}");
        let ms = ["p50Ms", "p90Ms", "p99Ms", "p999Ms", "maxMs"].map(|field| report[field].as_f64());
        assert!(ms.is_sorted() && report["complaint"].is_null(), "{words}: {report}");
    }
    server.stop();
}

#[test]
fn a_load_test_of_nonsense_is_wrong_usage() {
    for words in ["--in-flight 8 --rate 50", "--duration-s 3", "--in-flight 8 --duration-s 3 --warm-up-s 3", "--rate 0"] {
        let ended = load_test(words, "http://127.0.0.1:1");
        assert!(ended.code == 2 && !ended.err.is_empty(), "{words}: {ended:?}");
    }
}

fn load_test(words: &str, url: &str) -> Ended {
    run(&["load-test"].into_iter().chain(words.split(' ')).chain(["--url", url]).collect::<Vec<_>>())
}
