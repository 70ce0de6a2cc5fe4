//! The page `docs/shipments.md` says how many events each id leaves behind and when its process ends; here it is held to that.
//!
//! The page is read, not repeated: a number that is wrong there fails here.

use procession_sdk::contract::Phase;

use crate::undoing::shipment;

const PAGE: &str = include_str!("../../../../docs/shipments.md");

/// The rows of the table of ids: the end of the id, the three numbers, and the rest.
fn rows() -> Vec<Vec<&'static str>> {
    let table = PAGE.split("### What an id leaves behind in 1.1").nth(1).expect("the table");
    let rows = table.lines().filter(|line| line.starts_with("| `…"));
    rows.map(|row| row.trim_matches('|').split('|').map(str::trim).collect()).collect()
}

#[test]
fn the_documented_numbers_are_true() {
    assert_eq!(rows().len(), 11);
    for row in rows() {
        let end = row[0].trim_matches('`').trim_start_matches('…');
        let id = if end.starts_with('-') { format!("V74YCBYHC8A0{end}") } else { format!("V74YCBYHC8A{end}") };
        let host = shipment(&id).post("Start", "null");
        let counted = ["Process", "Shipment", "Collection"].map(|suffix| host.kinds(suffix).len().to_string());
        let phase = if host.view("Process").phase == Phase::Completed { "completed" } else { "failed" };
        let seconds = |ms: u64| format!("{}.{}", ms / 1_000, ms % 1_000 / 100);
        let end = host.phases_at.last().expect("an end").1;
        let mut told = format!("{phase}, {} s", seconds(end));
        if host.elapsed() > end {
            told.push_str(&format!(" … after {} s", seconds(host.elapsed())));
        }
        let list = host.view("Process").outcome.is_some_and(|outcome| outcome.contains("notUndone"));
        let written = match row[4].split_once(';') {
            Some((first, rest)) => format!("{first} … after {}", rest.rsplit("after ").next().expect("a time")),
            None => row[4].to_owned(),
        };
        assert_eq!(
            (&counted[..], told, list),
            (&row[1..4].iter().map(|it| (*it).to_owned()).collect::<Vec<_>>()[..], written, !row[5].is_empty()),
            "{id}"
        );
    }
}
