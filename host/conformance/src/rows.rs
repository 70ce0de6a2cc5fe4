//! The rows of processes: their order, their pages, their phases, and the tallies that follow from them.
//! Events are read in `reads`.

use procession_engine::model::id::ProcessId;
use procession_engine::model::process::ProcessRow;
use procession_engine::model::view::Phase;
use procession_engine::ports::shelf::{Shelf, Tally};
use procession_engine::ports::store::EventStore;

use crate::samples::{commit, module, process, take, unknown};
use crate::{Home, READ};

/// Moves a process on and into a phase.
fn turn(store: &impl EventStore, before: &ProcessRow, phase: Phase) -> ProcessRow {
    let mut next = commit(before, &[("Process", 1)]);
    next.row.streams[0].view.phase = phase;
    take(store, next)
}

fn ids(store: &impl EventStore, phase: Option<Phase>) -> Vec<String> {
    store.processes(phase, None, usize::MAX).expect(READ).into_iter().map(|row| row.id.to_string()).collect()
}

/// Rule: rows come in order of id and in pages.
pub fn rows_come_in_order_of_id_and_in_pages<H: Home>() {
    let home = H::fresh();
    let store = home.open();
    for id in ["b", "a.b", "c", "a-b", "a", "a0", "B"] {
        turn(&store, &unknown(id), Phase::Running);
    }
    for phase in [None, Some(Phase::Running)] {
        assert_eq!(ids(&store, phase), ["B", "a", "a-b", "a.b", "a0", "b", "c"]);
        let page = |after: &str| store.processes(phase, Some(&process(after)), 2).expect(READ);
        let names = |rows: Vec<ProcessRow>| rows.into_iter().map(|row| row.id.to_string()).collect::<Vec<_>>();
        assert_eq!(names(page("a")), ["a-b", "a.b"]);
        assert_eq!(names(page("a-a")), ["a-b", "a.b"]);
        assert_eq!(names(page("b")), ["c"]);
        assert_eq!(names(page("c")), Vec::<String>::new());
    }
}

/// Rule: a process is found in the phase of its first stream only.
pub fn a_process_is_found_in_the_phase_of_its_first_stream_only<H: Home>() {
    let home = H::fresh();
    let store = home.open();
    let mut row = turn(&store, &unknown("a"), Phase::Running);
    turn(&store, &unknown("b"), Phase::Running);
    let mut second_stream = commit(&row, &[("Booking", 1)]);
    second_stream.row.streams[1].view.phase = Phase::Completed;
    row = take(&store, second_stream);
    assert_eq!(ids(&store, Some(Phase::Running)), ["a", "b"]);
    for phase in [Phase::Compensating, Phase::Failed, Phase::Running, Phase::Completed, Phase::Completed, Phase::Cancelled] {
        row = turn(&store, &row, phase);
        for other in Phase::ALL {
            let found = ids(&store, Some(other)).contains(&"a".to_owned());
            assert_eq!(found, other == phase, "{other} while the process is {phase}");
        }
        let shown = store.processes(Some(phase), None, 1).expect(READ);
        assert_eq!(shown.first(), Some(&row));
    }
}

/// Rule: a process without a stream is listed but in no phase.
pub fn a_process_without_a_stream_is_listed_but_in_no_phase<H: Home>() {
    let home = H::fresh();
    let store = home.open();
    let row = take(&store, commit(&unknown("a"), &[]));
    assert_eq!(ids(&store, None), ["a"]);
    for phase in Phase::ALL {
        assert_eq!(ids(&store, Some(phase)), Vec::<String>::new());
    }
    turn(&store, &row, Phase::Running);
    assert_eq!(ids(&store, Some(Phase::Running)), ["a"]);
}

fn tally(store: &impl Shelf, number: u8) -> Tally {
    let tallies = store.tallies().expect(READ);
    tallies.into_iter().find(|(digest, _)| *digest == module(number)).map_or_else(Tally::default, |(_, tally)| tally)
}

/// Rule: tallies follow the streams of every process.
pub fn tallies_follow_the_streams_of_every_process<H: Home>() {
    let home = H::fresh();
    let store = home.open();
    let begin = |id: &str| turn(&store, &unknown(id), Phase::Running);
    let (a, _) = (begin("a"), begin("b"));
    assert_eq!(tally(&store, 1), Tally { pending: 2, finished: 0 });
    let failed = turn(&store, &a, Phase::Failed);
    assert_eq!(tally(&store, 1), Tally { pending: 1, finished: 1 });
    let taken_up = turn(&store, &failed, Phase::Running);
    assert_eq!(tally(&store, 1), Tally { pending: 2, finished: 0 });
    let mut second_stream = commit(&taken_up, &[("Booking", 2)]);
    second_stream.row.streams[1].view.phase = Phase::Completed;
    let two_streams = take(&store, second_stream);
    assert_eq!(tally(&store, 1), Tally { pending: 2, finished: 1 });
    let mut moved = commit(&two_streams, &[("Process", 1)]);
    moved.row.streams[0].module = module(2);
    let moved = take(&store, moved);
    assert_eq!(tally(&store, 1), Tally { pending: 1, finished: 1 });
    assert_eq!(tally(&store, 2), Tally { pending: 1, finished: 0 });
    turn(&store, &moved, Phase::Completed);
    assert_eq!(tally(&store, 2), Tally { pending: 0, finished: 1 });
}

/// Rule: tallies are right after a reopen.
pub fn tallies_are_right_after_a_reopen<H: Home>() {
    let home = H::fresh();
    let (kept, still_running): (Vec<_>, ProcessId) = {
        let store = home.open();
        let a = turn(&store, &unknown("a"), Phase::Failed);
        let b = turn(&store, &unknown("b"), Phase::Running);
        turn(&store, &unknown("c"), Phase::Cancelled);
        (vec![a], b.id)
    };
    let store = home.open();
    assert_eq!(tally(&store, 1), Tally { pending: 1, finished: 2 });
    let running = turn(&store, &kept[0], Phase::Running);
    assert_eq!(tally(&store, 1), Tally { pending: 2, finished: 1 });
    turn(&store, &running, Phase::Completed);
    let b = store.process(&still_running).expect(READ).expect(READ);
    turn(&store, &b, Phase::Completed);
    assert_eq!(tally(&store, 1), Tally { pending: 0, finished: 3 });
    drop(store);
    assert_eq!(tally(&home.open(), 1), Tally { pending: 0, finished: 3 });
}
