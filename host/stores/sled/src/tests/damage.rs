//! What was damaged is reported and never served.

use procession_conformance::samples::{commit, events, process, receipt, stream, take, timer, undelivered, unknown};
use procession_engine::model::id::{Digest, ProcessId};
use procession_engine::model::time::Timestamp;
use procession_engine::ports::shelf::Shelf;
use procession_engine::ports::store::{Direction, EventStore, Scope, StoreError};

use super::{go_on, open, pieces};
use crate::SledStore;
use crate::keys;

fn full(store: &SledStore) -> ProcessId {
    let mut first = commit(&unknown("a"), &[("Process", 2)]);
    first.receipt = Some(receipt("key"));
    first.undelivered = vec![undelivered("a", 1)];
    first.timers_set = vec![timer(5, "a", 2)];
    let row = take(store, first);
    store.put(&pieces::record(7), Some(&[5; 10_000])).unwrap();
    go_on(store, row, 100).id
}

fn flip_a_bit(store: &SledStore, key: &[u8]) {
    let mut value = store.disk().unwrap().get(key).unwrap().expect("the key is there").to_vec();
    let middle = value.len() / 2;
    value[middle] ^= 4;
    let mut batch = sled::Batch::default();
    batch.insert(key, value);
    store.disk().unwrap().write(batch).unwrap();
}

fn remove(store: &SledStore, key: &[u8]) {
    let mut batch = sled::Batch::default();
    batch.remove(key);
    store.disk().unwrap().write(batch).unwrap();
}

type Read = fn(&SledStore) -> Result<(), StoreError>;

#[test]
fn a_flipped_bit_in_any_kind_of_value_is_reported_by_its_name() {
    let a = process("a");
    let cases: [(Vec<u8>, &str, Read); 9] = [
        (keys::row(&a), "row of process a", |store| store.process(&process("a")).map(drop)),
        (keys::log(3), "position 3", |store| store.read(&Scope::All, 1, Direction::Forward, 99).map(drop)),
        (keys::part(&a, 3), "position 3 of process a", |store| {
            store.read(&Scope::Process(process("a")), 1, Direction::Forward, 99).map(drop)
        }),
        (keys::waymark(&a, &stream("a-Process").suffix, 64), "waymark", |store| {
            store.read(&Scope::Stream(stream("a-Process")), 70, Direction::Forward, 99).map(drop)
        }),
        (keys::receipt(&a, "key"), "receipt", |store| store.receipt(&process("a"), "key").map(drop)),
        (keys::undelivered(&a, 1), "message 1 of process a", |store| store.undelivered(None, None, 9).map(drop)),
        (keys::timer(&timer(5, "a", 2).key), "timer", |store| store.timers(Timestamp(9), None, 9).map(drop)),
        (keys::module(&Digest([7; 32])), "module 070707", |store| store.modules().map(drop)),
        (keys::module_piece(&Digest([7; 32]), 1), "module 070707", |store| store.bytes(&Digest([7; 32])).map(drop)),
    ];
    for (key, name, read) in cases {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path());
        full(&store);
        assert_eq!(read(&store), Ok(()), "{name}");
        flip_a_bit(&store, &key);
        let Err(StoreError::Damaged(why)) = read(&store) else { panic!("{name} was served") };
        assert!(why.contains(name), "{why}");
    }
}

#[test]
fn a_commit_that_meets_damage_is_refused_and_the_others_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let row = go_on(&store, unknown("a"), 2);
    flip_a_bit(&store, &keys::row(&row.id));
    let refused = procession_conformance::samples::submit(&store, commit(&row, &[("Process", 1)]));
    assert!(refused.is_err(), "it was built on a damaged row");
    go_on(&store, unknown("b"), 2);
    assert_eq!(events(&store, &Scope::All).len(), 4);
}

#[test]
fn an_entry_that_is_missing_is_reported_in_every_scope_and_direction() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    full(&store);
    remove(&store, &keys::log(50));
    for scope in [Scope::All, Scope::Process(process("a")), Scope::Stream(stream("a-Process"))] {
        for (from, direction) in [(1, Direction::Forward), (u64::MAX, Direction::Backward)] {
            let read = store.read(&scope, from, direction, usize::MAX);
            assert!(matches!(read, Err(StoreError::Damaged(_))), "{scope:?} {direction:?}");
            assert_eq!(store.read(&scope, from, direction, 10).unwrap().len(), 10, "what is whole can be read");
        }
    }
}

#[test]
fn a_gap_is_reported_at_the_beginning_in_the_middle_and_at_both_ends_of_a_read() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    full(&store);
    for lost in [1, 50] {
        remove(&store, &keys::part(&process("a"), lost));
        remove(&store, &keys::log(lost));
        for scope in [Scope::All, Scope::Stream(stream("a-Process"))] {
            for (from, direction) in
                [(lost, Direction::Forward), (1, Direction::Forward), (49, Direction::Backward), (u64::MAX, Direction::Backward)]
            {
                let read = store.read(&scope, from, direction, usize::MAX);
                assert!(matches!(read, Err(StoreError::Damaged(_))), "{scope:?} {direction:?} from {from} without {lost}");
            }
        }
    }
}
