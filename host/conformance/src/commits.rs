//! What a commit that is in order brings about.
//! What a refused one leaves is said in `refusals`.

use procession_engine::model::event::RecordedEvent;
use procession_engine::model::process::DeliveryState;
use procession_engine::ports::store::{EventStore, Scope};

use crate::samples::{callback, commit, events, message, process, receipt, submit, take, timer, undelivered, unknown, wait};
use crate::{Home, READ};

/// Rule: the first commit of a process builds on revision zero.
pub fn the_first_commit_of_a_process_builds_on_revision_zero<H: Home>() {
    let home = H::fresh();
    let store = home.open();
    assert_eq!(store.process(&process("a")).expect(READ), None);
    let first = commit(&unknown("a"), &[("Process", 2)]);
    assert_eq!(submit(&store, first.clone()), Ok(()));
    let expected: Vec<RecordedEvent> = first.entry.iter().flat_map(|entry| entry.events(1)).collect();
    assert_eq!(events(&store, &Scope::All), expected);
    assert_eq!(store.process(&process("a")).expect(READ), Some(first.row));
}

/// Rule: versions are dense from one in every stream.
pub fn versions_are_dense_from_one_in_every_stream<H: Home>() {
    let home = H::fresh();
    let store = home.open();
    let mut row = unknown("a");
    for runs in [&[("Process", 3)][..], &[("Booking", 1), ("Process", 2)], &[("Booking", 4)]] {
        row = take(&store, commit(&row, runs));
    }
    for (name, count) in [("a-Process", 5), ("a-Booking", 5)] {
        let versions: Vec<u64> = events(&store, &Scope::Stream(crate::samples::stream(name))).iter().map(|event| event.version).collect();
        assert_eq!(versions, (1..=count).collect::<Vec<_>>(), "{name}");
    }
}

/// Rule: a commit without an entry changes everything but the log.
pub fn a_commit_without_an_entry_changes_everything_but_the_log<H: Home>() {
    let home = H::fresh();
    let store = home.open();
    let mut waits = commit(&unknown("a"), &[]);
    waits.receipt = Some(receipt("key"));
    waits.undelivered = vec![undelivered("a", 1)];
    let row = take(&store, waits);
    assert_eq!(events(&store, &Scope::All), vec![]);
    assert_eq!(store.process(&process("a")).expect(READ), Some(row));
    assert_eq!(store.receipt(&process("a"), "key").expect(READ), Some(receipt("key")));
    assert_eq!(store.undelivered(None, None, 10).expect(READ), vec![undelivered("a", 1)]);
}

/// Rule: a commit may build on commits that are still under way.
pub fn a_commit_may_build_on_commits_that_are_still_under_way<H: Home>() {
    let home = H::fresh();
    let store = home.open();
    let mut row = unknown("a");
    let mut outcomes = Vec::new();
    for number in 1..=100_u64 {
        let mut next = commit(&row, &[("Process", 1)]);
        row = next.row.clone();
        next.undelivered = vec![undelivered("a", number)];
        next.timers_set = vec![timer(number, "a", number)];
        if number > 1 {
            next.delivered = vec![(process("a"), number - 1)];
            next.timers_cleared = vec![timer(number - 1, "a", number - 1).key];
        }
        let (done, outcome) = callback();
        store.submit(next, done);
        outcomes.push(outcome);
    }
    assert!(outcomes.iter().all(|outcome| wait(outcome) == Ok(())));
    assert_eq!(events(&store, &Scope::Process(process("a"))).len(), 100);
    assert_eq!(store.undelivered(None, None, 10).expect(READ), vec![undelivered("a", 100)]);
    assert_eq!(store.process(&process("a")).expect(READ), Some(row));
}

/// Rule: a receipt key belongs to one process.
pub fn a_receipt_key_belongs_to_one_process<H: Home>() {
    let home = H::fresh();
    let store = home.open();
    let long = "k".repeat(5_000);
    for id in ["a", "a-b", "b"] {
        for (turn, key) in ["same", "", "ünïcode\u{0}\u{1}", long.as_str()].into_iter().enumerate() {
            let row = store.process(&process(id)).expect(READ).unwrap_or_else(|| unknown(id));
            let mut request = commit(&row, &[("Process", 1)]);
            request.receipt = Some(receipt(key));
            assert_eq!(submit(&store, request), Ok(()), "{id} {turn}");
            assert_eq!(store.receipt(&process(id), key).expect(READ), Some(receipt(key)), "{id} {turn}");
        }
    }
    assert_eq!(store.receipt(&process("c"), "same").expect(READ), None);
    assert_eq!(store.receipt(&process("a"), &"k".repeat(4_999)).expect(READ), None);
}

/// Rule: a message recorded by one process is taken by the commit of another.
pub fn a_message_recorded_by_one_process_is_taken_by_the_commit_of_another<H: Home>() {
    let home = H::fresh();
    let store = home.open();
    let mut sends = commit(&unknown("sender"), &[("Process", 1)]);
    let mut sent = undelivered("sender", 1);
    sent.message = message("receiver", 1);
    sends.undelivered = vec![sent];
    take(&store, sends);
    let mut takes = commit(&unknown("receiver"), &[("Booking", 1)]);
    takes.delivered = vec![(process("sender"), 1)];
    take(&store, takes);
    assert_eq!(store.undelivered(None, None, 10).expect(READ), vec![]);
}

/// Rule: the state of an undelivered message can change.
pub fn the_state_of_an_undelivered_message_can_change<H: Home>() {
    let home = H::fresh();
    let store = home.open();
    let mut first = commit(&unknown("a"), &[("Process", 1)]);
    first.undelivered = vec![undelivered("a", 1)];
    let row = take(&store, first);
    let mut second = commit(&row, &[]);
    let parked = procession_engine::model::process::Undelivered { state: DeliveryState::Parked, ..undelivered("a", 1) };
    second.undelivered = vec![parked.clone()];
    let row = take(&store, second);
    assert_eq!(store.undelivered(None, None, 10).expect(READ), vec![parked]);
    // Taken and put back by one commit: it is there.
    let mut third = commit(&row, &[]);
    third.delivered = vec![(process("a"), 1)];
    third.undelivered = vec![undelivered("a", 1)];
    take(&store, third);
    assert_eq!(store.undelivered(None, None, 10).expect(READ), vec![undelivered("a", 1)]);
}
