//! What is kept beside the events: notes, of which the latest stay, and one snapshot a stream.
//! Neither changes what the events say.

use procession_engine::model::note::{NOTES_PER_PROCESS_MAX, Note};
use procession_engine::ports::store::{CommitError, EventStore};

use crate::samples::{commit, long_text, note, process, snapshot, stream, submit, take, unknown};
use crate::{Home, READ};

/// Rule: the latest notes of each process are kept, oldest first.
pub fn the_latest_notes_of_each_process_are_kept<H: Home>() {
    let home = H::fresh();
    let store = home.open();
    let last = NOTES_PER_PROCESS_MAX + 5;
    let mut row = unknown("a");
    for seq in 1..=last {
        let mut noted = commit(&row, if seq == 1 { &[("Process", 1)] } else { &[] });
        noted.notes = vec![note(seq)];
        row = take(&store, noted);
    }
    let mut other = commit(&unknown("a-b"), &[("Process", 1)]);
    other.notes = vec![note(1)];
    take(&store, other);
    let latest: Vec<Note> = (6..=last).map(note).collect();
    assert_eq!(store.notes(&process("a")).expect(READ), latest);
    assert_eq!(store.notes(&process("a-b")).expect(READ), vec![note(1)]);
    assert_eq!(store.notes(&process("b")).expect(READ), vec![]);
}

/// Rule: a stream has one snapshot, the latest.
pub fn a_stream_has_one_snapshot_the_latest<H: Home>() {
    let home = H::fresh();
    let store = home.open();
    assert_eq!(store.snapshot(&stream("a-Process")).expect(READ), None);
    let long = long_text(50_000);
    let mut row = unknown("a");
    for (version, state) in [(1, "1"), (2, long.as_str()), (3, "{}")] {
        let mut kept = commit(&row, &[("Process", 1)]);
        kept.snapshots = vec![snapshot(version, state)];
        row = take(&store, kept);
        assert_eq!(store.snapshot(&stream("a-Process")).expect(READ), Some(snapshot(version, state)));
    }
    assert_eq!(store.snapshot(&stream("a-Other")).expect(READ), None);
    assert_eq!(store.snapshot(&stream("b-Process")).expect(READ), None);
}

/// Rule: a refused commit leaves neither a note nor a snapshot.
pub fn a_refused_commit_leaves_neither_a_note_nor_a_snapshot<H: Home>() {
    let home = H::fresh();
    let store = home.open();
    take(&store, commit(&unknown("a"), &[("Process", 1)]));
    let mut stale = commit(&unknown("a"), &[("Process", 1)]);
    (stale.notes, stale.snapshots) = (vec![note(1)], vec![snapshot(1, "1")]);
    assert!(matches!(submit(&store, stale), Err(CommitError::Stale { .. })));
    assert_eq!(store.notes(&process("a")).expect(READ), vec![]);
    assert_eq!(store.snapshot(&stream("a-Process")).expect(READ), None);
}
