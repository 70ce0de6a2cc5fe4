//! What the sled store promises beyond the suite of every store.
//! Nothing here looks at time: where a moment matters, the sync is held by a gate.

mod backups;
mod crash;
mod damage;
mod format1;
mod format2;
mod gate;
mod grouping;
#[cfg(target_os = "linux")]
mod harm;
mod opening;
mod pieces;
#[cfg(target_os = "linux")]
mod power_loss;
mod random;
mod rivals;
mod shapes;
mod story;
mod verifying;

use std::path::Path;

use procession_conformance::samples::{commit, take};
use procession_engine::model::process::ProcessRow;

use crate::{Settings, SledStore};

fn open(folder: &Path) -> SledStore {
    SledStore::open(folder, Settings::default()).unwrap()
}

/// Takes a process some commits of one event further.
fn go_on(store: &SledStore, mut row: ProcessRow, commits: usize) -> ProcessRow {
    for _ in 0..commits {
        row = take(store, commit(&row, &[("Process", 1)]));
    }
    row
}

/// An error with its causes.
fn told(error: &dyn std::error::Error) -> String {
    let texts: Vec<String> = std::iter::successors(Some(error), |error| error.source()).map(ToString::to_string).collect();
    texts.join(": ")
}
