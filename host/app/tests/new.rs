//! What `procession new` writes builds, passes its own tests and is deployed, in every language that this build has a template for.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;

use support::server::{Folders, run};

/// Where builds are kept between runs, so that a toolchain is fetched once.
fn kept() -> PathBuf {
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target"), PathBuf::from);
    let kept = target.join("new-projects");
    std::fs::create_dir_all(&kept).unwrap();
    kept.canonicalize().unwrap()
}

/// Whether these tools are on this machine; where not, that is said aloud, and in CI it is a failure.
fn has(language: &str, tools: &[&str]) -> bool {
    let is_there = |tool: &&str| Command::new(tool).arg("--version").output().is_ok_and(|ended| ended.status.success());
    let missing: Vec<&&str> = tools.iter().filter(|tool| !is_there(tool)).collect();
    if missing.is_empty() {
        return true;
    }
    let text = format!("a project in {language} is not tested: {missing:?} is not on this machine");
    assert!(std::env::var_os("CI").is_none(), "{text}");
    eprintln!("{text}");
    false
}

/// Makes a project, and deploys it to a server of its own with one command.
fn from_nothing_to_deployed(language: &str, tools: &[&str]) {
    if !has(language, tools) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let project = folder.path().join("my-process");
    let made = run(&["new", "my-process", "--language", language, "--dir", project.to_str().unwrap()]);
    assert!(made.code == 0 && made.out.contains("README.md"), "{made:?}");
    let again = run(&["new", "my-process", "--language", language, "--dir", project.to_str().unwrap()]);
    assert!(again.code == 3 && again.err.contains("not empty"), "{again:?}");

    let folders = Folders::with(&[]);
    let server = folders.serve(&[]);
    let deploy = Command::new("make")
        .arg("deploy")
        .arg(format!("PROCESSION={}", env!("CARGO_BIN_EXE_procession")))
        .current_dir(&project)
        .env("PROCESSION_URL", &server.url)
        .env("PROCESSION_TOOLS", kept().join("tools"))
        .env("CARGO_TARGET_DIR", kept().join("cargo"))
        .output()
        .unwrap();
    let told = format!("{}\n{}", String::from_utf8_lossy(&deploy.stdout), String::from_utf8_lossy(&deploy.stderr));
    assert!(deploy.status.success(), "make deploy in {language}: {told}");
    assert!(told.contains("0 failed"), "the scenarios were not played: {told}");

    let begun = run(&["process", "start", "T1", "--kind", "OpenTicket", "--payload", "{\"title\":\"fire\"}", "--url", &server.url]);
    assert_eq!(begun.code, 0, "{begun:?}");
    let shown = run(&["process", "show", "T1", "--url", &server.url]);
    assert!(shown.out.contains("my-process-1.0") && shown.out.contains("open"), "{shown:?}");
    let definitions = run(&["definitions", "list", "--url", &server.url, "--json"]);
    assert!(definitions.out.contains("\"warning\": null"), "its ids come from the seed: {}", definitions.out);
    server.stop();
}

#[test]
fn a_project_in_rust_goes_from_nothing_to_deployed() {
    from_nothing_to_deployed("rust", &["make", "cargo"]);
}

#[test]
fn a_name_that_cannot_be_one_is_refused() {
    let refused = run(&["new", "My Process", "--language", "rust"]);
    assert!(refused.code == 2 && refused.err.contains("lower-case letters"), "{refused:?}");
    assert_eq!(run(&["new", "my-process", "--language", "cobol"]).code, 2);
}

#[test]
fn what_is_no_core_module_is_not_made_a_component() {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("a.wasm"), folder.path().join("b.wasm"));
    std::fs::write(&from, "nothing").unwrap();
    let refused = run(&["componentize", from.to_str().unwrap(), to.to_str().unwrap()]);
    assert!(refused.code == 1 && refused.err.contains("not a WebAssembly module") && !to.exists(), "{refused:?}");
}
