//! What is refused, why, and that nothing is left of it.
//! Two rivals at the same moment are `order`'s matter.

use procession_engine::model::commit::Commit;
use procession_engine::model::process::ProcessRow;
use procession_engine::ports::shelf::Shelf;
use procession_engine::ports::store::{CommitError, EventStore, StoreError};

use crate::samples::{callback, commit, process, receipt, submit, take, timer, undelivered, unknown, wait};
use crate::{Home, READ};
use crate::{picture, samples};

/// A process at revision 1 and version 2, with a message, a timer and a receipt under `first`.
fn begun(store: &impl EventStore) -> ProcessRow {
    let mut first = commit(&unknown("a"), &[("Process", 2)]);
    first.receipt = Some(receipt("first"));
    first.undelivered = vec![undelivered("a", 1)];
    first.timers_set = vec![timer(500, "a", 2)];
    take(store, first)
}

/// A commit that would change everything there is to change.
fn rich(before: &ProcessRow) -> Commit {
    let mut rich = commit(before, &[("Process", 1), ("Booking", 2)]);
    rich.receipt = Some(receipt("second"));
    rich.delivered = vec![(process("a"), 1)];
    rich.undelivered = vec![undelivered("a", 3)];
    rich.timers_cleared = vec![timer(500, "a", 2).key];
    rich.timers_set = vec![timer(600, "a", 4)];
    rich
}

fn refuse(store: &(impl EventStore + Shelf), commit: Commit) -> CommitError {
    let before = picture::of(store, &["first", "second"]);
    let refusal = submit(store, commit).expect_err("the commit is not in order");
    assert_eq!(picture::of(store, &["first", "second"]), before, "{refusal} left something behind");
    refusal
}

/// Rule: a stale commit is refused and leaves nothing.
pub fn a_stale_commit_is_refused_and_leaves_nothing<H: Home>() {
    let home = H::fresh();
    let store = home.open();
    let row = begun(&store);
    let behind = rich(&unknown("a"));
    assert_eq!(refuse(&store, behind), CommitError::Stale { process: process("a"), expected: 0, found: 1 });
    let mut ahead = rich(&row);
    ahead.row.revision = 7;
    assert_eq!(refuse(&store, ahead), CommitError::Stale { process: process("a"), expected: 6, found: 1 });
    let mut of_nobody = rich(&row);
    of_nobody.row.id = process("b");
    assert_eq!(refuse(&store, of_nobody), CommitError::Stale { process: process("b"), expected: 1, found: 0 });
    assert_eq!(submit(&store, rich(&row)), Ok(()));
}

/// Rule: a request is taken once and a second one leaves nothing.
pub fn a_request_is_taken_once_and_a_second_one_leaves_nothing<H: Home>() {
    let home = H::fresh();
    let store = home.open();
    let row = begun(&store);
    let mut again = rich(&row);
    again.receipt = Some(receipt("first"));
    assert_eq!(refuse(&store, again), CommitError::Taken { process: process("a"), key: "first".to_owned() });
    assert_eq!(submit(&store, rich(&row)), Ok(()));
}

/// Rule: a message has its effect once and a second time leaves nothing.
pub fn a_message_has_its_effect_once_and_a_second_time_leaves_nothing<H: Home>() {
    let home = H::fresh();
    let store = home.open();
    let row = begun(&store);
    for gone in [(process("a"), 9), (process("b"), 1)] {
        let mut twice = rich(&row);
        twice.delivered.push(gone.clone());
        assert_eq!(refuse(&store, twice), CommitError::Gone { process: gone.0, seq: gone.1 });
    }
    let mut twice_in_one = rich(&row);
    twice_in_one.delivered.push((process("a"), 1));
    assert_eq!(refuse(&store, twice_in_one), CommitError::Gone { process: process("a"), seq: 1 });
    let row = take(&store, rich(&row));
    let mut again = commit(&row, &[("Process", 1)]);
    again.delivered = vec![(process("a"), 1)];
    assert_eq!(refuse(&store, again), CommitError::Gone { process: process("a"), seq: 1 });
}

/// Rule: a timer has its effect once and a second time leaves nothing.
pub fn a_timer_has_its_effect_once_and_a_second_time_leaves_nothing<H: Home>() {
    let home = H::fresh();
    let store = home.open();
    let row = begun(&store);
    let mut other = rich(&row);
    other.timers_cleared.push(timer(501, "a", 2).key);
    assert_eq!(refuse(&store, other), CommitError::Gone { process: process("a"), seq: 2 });
    let mut twice_in_one = rich(&row);
    twice_in_one.timers_cleared.push(timer(500, "a", 2).key);
    assert_eq!(refuse(&store, twice_in_one), CommitError::Gone { process: process("a"), seq: 2 });
    let row = take(&store, rich(&row));
    let mut again = commit(&row, &[("Process", 1)]);
    again.timers_cleared = vec![timer(500, "a", 2).key];
    assert_eq!(refuse(&store, again), CommitError::Gone { process: process("a"), seq: 2 });
}

/// Rule: versions that do not continue their stream are refused.
pub fn versions_that_do_not_continue_their_stream_are_refused<H: Home>() {
    let home = H::fresh();
    let store = home.open();
    let row = begun(&store);
    let broken: [fn(&mut Commit); 7] = [
        |commit| decisions(commit)[0].first_version = 2,
        |commit| decisions(commit)[0].first_version = 4,
        |commit| decisions(commit)[1].first_version = 2,
        |commit| decisions(commit)[0].pin = 2,
        |commit| decisions(commit)[0].events.clear(),
        |commit| commit.row.streams[0].version = 9,
        |commit| drop(commit.row.streams.pop()),
    ];
    for (number, break_it) in broken.into_iter().enumerate() {
        let mut broken = rich(&row);
        break_it(&mut broken);
        let refusal = refuse(&store, broken);
        assert!(matches!(refusal, CommitError::Store(StoreError::Damaged(_))), "{number}: {refusal}");
    }
    let mut of_another = rich(&row);
    entry(&mut of_another).input = samples::message("b", 1);
    assert!(matches!(refuse(&store, of_another), CommitError::Store(StoreError::Damaged(_))));
    assert_eq!(submit(&store, rich(&row)), Ok(()));
}

fn entry(commit: &mut Commit) -> &mut procession_engine::model::commit::Entry {
    commit.entry.as_mut().expect("the sample has an entry")
}

fn decisions(commit: &mut Commit) -> &mut [procession_engine::model::commit::DecisionRecord] {
    &mut entry(commit).decisions
}

/// Rule: a commit built on a refused one is refused too.
pub fn a_commit_built_on_a_refused_one_is_refused_too<H: Home>() {
    let home = H::fresh();
    let store = home.open();
    let row = begun(&store);
    let mut refused = rich(&row);
    refused.receipt = Some(receipt("first"));
    let built_on_it = commit(&refused.row, &[("Process", 1)]);
    let ((first, first_outcome), (second, second_outcome)) = (callback(), callback());
    store.submit(refused, first);
    store.submit(built_on_it, second);
    assert_eq!(wait(&first_outcome), Err(CommitError::Taken { process: process("a"), key: "first".to_owned() }));
    assert_eq!(wait(&second_outcome), Err(CommitError::Stale { process: process("a"), expected: 2, found: 1 }));
    assert_eq!(store.process(&process("a")).expect(READ), Some(row));
}
