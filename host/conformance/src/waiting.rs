//! What waits: undelivered messages and timers, their order and their pages.
//! That each has its effect once is said in `refusals`.

use procession_engine::model::process::{DeliveryState, Timer, TimerKey, Undelivered};
use procession_engine::model::time::Timestamp;
use procession_engine::ports::store::{CommitError, EventStore};

use crate::samples::{commit, process, submit, take, timer, undelivered, unknown};
use crate::{Home, READ};

/// Puts messages of three owners in an order that is not theirs, and gives them back in theirs.
fn messages(store: &impl EventStore) -> Vec<Undelivered> {
    for owner in ["b", "a-b", "a"] {
        let mut sends = commit(&unknown(owner), &[("Process", 1)]);
        sends.undelivered = [300, 2, 1, 70_000].map(|seq| undelivered(owner, seq)).to_vec();
        take(store, sends);
    }
    let in_order = |owner| [1, 2, 300, 70_000].map(|seq| undelivered(owner, seq));
    ["a", "a-b", "b"].into_iter().flat_map(in_order).collect()
}

/// Rule: undelivered messages come in order of owner and number.
pub fn undelivered_messages_come_in_order_of_owner_and_number<H: Home>() {
    let home = H::fresh();
    let store = home.open();
    let messages = messages(&store);
    assert_eq!(store.undelivered(None, None, usize::MAX).expect(READ), messages);
    let mut pages = Vec::<Undelivered>::new();
    loop {
        let after = pages.last().map(|last| (last.owner.clone(), last.seq));
        let page = store.undelivered(None, after, 5).expect(READ);
        if page.is_empty() {
            break;
        }
        pages.extend(page);
    }
    assert_eq!(pages, messages);
}

/// Rule: undelivered messages of one owner can be asked for.
pub fn undelivered_messages_of_one_owner_can_be_asked_for<H: Home>() {
    let home = H::fresh();
    let store = home.open();
    let messages = messages(&store);
    for owner in ["a", "a-b", "b"].map(process) {
        let expected: Vec<_> = messages.iter().filter(|message| message.owner == owner).cloned().collect();
        assert_eq!(store.undelivered(Some(&owner), None, usize::MAX).expect(READ), expected);
        assert_eq!(store.undelivered(Some(&owner), Some((owner.clone(), 2)), 1).expect(READ), expected[2..3]);
        assert_eq!(store.undelivered(Some(&owner), Some((owner.clone(), u64::MAX)), 9).expect(READ), vec![]);
    }
    assert_eq!(store.undelivered(Some(&process("b")), Some((process("a"), 2)), 9).expect(READ).len(), 4);
    assert_eq!(store.undelivered(Some(&process("a")), Some((process("b"), 1)), 9).expect(READ), vec![]);
    assert_eq!(store.undelivered(Some(&process("c")), None, 9).expect(READ), vec![]);
}

/// Rule: a message that is delivered and kept once more in one commit stays with its new state, if it was there.
pub fn a_message_can_be_delivered_and_kept_once_more_in_one_commit<H: Home>() {
    let home = H::fresh();
    let store = home.open();
    let mut sends = commit(&unknown("a"), &[("Process", 1)]);
    sends.undelivered = vec![undelivered("a", 7)];
    let row = take(&store, sends);
    let parked = Undelivered { state: DeliveryState::Parked, ..undelivered("a", 7) };
    let mut keeps = commit(&row, &[("Process", 1)]);
    (keeps.delivered, keeps.undelivered) = (vec![(process("a"), 7)], vec![parked.clone()]);
    let row = take(&store, keeps);
    assert_eq!(store.undelivered(None, None, 9).expect(READ), std::slice::from_ref(&parked));
    let mut missing = commit(&row, &[("Process", 1)]);
    (missing.delivered, missing.undelivered) = (vec![(process("a"), 8)], vec![undelivered("a", 8)]);
    assert_eq!(submit(&store, missing), Err(CommitError::Gone { process: process("a"), seq: 8 }));
    assert_eq!(store.undelivered(None, None, 9).expect(READ), [parked]);
}

/// Sets timers of two processes, and gives them back earliest first.
fn timers(store: &impl EventStore) -> Vec<Timer> {
    for (owner, seqs) in [("b", [4, 3]), ("a", [2, 1])] {
        let mut sets = commit(&unknown(owner), &[("Process", 1)]);
        sets.timers_set = seqs.into_iter().flat_map(|seq| [90, 1 << 40, 300].map(|due| timer(due + seq % 2, owner, seq + due))).collect();
        take(store, sets);
    }
    let keys = [90, 300, 1 << 40].into_iter().flat_map(|due| {
        [(due, "a", 2), (due, "b", 4), (due + 1, "a", 1), (due + 1, "b", 3)].map(|(at, owner, seq)| timer(at, owner, seq + due))
    });
    keys.collect()
}

/// Rule: timers come earliest first and in pages.
pub fn timers_come_earliest_first_and_in_pages<H: Home>() {
    let home = H::fresh();
    let store = home.open();
    let timers = timers(&store);
    assert_eq!(store.timers(Timestamp(u64::MAX), None, usize::MAX).expect(READ), timers);
    let mut after: Option<TimerKey> = None;
    for expected in timers.chunks(5) {
        let page = store.timers(Timestamp(u64::MAX), after.as_ref(), 5).expect(READ);
        assert_eq!(page, expected);
        after = page.last().map(|timer| timer.key.clone());
    }
}

/// Rule: only timers that are due come.
pub fn only_timers_that_are_due_come<H: Home>() {
    let home = H::fresh();
    let store = home.open();
    let timers = timers(&store);
    for until in [0, 89, 90, 91, 299, 300, 1 << 41] {
        let due: Vec<_> = timers.iter().filter(|timer| timer.key.due.0 <= until).cloned().collect();
        assert_eq!(store.timers(Timestamp(until), None, usize::MAX).expect(READ), due, "until {until}");
    }
    assert_eq!(store.timers(Timestamp(10), Some(&timers[11].key), 5).expect(READ), vec![]);
}

/// Rule: a cleared timer does not come.
pub fn a_cleared_timer_does_not_come<H: Home>() {
    let home = H::fresh();
    let store = home.open();
    let timers = timers(&store);
    let row = store.process(&process("a")).expect(READ).expect(READ);
    let mut clears = commit(&row, &[("Process", 1)]);
    clears.timers_cleared = vec![timers[0].key.clone()];
    take(&store, clears);
    assert_eq!(store.timers(Timestamp(u64::MAX), None, usize::MAX).expect(READ), timers[1..]);
}
