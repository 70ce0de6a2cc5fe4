//! What `procession new` writes builds, passes its own tests and is deployed, in every language.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;

use support::server::{Folders, Server, run};

/// Cargo's folder for what is built.
fn target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().to_owned()
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

/// A new project in a folder of its own, and a server that it is deployed to.
struct Trial {
    project: PathBuf,
    server: Server,
    _folder: tempfile::TempDir,
    _folders: Folders,
}

impl Trial {
    /// Nothing where a tool is missing.
    fn of(language: &str, tools: &[&str]) -> Option<Self> {
        if !has(language, tools) {
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let project = folder.path().join("my-process");
        let made = run(&["new", "my-process", "--language", language, "--dir", project.to_str().unwrap()]);
        assert!(made.code == 0 && made.out.contains("README.md"), "{made:?}");
        let again = run(&["new", "my-process", "--language", language, "--dir", project.to_str().unwrap()]);
        assert!(again.code == 3 && again.err.contains("not empty"), "{again:?}");
        let folders = Folders::with(&[]);
        let server = folders.serve(&[]);
        Some(Self { project, server, _folder: folder, _folders: folders })
    }

    /// One command builds it, plays its scenarios and deploys it.
    fn deploy(&self) {
        let deploy = Command::new("make")
            .arg("deploy")
            .arg(format!("PROCESSION={}", env!("CARGO_BIN_EXE_procession")))
            .current_dir(&self.project)
            .env("PROCESSION_URL", &self.server.url)
            // Where this repository's own guests have left their compilers, so that no test brings them a second time.
            .env("PROCESSION_TOOLS", target().join("languages"))
            .env("CARGO_TARGET_DIR", target().join("new-projects"))
            .output()
            .unwrap();
        let told = format!("{}\n{}", String::from_utf8_lossy(&deploy.stdout), String::from_utf8_lossy(&deploy.stderr));
        assert!(deploy.status.success(), "make deploy: {told}");
        assert!(told.contains("0 failed"), "the scenarios were not played: {told}");
    }

    /// Writes other text into a file of the project.
    fn edit(&self, file: &str, from: &str, to: &str) {
        let file = self.project.join(file);
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.contains(from), "{} has no {from:?}", file.display());
        std::fs::write(&file, text.replace(from, to)).unwrap();
    }

    /// Opens a ticket, and answers with what is shown of it.
    fn open(&self, id: &str) -> String {
        let payload = "{\"title\":\"fire\"}";
        let begun = run(&["process", "start", id, "--kind", "OpenTicket", "--payload", payload, "--url", &self.server.url]);
        assert_eq!(begun.code, 0, "{begun:?}");
        self.show(id)
    }

    fn answer(&self, id: &str) -> String {
        let told = run(&["process", "signal", id, "AnswerTicket", "--payload", "{\"answer\":\"use water\"}", "--url", &self.server.url]);
        assert_eq!(told.code, 0, "{told:?}");
        self.show(id)
    }

    fn show(&self, id: &str) -> String {
        run(&["process", "show", id, "--url", &self.server.url]).out
    }
}

/// Makes a project, deploys it, and lets a process run to its end.
fn from_nothing_to_deployed(language: &str, tools: &[&str]) -> Option<Trial> {
    let trial = Trial::of(language, tools)?;
    trial.deploy();
    let open = trial.open("T1");
    assert!(open.contains("my-process-1.0") && open.contains("open"), "{open}");
    let answered = trial.answer("T1");
    assert!(answered.contains("completed") && answered.contains("use water"), "{answered}");
    let definitions = run(&["definitions", "list", "--url", &trial.server.url, "--json"]);
    assert!(definitions.out.contains("\"warning\": null"), "its ids come from the seed: {}", definitions.out);
    Some(trial)
}

#[test]
fn a_project_in_rust_goes_from_nothing_to_deployed() {
    drop(from_nothing_to_deployed("rust", &["make", "cargo"]));
}

#[test]
fn a_project_in_javascript_goes_from_nothing_to_deployed() {
    drop(from_nothing_to_deployed("js", &["make", "node", "npm"]));
}

#[test]
fn a_project_in_python_goes_from_nothing_to_deployed() {
    drop(from_nothing_to_deployed("python", &["make", "python3"]));
}

#[test]
fn a_project_in_go_goes_from_nothing_to_deployed() {
    drop(from_nothing_to_deployed("go", &["make", "python3"]));
}

#[test]
fn a_project_in_c_goes_from_nothing_to_its_second_version() {
    let Some(trial) = from_nothing_to_deployed("c", &["make", "python3"]) else { return };
    assert!(trial.open("T2").contains("my-process-1.0"));
    for file in ["Makefile", "src/process.c"] {
        trial.edit(file, "my-process-1.0", "my-process-1.1");
    }
    trial.deploy();
    let (new, old) = (trial.open("T3"), trial.answer("T2"));
    assert!(new.contains("my-process-1.1") && new.contains("open"), "{new}");
    assert!(old.contains("my-process-1.0") && old.contains("completed"), "{old}");
}

#[test]
fn typescript_is_javascript_with_other_endings() {
    let Some(trial) = Trial::of("typescript", &["make", "node", "npm"]) else { return };
    std::fs::rename(trial.project.join("src/process.js"), trial.project.join("src/process.ts")).unwrap();
    trial.edit("src/process.ts", "/** @type {import(\"@procession/sdk\").Process<State, Events, Messages, Commands>} */\n", "");
    trial.edit("src/process.ts", "const ticket = {", "const ticket: Process<State, Events, Messages, Commands> = {");
    trial.edit("src/process.ts", "invalid, reject }", "invalid, reject, type Process }");
    let types = "type State = { step: \"nothing\" | \"open\" | \"escalated\" | \"answered\"; reference: string; answer: string | null };\n\
                 type Events = { TicketOpened: { reference: string; title: string }; TicketEscalated: {}; TicketAnswered: { answer: string } };\n\
                 type Messages = { OpenTicket: { title?: unknown }; AnswerTicket: { answer?: unknown } };\n\
                 type Commands = { CallManager: { reference: string } };\n";
    trial.edit("src/process.ts", "const DAY_MS", &format!("{types}\nconst DAY_MS"));
    trial.deploy();
    assert!(trial.open("T1").contains("open"));
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
