//! A folder of format 2, in which nothing was packed, is read as it is and carried on.
//! The fixture was written by the release of format 2: three tickets, one of them with a title that stands in pieces.

use std::path::{Path, PathBuf};

use procession_conformance::samples::{commit, events, process, stream, take};
use procession_engine::ports::log::{Bounds, Log};
use procession_engine::ports::shelf::Shelf;
use procession_engine::ports::store::{Direction, EventStore, Scope};

use super::open;
use crate::SledStore;
use crate::backup::{check, restore};
use crate::codec::{Body, unseal};
use crate::keys::{self, KeyRange};

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/format-2.backup")
}

#[test]
fn a_folder_of_format_2_is_read_as_it_is_and_what_is_written_now_is_packed() {
    let folder = tempfile::tempdir().unwrap();
    restore(&fixture(), &folder.path().join("store")).unwrap();
    let store = open(&folder.path().join("store"));
    assert_eq!(events(&store, &Scope::All).len(), 4);
    let opened = events(&store, &Scope::Stream(stream("T2-Ticket")));
    assert_eq!(opened[0].event.data.as_str().len(), 11_501);

    let everything = Bounds { entries_max: 9, bytes_max: usize::MAX };
    let placed = store.entries(Some(&stream("T2-Ticket")), 1, Direction::Forward, everything).unwrap().remove(0);
    let at = |position: u64| store.disk().unwrap().get(&keys::log(position)).unwrap().unwrap();
    let is_whole = |position: u64| matches!(unseal(&keys::log(position), &at(position)), Ok(Body::Whole(..)));
    assert!(!is_whole(placed.position), "it was written in pieces");
    let as_it_was = at(placed.position);

    let before = store.process(&process("T2")).unwrap().unwrap();
    let mut next = commit(&before, &[("Ticket", 1)]);
    next.entry.as_mut().unwrap().decisions[0].events[0].data = opened[0].event.data.clone();
    let row = take(&store, next);
    assert_eq!(store.process(&process("T2")).unwrap(), Some(row));
    assert!(is_whole(5), "a text of that length is packed now");
    assert_eq!(at(placed.position), as_it_was);
    assert_eq!(events(&store, &Scope::Stream(stream("T2-Ticket"))).len(), 2);
}

#[test]
fn what_every_group_writes_moves_with_the_first_group_and_counts_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    restore(&fixture(), &path).unwrap();
    let store = open(&path);
    let [now, earlier] = keys::all_tallies();
    let count = |store: &SledStore, range: &KeyRange| store.disk().unwrap().range(range.clone()).count();
    let before = store.tallies().unwrap();
    assert_eq!((before.len(), count(&store, &now), count(&store, &earlier)), (1, 0, 1));
    assert_eq!(store.verify(&mut |_| ()).unwrap().damages, 0);

    let row = store.process(&process("T3")).unwrap().unwrap();
    take(&store, commit(&row, &[("Ticket", 1)]));
    assert_eq!((count(&store, &now), count(&store, &earlier)), (1, 0));
    for key in [keys::EARLIER_GROUP_KEY, keys::EARLIER_SUM_KEY] {
        assert_eq!(store.disk().unwrap().get(key).unwrap(), None);
    }
    drop(store);
    let store = open(&path);
    assert_eq!(store.tallies().unwrap(), before);
    assert_eq!(store.verify(&mut |_| ()).unwrap().damages, 0);
}

#[test]
fn the_fixture_tells_who_wrote_it() {
    let found = check(&fixture()).unwrap();
    assert_eq!((found.release.as_str(), found.groups), ("0.1.0", 0));
}
