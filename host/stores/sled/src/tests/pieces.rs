//! Large values stand in pieces, and nothing ever leaves sled's log for a file that is not synced.

use procession_conformance::samples::{commit, events, json, long_text, take, undelivered, unknown};
use procession_engine::model::id::{Category, Digest};
use procession_engine::model::manifest::{Manifest, Sharing};
use procession_engine::model::time::Timestamp;
use procession_engine::ports::shelf::{ModuleRecord, ModuleState, Shelf};
use procession_engine::ports::store::Scope;

use super::open;
use crate::codec::BODY_BYTES_MAX;
use crate::{SledStore, keys};

pub(super) fn record(number: u8) -> ModuleRecord {
    let manifest = Manifest {
        category: Category::parse("sample-1.0").unwrap(),
        stream: None,
        starts: vec![],
        handles: vec![],
        reacts_to: vec![],
        records: vec![],
        sends: vec![],
        state_format: 0,
        takes_over: vec![],
        sharing: Sharing::Fresh,
        memory_bytes: None,
        fuel_per_call: None,
    };
    let (state, at) = (ModuleState::Active, Timestamp(1));
    ModuleRecord { digest: Digest([number; 32]), manifest, state, since: at, deployed_at: at, file: None, size: 0 }
}

/// How many keys of a kind there are, and the longest of their values.
fn keys_of(store: &SledStore, letter: u8) -> (usize, usize) {
    let disk = store.disk().unwrap();
    let lengths = disk.range(keys::all(letter)).map(|found| found.unwrap().1.len());
    lengths.fold((0, 0), |(count, longest), length| (count + 1, longest.max(length)))
}

#[test]
fn large_values_stand_in_pieces_and_none_leaves_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    for number in 0..12 {
        let mut row = unknown(&format!("{number}{}", "p".repeat(126)));
        for size in [5_000, 90_000, 1_000_000] {
            let mut next = commit(&row, &[(&"S".repeat(64), 1)]);
            let text = long_text(size);
            next.row.streams[0].view.outcome = Some(json(&text));
            next.entry.as_mut().unwrap().decisions[0].events[0].data = json(&text);
            let mut message = undelivered(row.id.as_str(), row.revision);
            message.message.data = json(&text);
            next.undelivered = vec![message];
            row = take(&store, next);
        }
    }
    for number in 0..8 {
        store.put(&record(number), Some(&vec![number; 600_000])).unwrap();
    }
    let (pieces, longest) = keys_of(&store, b'X');
    assert!(pieces > 12 * 2 * 1_000_000 / BODY_BYTES_MAX);
    for letter in *b"LPWHIOTRMBCX" {
        assert!(keys_of(&store, letter).1 <= BODY_BYTES_MAX + 64, "{}", letter as char);
    }
    assert!(longest > BODY_BYTES_MAX);
    store.close();
    drop(store);
    let store = open(folder.path());
    assert_eq!(events(&store, &Scope::All).len(), 36);
    let blobs: Vec<_> = std::fs::read_dir(folder.path().join("sled/blobs")).unwrap().collect();
    assert_eq!(blobs.len(), 0, "values have left the log");
}

#[test]
fn the_pieces_of_a_value_go_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let mut large = undelivered("a", 1);
    large.message.data = json(&long_text(100_000));
    let mut first = commit(&unknown("a"), &[("Process", 1)]);
    first.undelivered = vec![large];
    let row = take(&store, first);
    assert_eq!(keys_of(&store, b'X').0, 100_000 / BODY_BYTES_MAX + 1);
    let mut second = commit(&row, &[("Process", 1)]);
    second.delivered = vec![(row.id, 1)];
    take(&store, second);
    assert_eq!(keys_of(&store, b'X').0, 0);
}

#[test]
fn a_large_value_that_repeats_itself_is_packed_and_stands_whole() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let text = format!("\"{}\"", "shipment ".repeat(10_000));
    let mut first = commit(&unknown("a"), &[("Process", 1)]);
    first.entry.as_mut().unwrap().decisions[0].events[0].data = json(&text);
    take(&store, first);
    assert_eq!(keys_of(&store, b'X').0, 0);
    assert!(keys_of(&store, b'L').1 < 2_000);
    assert_eq!(events(&store, &Scope::All)[0].event.data, json(&text));
}
