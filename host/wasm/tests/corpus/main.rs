//! Components that were built against every published version of the contract: they must work on this host as on the one of their day.
//! How a file is added is said in the README beside this.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod stories;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use procession_engine::ports::definition::{Module, Role, Runtime as _};
use procession_wasm::{Limits, WasmRuntime};

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus")
}

/// The files below a folder with this ending.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.extension().is_some_and(|extension| extension == ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// What a text of the contract calls itself: `process-0.1.0` for `package procession:process@0.1.0;`.
fn package(wit: &Path) -> String {
    let text = fs::read_to_string(wit).unwrap();
    let name = text.lines().find_map(|line| line.strip_prefix("package procession:")).unwrap_or_else(|| panic!("{}", wit.display()));
    name.trim_end_matches(';').replace('@', "-")
}

/// The texts of the contract as they are now.
fn contract() -> Vec<PathBuf> {
    let texts = files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit"), "wit");
    assert!(!texts.is_empty());
    texts
}

fn load(file: &Path) -> Module {
    let limits = Limits { instances_max: 64, ..Limits::default() };
    let bytes = fs::read(file).unwrap();
    WasmRuntime::new(limits, None).unwrap().load(&bytes).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

#[test]
fn every_version_that_was_published_has_components_here_and_keeps_its_text() {
    for wit in contract() {
        let folder = corpus().join(package(&wit));
        assert!(folder.is_dir(), "{} names a version without components; the README says how to add some", wit.display());
        assert!(!files(&folder, "wasm").is_empty(), "{} is empty", folder.display());
        let kept = folder.join(wit.file_name().unwrap());
        let published = fs::read_to_string(&kept).unwrap_or_else(|error| panic!("{}: {error}", kept.display()));
        assert!(
            fs::read_to_string(&wit).unwrap() == published,
            "{} is published and must not be edited; make a new version",
            wit.display()
        );
    }
}

#[test]
fn every_component_plays_its_part_to_the_end() {
    let mut played = BTreeSet::new();
    for file in files(&corpus(), "wasm") {
        let part = file.file_stem().unwrap().to_str().unwrap().to_owned();
        let module = load(&file);
        match (part.as_str(), &module.role) {
            ("process", Role::Process(definition)) => stories::process(&module.manifest, &**definition),
            ("router", Role::Router(router)) => stories::router(&**router),
            ("adapter", Role::Adapter(adapter)) => stories::adapter(&**adapter),
            _ => panic!("{} does not play the part of its name", file.display()),
        }
        played.insert(part);
    }
    assert_eq!(played.into_iter().collect::<Vec<_>>(), ["adapter", "process", "router"]);
}

#[test]
fn an_upcaster_of_every_version_reads_what_an_old_process_recorded() {
    let old = load(&corpus().join("process-0.1.0/process.wasm"));
    let Role::Process(old) = old.role else { panic!("it is a process") };
    let mut upcasters = 0;
    for folder in fs::read_dir(corpus()).unwrap().map(|entry| entry.unwrap().path()) {
        if folder.file_name().unwrap().to_str().unwrap().starts_with("upcasting-") {
            let Role::Process(new) = load(&folder.join("process.wasm")).role else { panic!("it is a process") };
            stories::upcasting(&*old, &*new);
            upcasters += 1;
        }
    }
    assert!(upcasters > 0);
}
