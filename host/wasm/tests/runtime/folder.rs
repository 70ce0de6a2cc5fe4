//! A watched folder on a real disk; the order of things is tested where the state machine is.

use std::fs;
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use procession_engine::model::id::{Category, Digest};
use procession_wasm::folder::{Deploy, Deployed, Folder, Refusal};

/// Says what it is told.
struct Told(Sender<String>);

impl Deploy for Told {
    fn deploy(&self, file: &str, bytes: &[u8]) -> Result<Deployed, Refusal> {
        self.0.send(format!("deploy {file} {}", bytes.len())).expect("somebody listens");
        Ok(Deployed { category: Category::parse("counter-1.0").expect("a category"), digest: Digest([0; 32]) })
    }

    fn removed(&self, file: &str) {
        self.0.send(format!("removed {file}")).expect("somebody listens");
    }

    fn refused(&self, file: &str, reason: &str) {
        self.0.send(format!("refused {file}: {reason}")).expect("somebody listens");
    }
}

/// Longer than any machine needs for two looks; only a failing test waits that long.
const PATIENCE: Duration = Duration::from_secs(30);
const INTERVAL: Duration = Duration::from_millis(5);

fn open(path: &Path) -> (Folder, Receiver<String>) {
    let (sender, told) = channel();
    (Folder::open(path, 1_000, Box::new(Told(sender))).expect("a folder"), told)
}

fn module() -> Vec<u8> {
    wat::parse_str("(component)").expect("valid WAT")
}

fn heard(told: &Receiver<String>) -> String {
    told.recv_timeout(PATIENCE).expect("something is told")
}

#[test]
fn a_folder_that_is_missing_or_a_file_is_an_error_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    for path in [folder.path().join("missing"), file] {
        let (sender, _told) = channel();
        let error = Folder::open(&path, 1_000, Box::new(Told(sender))).err().unwrap();
        assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
    }
}

#[test]
fn a_start_takes_what_is_whole_and_leaves_what_is_not_a_module_file() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("a.wasm"), module()).unwrap();
    fs::write(at("half.wasm"), &module()[..5]).unwrap();
    fs::write(at("large.wasm"), vec![0; 1_001]).unwrap();
    for skipped in [".hidden.wasm", "b.wasm.tmp", "b.wasm.part", "notes.txt"] {
        fs::write(at(skipped), module()).unwrap();
    }
    fs::create_dir(at("sub.wasm")).unwrap();
    let (watched, told) = open(folder.path());
    watched.scan_once();
    let mut all: Vec<String> = told.try_iter().collect();
    all.sort();
    assert_eq!(all, ["deploy a.wasm 8", "refused large.wasm: the file has 1001 bytes, the most is 1000"]);
    let mut names = watched.names().unwrap();
    names.sort();
    assert_eq!(names, ["a.wasm", "half.wasm", "large.wasm"]);
    assert_eq!(watched.refused().len(), 1);
    assert_eq!(watched.refused()[0].file, "large.wasm");
}

#[test]
fn what_is_dropped_into_a_watched_folder_is_deployed_and_what_is_removed_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (watched, told) = open(folder.path());
    let watch = watched.watch(INTERVAL).unwrap();
    fs::write(folder.path().join("a.wasm"), module()).unwrap();
    assert_eq!(heard(&told), "deploy a.wasm 8");
    fs::write(folder.path().join("a.wasm"), "not a module").unwrap();
    assert!(heard(&told).starts_with("refused a.wasm: this is no WebAssembly"));
    fs::remove_file(folder.path().join("a.wasm")).unwrap();
    assert_eq!(heard(&told), "removed a.wasm");
    watch.stop();
    assert!(watched.refused().is_empty());
}

#[test]
fn a_folder_that_goes_away_removes_nothing_and_is_taken_up_when_it_is_back() {
    let parent = tempfile::tempdir().unwrap();
    let (here, away) = (parent.path().join("definitions"), parent.path().join("away"));
    fs::create_dir(&here).unwrap();
    fs::write(here.join("a.wasm"), module()).unwrap();
    let (watched, told) = open(&here);
    watched.scan_once();
    assert_eq!(heard(&told), "deploy a.wasm 8");
    fs::rename(&here, &away).unwrap();
    for _ in 0..3 {
        watched.scan_once();
    }
    assert!(watched.names().is_err());
    assert_eq!(told.try_iter().count(), 0, "nothing is removed while the folder is away");
    fs::write(away.join("b.wasm"), module()).unwrap();
    fs::rename(&away, &here).unwrap();
    watched.scan_once();
    assert_eq!(told.try_iter().collect::<Vec<_>>(), ["deploy b.wasm 8"]);
}

#[test]
fn a_watch_ends_at_once_when_it_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let (watched, _told) = open(folder.path());
    let watch = watched.watch(Duration::from_secs(3_600)).unwrap();
    let started = Instant::now();
    drop(watch);
    assert!(started.elapsed() < PATIENCE);
}

#[test]
fn a_deploy_that_panics_does_not_end_the_watching() {
    struct Panics(Sender<String>);
    impl Deploy for Panics {
        fn deploy(&self, file: &str, _: &[u8]) -> Result<Deployed, Refusal> {
            self.0.send(file.to_owned()).expect("somebody listens");
            panic!("a bug of the host")
        }
        fn removed(&self, _: &str) {}
        fn refused(&self, _: &str, _: &str) {}
    }
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.wasm"), module()).unwrap();
    let (sender, told) = channel();
    let watched = Folder::open(folder.path(), 1_000, Box::new(Panics(sender))).unwrap();
    let _watch = watched.watch(INTERVAL).unwrap();
    assert_eq!((heard(&told), heard(&told)), ("a.wasm".to_owned(), "a.wasm".to_owned()));
}
