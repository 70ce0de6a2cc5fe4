//! A folder of format 1 opens, is read as it was, and is refused by nobody but releases that are older than it.
//! The fixture was written by the release of format 1: it stands in the form of a backup, since a sled folder of the same content has four megabytes.

use std::path::{Path, PathBuf};

use procession_conformance::samples::{commit, events, process, stream, take, undelivered, unknown};
use procession_engine::model::process::{DeliveryState, Fires};
use procession_engine::model::time::Timestamp;
use procession_engine::model::view::Phase;
use procession_engine::ports::shelf::Shelf;
use procession_engine::ports::store::{Direction, EventStore, Scope};

use super::{go_on, open};
use crate::backup::{check, restore};
use crate::codec::Body;
use crate::disk::Disk;
use crate::{SledStore, codec, format1, keys};

pub(super) fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/format-1.backup")
}

fn opened() -> (tempfile::TempDir, SledStore) {
    let folder = tempfile::tempdir().unwrap();
    restore(&fixture(), &folder.path().join("store")).unwrap();
    let store = open(&folder.path().join("store"));
    (folder, store)
}

#[test]
fn the_rows_and_events_of_format_1_are_read_as_they_were() {
    let (_folder, store) = opened();
    let rows = store.processes(None, None, usize::MAX).unwrap();
    let seen: Vec<_> = rows.iter().filter_map(|row| Some((row.id.as_str(), row.root()?.view.phase, row.root()?.version))).collect();
    let expected = [
        ("1DELAYED0", Phase::Running),
        ("1FAILED1", Phase::Failed),
        ("1FAILED2", Phase::Failed),
        ("1FINISHED0", Phase::Completed),
        ("1PENDING0", Phase::Running),
    ];
    assert_eq!(seen.iter().map(|(id, phase, _)| (*id, *phase)).collect::<Vec<_>>(), expected);
    assert_eq!(seen[3].2, 15);
    let log = events(&store, &Scope::All);
    let heads: u64 = rows.iter().flat_map(|row| &row.streams).map(|head| head.version).sum();
    assert_eq!(log.len() as u64, heads);
    assert_eq!(events(&store, &Scope::Stream(stream("1FINISHED0-Shipment"))).len(), 7);
    assert_eq!(store.read(&Scope::Process(process("1PENDING0")), u64::MAX, Direction::Backward, 99).unwrap().len(), 21);
    assert!(store.receipt(&process("1FINISHED0"), "first").unwrap().is_some());
    for record in store.modules().unwrap() {
        let bytes = store.bytes(&record.digest).unwrap().unwrap();
        assert_eq!(bytes.len() as u64, record.size);
    }
}

#[test]
fn what_was_pending_in_format_1_is_pending_still_and_its_row_says_so() {
    let (_folder, store) = opened();
    let timers = store.timers(Timestamp(u64::MAX), None, 9).unwrap();
    let delayed = timers.iter().find(|timer| matches!(timer.fires, Fires::Message(_))).expect("a reply that takes its time");
    let row = store.process(&delayed.key.process).unwrap().unwrap();
    assert_eq!(row.delayed.iter().map(|delayed| delayed.seq).collect::<Vec<_>>(), [delayed.key.seq]);
    let pending = store.process(&process("1PENDING0")).unwrap().unwrap();
    let set = pending.streams.iter().flat_map(|head| &head.timers).next().expect("a timer");
    assert!(timers.iter().any(|timer| timer.key.process == pending.id && timer.key.seq == set.seq));
    assert!(!row.is_silent() && !pending.is_silent());
    let waiting = store.undelivered(None, None, 9).unwrap();
    assert_eq!(waiting.iter().map(|one| &one.state).collect::<Vec<_>>(), [&DeliveryState::Unhandled]);
}

#[test]
fn a_process_of_format_1_goes_on_in_the_format_of_today_and_keeps_what_was_not_touched() {
    let (folder, store) = opened();
    let before = store.process(&process("1PENDING0")).unwrap().unwrap();
    let untouched = store.disk().unwrap().get(&keys::row(&process("1FAILED1"))).unwrap().unwrap();
    assert_eq!(untouched[0], 1, "what nobody touched stands as it was written");
    let row = take(&store, commit(&before, &[("Process", 1)]));
    let (key, written) = (keys::row(&row.id), store.disk().unwrap().get(&keys::row(&row.id)).unwrap().unwrap());
    let Ok(Body::Whole(form, _)) = codec::unseal(&key, &written) else { panic!("a row is small") };
    assert_eq!(form.shape, 2, "what is written is written in the shape of today");
    drop(store);
    let store = open(&folder.path().join("store"));
    assert_eq!(store.process(&row.id).unwrap(), Some(row));
    assert_eq!(store.disk().unwrap().load::<u32>(keys::FORMAT_KEY).unwrap(), Some(keys::FORMAT));
    // A release of format 1 reads this value before anything else, and must be able to.
    assert_eq!(store.disk().unwrap().get(keys::FORMAT_KEY).unwrap().unwrap()[0], 1);
}

#[test]
fn what_format_1_was_parked_on_is_a_dead_letter() {
    let folder = tempfile::tempdir().unwrap();
    let row = go_on(&open(folder.path()), unknown("a"), 2);
    {
        let disk = Disk::open(&folder.path().join("sled"), 1024 * 1024).unwrap();
        let mut batch = sled::Batch::default();
        let mut put = |key: &[u8], body: Vec<u8>| batch.insert(key, codec::seal(key, &body));
        put(keys::FORMAT_KEY, codec::encode(&1_u32).unwrap());
        let parked = format1::Parked::sample(undelivered("a", 7).message.id, "a-1.0 (1): it trapped");
        put(&keys::row(&row.id), postcard::to_stdvec(&format1::ProcessRow::of(row, parked)).unwrap());
        for seq in [7, 8] {
            put(&keys::undelivered(&process("a"), seq), postcard::to_stdvec(&format1::Undelivered::parked(undelivered("a", seq))).unwrap());
        }
        // A release of that time knew no sums.
        batch.remove(keys::SUM_KEY);
        disk.write(batch).unwrap();
    }
    let store = open(folder.path());
    let waiting = store.undelivered(None, None, 9).unwrap();
    assert_eq!(waiting.iter().map(|one| &one.state).collect::<Vec<_>>(), [&DeliveryState::Dead, &DeliveryState::Parked]);
    let failed = waiting[0].failed.clone().unwrap();
    assert_eq!((failed.count, failed.definition.as_str(), failed.error.as_str()), (3, "a-1.0 (1)", "it trapped"));
    assert_eq!(store.process(&process("a")).unwrap().unwrap().parked.unwrap().seq, 7);
}

#[test]
fn the_fixture_tells_who_wrote_it() {
    let found = check(&fixture()).unwrap();
    assert_eq!((found.release.as_str(), found.groups), ("0.1.0", 0));
}
