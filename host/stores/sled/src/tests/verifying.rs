//! Verifying names every damage by what it is and where, goes on behind it, and finds nothing where nothing is.

use procession_conformance::samples::{commit, long_text, note, process, receipt, snapshot, stream, take, timer, undelivered, unknown};
use procession_engine::model::id::Digest;
use procession_engine::model::process::{Delayed, SetTimer};
use procession_engine::model::time::Timestamp;
use procession_engine::model::view::Phase;
use procession_engine::ports::shelf::Shelf;
use procession_engine::verify::Damage;

use super::format1::fixture;
use super::{go_on, open, pieces};
use crate::backup::restore;
use crate::{SledStore, keys};

/// A store with something of every kind, all of it in order.
fn full(store: &SledStore) {
    store.put(&pieces::record(1), Some(&[5; 10_000])).unwrap();
    let mut first = commit(&unknown("a"), &[("Process", 2)]);
    first.receipt = Some(receipt("key"));
    first.undelivered = vec![undelivered("a", 1)];
    first.timers_set = vec![timer(5, "a", 2)];
    first.row.streams[0].timers = vec![SetTimer { name: "patience".to_owned(), due: Timestamp(5), seq: 2 }];
    first.row.next_seq = 3;
    first.notes = vec![note(1)];
    first.row.next_note = 2;
    first.snapshots = vec![snapshot(2, &long_text(9_000))];
    let row = take(store, first);
    go_on(store, row, 100);
    go_on(store, unknown("b"), 3);
}

fn damages(store: &SledStore) -> Vec<Damage> {
    let mut damages = Vec::new();
    let found = store.verify(&mut |damage| damages.push(damage)).unwrap();
    assert_eq!(found.damages, damages.len() as u64);
    damages
}

#[test]
fn a_store_in_order_has_no_damage_and_everything_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    full(&store);
    assert_eq!(damages(&store), []);
    let found = store.verify(&mut |_| ()).unwrap();
    assert_eq!((found.events, found.counts["processes"], found.counts["waymarks"]), (105, 2, 1));
    for kind in ["receipts", "notes", "snapshots", "timers", "undelivered", "modules", "tallies"] {
        assert_eq!(found.counts[kind], 1, "{kind}");
    }
}

#[test]
fn a_store_of_format_1_has_no_damage() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("store");
    restore(&fixture(), &place).unwrap();
    assert_eq!(damages(&open(&place)), []);
}

/// Every key, with a bit flipped and gone.
#[test]
fn every_flipped_bit_is_named_and_nothing_that_is_missing_goes_unnoticed() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    full(&store);
    let all = (std::ops::Bound::Included(Vec::new()), std::ops::Bound::Unbounded);
    let kept: Vec<_> = store.disk().unwrap().range(all).map(Result::unwrap).collect();
    // One of each kind, and two of the log.
    let mut seen = std::collections::BTreeMap::<u8, usize>::new();
    for (key, value) in kept {
        let count = seen.entry(key[0]).or_default();
        *count += 1;
        if *count > 2 {
            continue;
        }
        let put = |change: Option<Vec<u8>>| {
            let mut batch = sled::Batch::default();
            match change {
                Some(value) => batch.insert(&*key, value),
                None => batch.remove(&*key),
            }
            store.disk().unwrap().write(batch).unwrap();
        };
        let name = keys::describe(&key);
        let mut flipped = value.to_vec();
        let middle = flipped.len() / 2;
        flipped[middle] ^= 4;
        put(Some(flipped));
        let found = damages(&store);
        assert!(found.iter().any(|damage| damage.what == name && damage.how.contains(&name)), "{name}: {found:?}");
        put(None);
        let gone = damages(&store);
        // Of a receipt, a note, a snapshot or an undelivered message nothing else knows: their commits are whole without them.
        let stands_alone = b"RNSOF".contains(&key[0]);
        assert!(stands_alone || !gone.is_empty(), "nobody misses {name}");
        put(Some(value.to_vec()));
    }
    assert_eq!(damages(&store), []);
    assert!(seen.len() >= 15, "{seen:?}");
}

#[test]
fn what_contradicts_itself_is_named_although_every_checksum_fits() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    full(&store);
    let mut batch = sled::Batch::default();
    let mut put = |key: Vec<u8>, body: Vec<u8>, shape: u8| {
        batch.insert(key.clone(), crate::codec::seal_as(&key, crate::codec::Form::plain(shape), &body))
    };
    let mut row = crate::read::row(&store.disk().unwrap(), &process("b")).unwrap().unwrap();
    row.delayed = vec![Delayed { due: Timestamp(9), seq: 99 }];
    row.streams[0].version += 1;
    row.streams[0].module = Digest([9; 32]);
    put(keys::row(&row.id), crate::codec::encode(&row).unwrap(), 2);
    let stray = timer(7, "b", 5);
    put(keys::timer(&stray.key), crate::codec::encode(&stray).unwrap(), 1);
    put(keys::phase(Phase::Failed, &process("a")), Vec::new(), 1);
    put(keys::piece(&keys::row(&process("a")), 0), vec![1], 1);
    let past = snapshot(5_000, "{}");
    put(keys::snapshot(&process("a"), &stream("a-Process").suffix), crate::codec::encode(&past).unwrap(), 1);
    store.disk().unwrap().write(batch).unwrap();
    let text: Vec<String> = damages(&store).iter().map(|damage| format!("{}: {}", damage.what, damage.how)).collect();
    let all = text.join("\n");
    for expected in [
        "ends at version 3 in the log, its row says Some(4)",
        "is pinned to 090909090909, which is not on the shelf",
        "waits for timer 99, due at 9, which is not there",
        "its process does not wait for it",
        "no process of that name is in that phase",
        "the value that it is a piece of has no such piece",
        "contains version 5000, its stream ends at Some(102)",
        "the rows have",
    ] {
        assert!(all.contains(expected), "{expected}\n\n{all}");
    }
}
