//! What the author of a definition does with the binary: scenarios against a component.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod support;

use std::path::PathBuf;

use serde_json::{Value, json};
use support::guest;
use support::server::run;

/// A file with these scenarios, in a folder of its own.
fn scenarios(folder: &tempfile::TempDir, scenarios: &Value) -> PathBuf {
    let file = folder.path().join("scenarios.json");
    std::fs::write(&file, json!({ "scenarios": scenarios }).to_string()).unwrap();
    file
}

fn soak() -> Value {
    json!([
        { "name": "counting goes on", "steps": [
            { "when": { "start": { "kind": "Count" } }, "then": { "events": [{ "kind": "Counted", "data": {} }], "effects": [] } },
            { "when": { "message": { "kind": "Count" } }, "then": { "events": [{ "kind": "Counted" }] }, "look": { "phase": "running", "outcome": 2 } } ] },
        { "name": "a month is waited for", "steps": [
            { "when": { "start": { "kind": "Wait" } }, "then": { "effects": [{ "set-timer": { "name": "end", "after": "30d" } }] } },
            { "after": "30d", "when": { "timer": { "name": "end" } }, "then": { "events": [{ "kind": "Ended" }] }, "look": { "phase": "completed" } } ] },
        { "name": "what has ended stays so", "given": [{ "kind": "Ended" }], "when": { "start": { "kind": "End" } }, "then": { "ignored": "it has ended" } },
    ])
}

#[test]
fn a_component_is_held_against_scenarios() {
    let folder = tempfile::tempdir().unwrap();
    let (module, file) = (guest("soak-1.0"), scenarios(&folder, &soak()));
    let (module, file) = (module.to_str().unwrap(), file.to_str().unwrap());
    let all = run(&["test", module, file]);
    assert!(all.code == 0 && all.out.contains("ok    counting goes on (2 steps)") && all.out.ends_with("3 passed, 0 failed\n"), "{all:?}");
    let some = run(&["test", module, file, file, "--filter", "month", "--json"]);
    let told: Value = serde_json::from_str(&some.out).unwrap();
    assert_eq!((some.code, &told["passed"], &told["definition"]["category"]), (0, &json!(2), &json!("soak-1.0")), "{told:#}");
    let none = run(&["test", module, file, "--filter", "nothing of that name"]);
    assert!(none.code == 2 && none.err.contains("nothing of that name"), "{none:?}");
}

#[test]
fn a_scenario_that_fails_says_how_and_the_exit_code_says_that() {
    let folder = tempfile::tempdir().unwrap();
    let mut wrong = soak();
    wrong[0]["steps"][1]["look"]["outcome"] = json!(3);
    let (module, file) = (guest("soak-1.0"), scenarios(&folder, &wrong));
    let (module, file) = (module.to_str().unwrap(), file.to_str().unwrap());
    let failed = run(&["test", module, file]);
    assert!(failed.code == 1 && failed.err.contains("1 of 3 scenarios failed for soak-1.0"), "{failed:?}");
    let is_told = failed.out.contains("FAIL  counting goes on\n      step 2 of 2: start Count, at 2026-01-01T00:00:00Z\n");
    assert!(is_told && failed.out.contains("look.outcome\n        expected  3\n        decided   2\n"), "{}", failed.out);
    let told: Value = serde_json::from_str(&run(&["test", module, file, "--json"]).out).unwrap();
    let difference = json!([{ "path": "look.outcome", "expected": 3, "decided": 2 }]);
    assert_eq!(told["files"][0]["scenarios"][0]["failure"]["differences"], difference, "{told:#}");
}

#[test]
fn what_is_no_scenario_file_or_no_component_is_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let file = scenarios(&folder, &json!([{ "name": "a", "wen": {} }]));
    let (module, file) = (guest("soak-1.0"), file.to_str().unwrap());
    let unread = run(&["test", module.to_str().unwrap(), file]);
    assert!(
        unread.code == 2 && unread.err.contains("scenarios[0].wen: unknown field `wen`") && unread.err.contains("line 1"),
        "{unread:?}"
    );
    let file = scenarios(&folder, &soak());
    let refused = run(&["test", file.to_str().unwrap(), file.to_str().unwrap()]);
    assert!(refused.code == 3 && refused.err.contains("is refused"), "{refused:?}");
    assert_eq!(run(&["test", "nowhere.wasm", file.to_str().unwrap()]).code, 1);
}
