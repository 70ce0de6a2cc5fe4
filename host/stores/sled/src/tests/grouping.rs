//! One sync for many commits, nothing told before it, and nothing taken after one that failed.

use std::sync::{Arc, Mutex, mpsc};

use procession_conformance::samples::{callback, commit, events, process, submit, unknown, wait};
use procession_engine::ports::store::{CommitError, EventStore, Scope, StoreError};

use super::gate;
use crate::Settings;

#[test]
fn commits_that_come_during_a_sync_share_the_next_one() {
    let folder = tempfile::tempdir().unwrap();
    let (store, gate) = gate::open(folder.path(), Settings::default());
    let (done, first) = callback();
    store.submit(commit(&unknown("first"), &[("Process", 1)]), done);
    gate.wait();
    let others: Vec<_> = (0..100)
        .map(|number| {
            let (done, outcome) = callback();
            store.submit(commit(&unknown(&format!("p{number}")), &[("Process", 1)]), done);
            outcome
        })
        .collect();
    gate.let_through();
    gate.wait();
    assert_eq!(wait(&first), Ok(()));
    gate.let_through();
    assert!(others.iter().all(|outcome| wait(outcome) == Ok(())));
    assert!(!gate.has_begun(), "the hundred needed more than one sync");
}

#[test]
fn nothing_is_told_before_the_sync_and_a_barrier_waits_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let (store, gate) = gate::open(folder.path(), Settings::default());
    let (done, outcome) = callback();
    store.submit(commit(&unknown("a"), &[("Process", 1)]), done);
    gate.wait();
    assert_eq!(events(&store, &Scope::All).len(), 1, "reads see what is written");
    let (done, barrier) = callback();
    store.barrier(done);
    assert!(outcome.try_recv().is_err(), "told before the sync");
    assert!(barrier.try_recv().is_err(), "called before the sync");
    gate.let_through();
    assert_eq!(wait(&outcome), Ok(()));
    assert_eq!(wait(&barrier), Ok(()));
}

#[test]
fn a_refusal_alone_needs_no_sync() {
    let folder = tempfile::tempdir().unwrap();
    let (store, gate) = gate::open(folder.path(), Settings::default());
    let mut stale = commit(&unknown("a"), &[("Process", 1)]);
    stale.row.revision = 5;
    assert!(submit(&store, stale).is_err());
    assert!(!gate.has_begun());
}

#[test]
fn after_a_failed_sync_nothing_is_acknowledged_and_reads_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let (store, gate) = gate::open(folder.path(), Settings::default());
    let first = commit(&unknown("a"), &[("Process", 1)]);
    let row = first.row.clone();
    let ((first_done, first_outcome), (second_done, second_outcome), (barrier_done, barrier)) = (callback(), callback(), callback());
    store.submit(first, first_done);
    gate.wait();
    store.submit(commit(&row, &[("Process", 1)]), second_done);
    store.barrier(barrier_done);
    gate.fail("the device is on fire");
    let Err(CommitError::Store(StoreError::Io(why))) = wait(&first_outcome) else { panic!("it was acknowledged") };
    assert!(why.contains("the device is on fire") && why.contains(&*folder.path().to_string_lossy()), "{why}");
    assert!(matches!(wait(&barrier), Err(CommitError::Store(_))));
    assert!(matches!(wait(&second_outcome), Err(CommitError::Store(StoreError::Closed(_)))));
    let later = submit(&store, commit(&unknown("b"), &[("Process", 1)]));
    let Err(CommitError::Store(StoreError::Closed(why))) = later else { panic!("{later:?}") };
    assert!(why.contains("the device is on fire"), "{why}");
    let (done, barrier) = callback();
    store.barrier(done);
    assert!(wait(&barrier).is_err(), "what reads see is not durable");
    assert!(store.process(&process("a")).is_ok());
    drop(store);
    let store = super::open(folder.path());
    assert_eq!(submit(&store, commit(&unknown("b"), &[("Process", 1)])), Ok(()));
}

#[test]
fn a_store_that_was_closed_takes_nothing_more_and_can_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let store = super::open(folder.path());
    super::go_on(&store, unknown("a"), 3);
    store.close();
    store.close();
    assert!(matches!(submit(&store, commit(&unknown("b"), &[("Process", 1)])), Err(CommitError::Store(StoreError::Closed(_)))));
    assert_eq!(events(&store, &Scope::All).len(), 3);
    let (done, barrier) = callback();
    store.barrier(done);
    assert_eq!(wait(&barrier), Ok(()));
}

#[test]
fn closing_finishes_what_waits() {
    let folder = tempfile::tempdir().unwrap();
    let store = super::open(folder.path());
    let mut row = unknown("a");
    let outcomes: Vec<_> = (0..500)
        .map(|_| {
            let next = commit(&row, &[("Process", 1)]);
            row = next.row.clone();
            let (done, outcome) = callback();
            store.submit(next, done);
            outcome
        })
        .collect();
    drop(store);
    assert!(outcomes.iter().all(|outcome| outcome.try_recv() == Ok(Ok(()))));
    assert_eq!(events(&super::open(folder.path()), &Scope::All).len(), 500);
}

#[test]
fn callers_wait_for_a_place_in_a_full_queue_but_callbacks_do_not() {
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings { queue_commits_max: 1, group_commits_max: 2, ..Settings::default() };
    let store = Arc::new(crate::SledStore::open(folder.path(), settings).unwrap());
    let (sender, outcomes) = mpsc::sync_channel(64);
    for number in 0..8 {
        let (again, sender) = (Arc::downgrade(&store), sender.clone());
        let submit_three_more = move |_| {
            for follower in 0..3 {
                let sender = sender.clone();
                let next = commit(&unknown(&format!("p{number}.{follower}")), &[("Process", 1)]);
                if let Some(store) = again.upgrade() {
                    store.submit(next, Box::new(move |outcome| sender.send(outcome).unwrap()));
                }
            }
        };
        store.submit(commit(&unknown(&format!("p{number}")), &[("Process", 1)]), Box::new(submit_three_more));
    }
    assert!((0..24).all(|_| outcomes.recv() == Ok(Ok(()))));
}

#[test]
fn a_callback_that_panics_takes_nobody_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = super::open(folder.path());
    let called = Arc::new(Mutex::new(0));
    for number in 0..20 {
        let called = Arc::clone(&called);
        let done = move |_| {
            assert!(number % 5 != 0, "this callback breaks, as it should in this test");
            *called.lock().unwrap() += 1;
        };
        store.submit(commit(&unknown(&format!("p{number}")), &[("Process", 1)]), Box::new(done));
    }
    drop(store);
    assert_eq!(*called.lock().unwrap(), 16);
}
