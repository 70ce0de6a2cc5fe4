//! How events are read: three scopes, two directions, pages.
//! What else a store shows is in `rows` and `waiting`.

use procession_engine::model::event::RecordedEvent;
use procession_engine::ports::store::{Direction, EventStore, Scope};

use crate::samples::{commit, events, process, stream, take, unknown};
use crate::{Home, READ};

/// Three processes whose commits stand between each other; process `b` has two streams that take turns within one commit.
fn told(store: &impl EventStore) -> Vec<RecordedEvent> {
    let (mut a, mut b, mut c) = (unknown("a"), unknown("b"), unknown("b-b"));
    let mut log = Vec::new();
    for turn in 0..40 {
        for (row, runs) in [
            (&mut a, &[("Process", 1)][..]),
            (&mut b, &[("Process", 2), ("Booking", 1), ("Process", 1), ("Booking", 2)]),
            (&mut c, if turn % 10 == 0 { &[("Booking", 1)] } else { &[("Process", 3)] }),
        ] {
            let next = commit(row, runs);
            log.extend(next.entry.iter().flat_map(|entry| entry.events(log.len() as u64 + 1)).collect::<Vec<_>>());
            *row = take(store, next);
        }
    }
    log
}

fn scopes() -> [Scope; 6] {
    let of = |name| Scope::Stream(stream(name));
    [Scope::All, Scope::Process(process("a")), Scope::Process(process("b")), of("b-Process"), of("b-Booking"), of("b-b-Booking")]
}

fn within(scope: &Scope, event: &RecordedEvent) -> bool {
    match scope {
        Scope::All => true,
        Scope::Process(process) => event.stream.process == *process,
        Scope::Stream(stream) => event.stream == *stream,
    }
}

fn place(scope: &Scope, event: &RecordedEvent) -> u64 {
    if matches!(scope, Scope::Stream(_)) { event.version } else { event.position }
}

/// Rule: every scope shows its events in order and no others.
pub fn every_scope_shows_its_events_in_order_and_no_others<H: Home>() {
    let home = H::fresh();
    let store = home.open();
    let log = told(&store);
    for scope in scopes() {
        let expected: Vec<_> = log.iter().filter(|event| within(&scope, event)).cloned().collect();
        assert_eq!(events(&store, &scope), expected, "{scope:?}");
        let backward = store.read(&scope, u64::MAX, Direction::Backward, usize::MAX).expect(READ);
        assert_eq!(backward, expected.into_iter().rev().collect::<Vec<_>>(), "{scope:?}");
    }
}

/// Rule: a read begins at its place and ends at its limit.
pub fn a_read_begins_at_its_place_and_ends_at_its_limit<H: Home>() {
    let home = H::fresh();
    let store = home.open();
    let log = told(&store);
    for scope in scopes() {
        for from in (0..log.len() as u64 + 3).step_by(7).chain([1, 2, 65, 66, 128]) {
            for limit in [0, 1, 5] {
                let mine = || log.iter().filter(|event| within(&scope, event));
                let forward: Vec<_> = mine().filter(|event| place(&scope, event) >= from).take(limit).cloned().collect();
                assert_eq!(
                    store.read(&scope, from, Direction::Forward, limit).expect(READ),
                    forward,
                    "{scope:?} from {from} limit {limit}"
                );
                let backward: Vec<_> = mine().rev().filter(|event| place(&scope, event) <= from).take(limit).cloned().collect();
                assert_eq!(
                    store.read(&scope, from, Direction::Backward, limit).expect(READ),
                    backward,
                    "{scope:?} back from {from} limit {limit}"
                );
            }
        }
    }
}

/// Rule: what nobody recorded reads as nothing.
pub fn what_nobody_recorded_reads_as_nothing<H: Home>() {
    let home = H::fresh();
    let store = home.open();
    let absent = [Scope::All, Scope::Process(process("none")), Scope::Stream(stream("none-Process"))];
    for scope in &absent {
        assert_eq!(events(&store, scope), vec![]);
    }
    told(&store);
    for scope in &absent[1..] {
        assert_eq!(events(&store, scope), vec![]);
        assert_eq!(store.read(scope, u64::MAX, Direction::Backward, 10).expect(READ), vec![]);
    }
    assert_eq!(events(&store, &Scope::Stream(stream("a-Booking"))), vec![]);
}
