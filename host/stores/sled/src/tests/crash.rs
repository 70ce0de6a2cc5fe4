//! A program that is killed in the middle of its commits: what it had heard of is there.
//! A kill says nothing about power; that is what the sync is for.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use procession_conformance::samples::{commit, events, take, unknown};
use procession_engine::ports::store::{EventStore, Scope};

use super::open;

/// Where this is set, the test is the program that will be killed.
const FOLDER: &str = "PROCESSION_TEST_KILLED_IN";

#[test]
fn what_was_acknowledged_survives_a_kill() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        return commit_until_killed(Path::new(&folder));
    }
    let folder = tempfile::tempdir().unwrap();
    let mut acknowledged = 0;
    for round in 1..=4 {
        acknowledged = acknowledged_by_a_killed_program(folder.path(), acknowledged + 150 * round);
        let store = open(folder.path());
        let log = events(&store, &Scope::All);
        assert!(log.len() as u64 >= acknowledged, "{} of {acknowledged} are left", log.len());
        assert!(log.iter().map(|event| event.position).eq(1..=log.len() as u64));
    }
}

/// Starts the program, kills it when it has heard of this position, and says of which one it heard last.
fn acknowledged_by_a_killed_program(folder: &Path, kill_at: u64) -> u64 {
    let mut program = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "tests::crash::what_was_acknowledged_survives_a_kill", "--nocapture"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut last = 0;
    for line in BufReader::new(program.stdout.take().unwrap()).lines().map(Result::unwrap) {
        let Some(position) = line.strip_prefix("acknowledged ") else { continue };
        // The line in the middle of which it died may be cut.
        last = position.parse::<u64>().unwrap_or(0).max(last);
        if last >= kill_at {
            // Lines that it still wrote are read to the end.
            let _ = program.kill();
        }
    }
    program.wait().unwrap();
    assert!(last >= kill_at, "the program ended by itself at {last}");
    last
}

fn commit_until_killed(folder: &Path) {
    let store = open(folder);
    let mut row = store.process(&unknown("a").id).unwrap().unwrap_or_else(|| unknown("a"));
    loop {
        row = take(&store, commit(&row, &[("Process", 1)]));
        // One write a line, so that a line that arrives is a commit that was acknowledged.
        let line = format!("\nacknowledged {}\n", row.streams[0].version);
        std::io::stdout().write_all(line.as_bytes()).unwrap();
    }
}
