//! The promise that everything else rests on: commits take effect, and are answered, in the order in which they are submitted.
//! What one commit does by itself is said in `commits`.

use std::sync::{Arc, Mutex};
use std::thread;

use procession_engine::ports::store::{CommitError, EventStore, Scope};

use crate::samples::{callback, commit, events, process, receipt, submit, take, unknown, wait};
use crate::{Home, READ};

const RIVALS: usize = 8;

/// Rule: exactly one of many rivals wins.
pub fn exactly_one_of_many_rivals_wins<H: Home>() {
    let home = H::fresh();
    let store = Arc::new(home.open());
    let row = take(&*store, commit(&unknown("a"), &[("Process", 1)]));
    let outcomes = outcomes_of_rivals(&store, |rival| {
        let mut next = commit(&row, &[("Process", rival + 1)]);
        next.receipt = Some(receipt(&rival.to_string()));
        next
    });
    let lost = CommitError::Stale { process: process("a"), expected: 1, found: 2 };
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Err(lost.clone())).count(), RIVALS - 1);
    let winner = outcomes.iter().position(Result::is_ok).expect("one of them has won");
    assert_eq!(events(&*store, &Scope::All).len(), 1 + winner + 1);
    for (rival, outcome) in outcomes.iter().enumerate() {
        assert_eq!(store.receipt(&process("a"), &rival.to_string()).expect(READ).is_some(), outcome.is_ok());
    }
}

fn outcomes_of_rivals<S: EventStore>(
    store: &Arc<S>,
    commit_of: impl Fn(usize) -> procession_engine::model::commit::Commit,
) -> Vec<Result<(), CommitError>> {
    let commits: Vec<_> = (0..RIVALS).map(commit_of).collect();
    thread::scope(|scope| {
        let rivals: Vec<_> = commits.into_iter().map(|commit| scope.spawn(|| submit(&**store, commit))).collect();
        rivals.into_iter().map(|rival| rival.join().expect("no rival panics")).collect()
    })
}

/// Rule: positions are gapless and follow the order of submission.
pub fn positions_are_gapless_and_follow_the_order_of_submission<H: Home>() {
    let home = H::fresh();
    let store = home.open();
    let submitted = Mutex::new(Vec::new());
    let outcomes = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for name in ["a", "b", "c", "d"] {
            let (store, submitted, outcomes) = (&store, &submitted, &outcomes);
            scope.spawn(move || {
                let mut row = unknown(name);
                for turn in 0..50 {
                    let next = commit(&row, &[("Process", 1 + turn % 3)]);
                    row = next.row.clone();
                    let (done, outcome) = callback();
                    // The lock makes the order of submission known to the rule.
                    let mut submitted = submitted.lock().expect("no thread panics");
                    submitted.extend((0..=turn % 3).map(|_| process(name)));
                    store.submit(next, done);
                    drop(submitted);
                    outcomes.lock().expect("no thread panics").push(outcome);
                }
            });
        }
    });
    assert!(outcomes.into_inner().expect("no thread panics").iter().all(|outcome| wait(outcome) == Ok(())));
    let log = events(&store, &Scope::All);
    assert!(log.iter().map(|event| event.position).eq(1..=log.len() as u64));
    let processes: Vec<_> = log.into_iter().map(|event| event.stream.process).collect();
    assert_eq!(processes, submitted.into_inner().expect("no thread panics"));
}

/// Rule: done is called once for each commit in order of submission.
pub fn done_is_called_once_for_each_commit_in_order_of_submission<H: Home>() {
    let home = H::fresh();
    let store = home.open();
    let called = Arc::new(Mutex::new(Vec::new()));
    let mut row = unknown("a");
    for number in 0..200 {
        let mut next = commit(&row, &[("Process", 1)]);
        if number % 7 == 3 {
            next.row.revision += 1;
        } else {
            row = next.row.clone();
        }
        let called = called.clone();
        store.submit(next, Box::new(move |outcome| called.lock().expect("nobody panics").push((number, outcome.is_ok()))));
    }
    let last = commit(&row, &[("Process", 1)]);
    assert_eq!(submit(&store, last), Ok(()));
    let called = called.lock().expect("nobody panics");
    assert_eq!(*called, (0..200).map(|number| (number, number % 7 != 3)).collect::<Vec<_>>());
}

/// Rule: a commit can be read when done is called.
pub fn a_commit_can_be_read_when_done_is_called<H: Home>() {
    let home = H::fresh();
    let store = Arc::new(home.open());
    let (sender, receiver) = std::sync::mpsc::sync_channel(1);
    let first = commit(&unknown("a"), &[("Process", 2)]);
    let reader = Arc::downgrade(&store);
    store.submit(
        first,
        Box::new(move |_| {
            let seen = reader.upgrade().map(|store| events(&*store, &Scope::All).len());
            sender.send(seen).expect("the rule waits");
        }),
    );
    assert_eq!(receiver.recv(), Ok(Some(2)));
}

/// Rule: a callback may submit the next commit.
pub fn a_callback_may_submit_the_next_commit<H: Home>() {
    let home = H::fresh();
    let store = Arc::new(home.open());
    let first = commit(&unknown("a"), &[("Process", 1)]);
    let second = commit(&first.row, &[("Process", 1)]);
    let (done, outcome) = callback();
    let again = Arc::downgrade(&store);
    store.submit(
        first,
        Box::new(move |_| {
            if let Some(store) = again.upgrade() {
                store.submit(second, done);
            }
        }),
    );
    assert_eq!(wait(&outcome), Ok(()));
    assert_eq!(events(&*store, &Scope::All).len(), 2);
}

/// Rule: a barrier is called at once when nothing is pending.
pub fn a_barrier_is_called_at_once_when_nothing_is_pending<H: Home>() {
    let home = H::fresh();
    let store = home.open();
    let (done, outcome) = callback();
    store.barrier(done);
    assert_eq!(outcome.try_recv(), Ok(Ok(())));
    take(&store, commit(&unknown("a"), &[("Process", 1)]));
    let (done, outcome) = callback();
    store.barrier(done);
    assert_eq!(wait(&outcome), Ok(()));
}

/// Rule: what was seen before a barrier is there after it.
pub fn what_was_seen_before_a_barrier_is_there_after_it<H: Home>() {
    let home = H::fresh();
    let store = home.open();
    let mut row = unknown("a");
    let mut outcomes = Vec::new();
    for _ in 0..300 {
        let next = commit(&row, &[("Process", 1)]);
        row = next.row.clone();
        let (done, outcome) = callback();
        store.submit(next, done);
        outcomes.push(outcome);
        let seen = store.process(&process("a")).expect(READ).map_or(0, |row| row.revision);
        let (done, outcome) = callback();
        store.barrier(done);
        if seen > 0 {
            assert_eq!(wait(&outcome), Ok(()));
            assert!(store.process(&process("a")).expect(READ).is_some_and(|row| row.revision >= seen));
        } else {
            outcomes.push(outcome);
        }
    }
    assert!(outcomes.iter().all(|outcome| wait(outcome) == Ok(())));
}
