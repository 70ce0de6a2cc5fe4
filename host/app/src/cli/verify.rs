//! `procession verify`: is everything as it was written?
//! It works on a data folder where no server runs: under a server, what is compared would move between two looks.

use std::io::IsTerminal as _;
use std::path::PathBuf;

use procession::engine::verify::{Damage, Found};
use serde_json::json;

use super::failure::Failure;
use super::table::{Table, print, print_json};

/// Damages that are shown one by one; a folder may have as many as it has keys.
const SHOWN_MAX: usize = 1_000;

/// What `verify` is told.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The data folder; no server may run on it.
    #[arg(long, value_name = "DIR", default_value = "data", env = "PROCESSION_DATA")]
    data: PathBuf,
    /// Prints JSON, for programs.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let Arguments { data, json } = arguments;
    if !data.is_dir() {
        return Err(Failure::Refused(format!("there is no data folder {}", data.display())));
    }
    let is_watched = std::io::stderr().is_terminal();
    if is_watched {
        eprintln!("verifying {} …", data.display());
    }
    let mut damages: Vec<Damage> = Vec::new();
    let found = procession::verify(data, &mut |damage| {
        if is_watched {
            eprintln!("damaged: {}: {}", damage.what, damage.how);
        }
        if damages.len() < SHOWN_MAX {
            damages.push(damage);
        }
    })?;
    if *json {
        print_json(&document(&found, &damages))
    } else {
        print(&text(&found, &damages))
    }
    match found.damages {
        0 => Ok(()),
        count => Err(Failure::Failed(format!("{count} damages in {}; restore a backup", data.display()))),
    }
}

fn document(found: &Found, damages: &[Damage]) -> serde_json::Value {
    let damages: Vec<_> = damages.iter().map(|damage| json!({ "what": damage.what, "how": damage.how })).collect();
    json!({
        "keys": found.keys,
        "events": found.events,
        "streams": found.streams,
        "counts": found.counts,
        "damageCount": found.damages,
        "damages": damages,
    })
}

fn text(found: &Found, damages: &[Damage]) -> String {
    let mut table = Table::new(&["KIND", "COUNT"]);
    let whole = [("keys", found.keys), ("events", found.events), ("streams folded", found.streams)];
    let counts = found.counts.iter().map(|(kind, count)| (*kind, *count));
    for (kind, count) in whole.into_iter().chain(counts).chain([("damages", found.damages)]) {
        table.row(vec![kind.to_owned(), count.to_string()]);
    }
    if damages.is_empty() {
        return table.lines();
    }
    let mut found = Table::new(&["DAMAGED", "HOW"]);
    damages.iter().for_each(|damage| found.row(vec![damage.what.clone(), damage.how.clone()]));
    format!("{}\n{}", table.lines(), found.lines())
}
