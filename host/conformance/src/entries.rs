//! How entries are read: the log as it was committed, or what goes on one stream.
//! What a reader of events sees is in `reads`.

use procession_engine::model::id::StreamName;
use procession_engine::ports::log::{Bounds, Log, Placed};
use procession_engine::ports::store::{Direction, EventStore};

use crate::samples::{commit, stream, take, unknown};
use crate::{Home, READ};

const UNBOUNDED: Bounds = Bounds { entries_max: usize::MAX, bytes_max: usize::MAX };

/// Two processes whose commits stand between each other; process `b` has two streams, one of which rests now and then.
fn told(store: &impl EventStore) -> Vec<Placed> {
    let (mut a, mut b) = (unknown("a"), unknown("b"));
    let (mut log, mut position) = (Vec::new(), 1);
    for turn in 0..30 {
        let both: &[(&str, usize)] = &[("Process", 2), ("Booking", 1), ("Process", 1)];
        for (row, runs) in [(&mut a, &[("Process", 1)][..]), (&mut b, if turn % 3 == 0 { both } else { &[("Booking", 2)] })] {
            let next = commit(row, runs);
            let entry = next.entry.clone().expect("every commit has an entry");
            let placed = Placed { position, entry };
            position = placed.last_position() + 1;
            log.push(placed);
            *row = take(store, next);
        }
        // A commit that decides nothing leaves no entry.
        a = take(store, commit(&a, &[]));
    }
    log
}

fn of<'a>(log: &'a [Placed], wanted: &'a StreamName) -> impl DoubleEndedIterator<Item = &'a Placed> {
    log.iter()
        .filter(|placed| placed.entry.input.process == wanted.process && placed.entry.pins.iter().any(|pin| pin.suffix == wanted.suffix))
}

/// Rule: entries come as they were committed in order of position.
pub fn entries_come_as_they_were_committed_in_order_of_position<H: Home>() {
    let home = H::fresh();
    let store = home.open();
    let log = told(&store);
    assert_eq!(store.entries(None, 0, Direction::Forward, UNBOUNDED).expect(READ), log);
    let backward = store.entries(None, u64::MAX, Direction::Backward, UNBOUNDED).expect(READ);
    assert_eq!(backward, log.into_iter().rev().collect::<Vec<_>>());
}

/// Rule: a read of entries begins at its place and ends at its bounds.
pub fn a_read_of_entries_begins_at_its_place_and_ends_at_its_bounds<H: Home>() {
    let home = H::fresh();
    let store = home.open();
    let log = told(&store);
    let end = log.last().map_or(0, Placed::last_position);
    for from in (0..end + 3).step_by(5).chain([1, 2, end]) {
        for entries_max in [0, 1, 7] {
            let bounds = Bounds { entries_max, ..UNBOUNDED };
            let forward: Vec<_> = log.iter().filter(|placed| placed.last_position() >= from).take(entries_max).cloned().collect();
            assert_eq!(store.entries(None, from, Direction::Forward, bounds).expect(READ), forward, "from {from}, {entries_max}");
            let backward: Vec<_> = log.iter().rev().filter(|placed| placed.position <= from).take(entries_max).cloned().collect();
            assert_eq!(store.entries(None, from, Direction::Backward, bounds).expect(READ), backward, "back from {from}, {entries_max}");
        }
        let bounds = Bounds { bytes_max: 1, ..UNBOUNDED };
        let one = store.entries(None, from, Direction::Forward, bounds).expect(READ);
        assert_eq!(one.len(), usize::from(from <= end), "a page of a byte brings one entry, from {from}");
    }
    let two: usize = log.iter().take(2).map(|placed| placed.entry.payload_bytes()).sum();
    let bounds = Bounds { bytes_max: two, ..UNBOUNDED };
    assert_eq!(store.entries(None, 0, Direction::Forward, bounds).expect(READ), log[..2]);
}

/// Rule: entries of a stream are those that go on it.
pub fn entries_of_a_stream_are_those_that_go_on_it<H: Home>() {
    let home = H::fresh();
    let store = home.open();
    let log = told(&store);
    let end = log.last().map_or(0, Placed::last_position);
    for name in ["a-Process", "b-Process", "b-Booking", "a-Booking", "c-Process"] {
        let wanted = stream(name);
        for from in (0..end + 3).step_by(4) {
            let forward: Vec<_> = of(&log, &wanted).filter(|placed| placed.last_position() >= from).cloned().collect();
            assert_eq!(store.entries(Some(&wanted), from, Direction::Forward, UNBOUNDED).expect(READ), forward, "{name} from {from}");
            let backward: Vec<_> = of(&log, &wanted).rev().filter(|placed| placed.position <= from).cloned().collect();
            assert_eq!(store.entries(Some(&wanted), from, Direction::Backward, UNBOUNDED).expect(READ), backward, "{name} back {from}");
        }
        let bounds = Bounds { entries_max: 2, ..UNBOUNDED };
        let page: Vec<_> = of(&log, &wanted).take(2).cloned().collect();
        assert_eq!(store.entries(Some(&wanted), 0, Direction::Forward, bounds).expect(READ), page, "{name}");
    }
}

/// Rule: entries are there again after a reopen.
pub fn entries_are_there_again_after_a_reopen<H: Home>() {
    let home = H::fresh();
    let log = told(&home.open());
    assert_eq!(home.open().entries(None, 0, Direction::Forward, UNBOUNDED).expect(READ), log);
}
