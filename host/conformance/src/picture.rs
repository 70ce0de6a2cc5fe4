//! Everything that a store shows, taken at one moment, to compare with another.
//! Two pictures are equal where nobody could tell the stores apart.

use procession_engine::model::commit::{Receipt, Snapshot};
use procession_engine::model::event::RecordedEvent;
use procession_engine::model::id::{Digest, ProcessId, StreamName};
use procession_engine::model::note::Note;
use procession_engine::model::process::{ProcessRow, Timer, Undelivered};
use procession_engine::model::time::Timestamp;
use procession_engine::model::view::Phase;
use procession_engine::ports::shelf::{ModuleRecord, Shelf, Tally};
use procession_engine::ports::store::{Direction, EventStore, Scope};

use crate::READ;
use crate::samples::events;

#[derive(Debug, PartialEq)]
pub(crate) struct Picture {
    log: Vec<RecordedEvent>,
    backward: Vec<RecordedEvent>,
    rows: Vec<(ProcessRow, Vec<RecordedEvent>)>,
    phases: Vec<(Phase, Vec<ProcessId>)>,
    receipts: Vec<Receipt>,
    undelivered: Vec<Undelivered>,
    timers: Vec<Timer>,
    notes: Vec<Vec<Note>>,
    snapshots: Vec<Option<Snapshot>>,
    modules: Vec<(ModuleRecord, Option<Vec<u8>>)>,
    tallies: Vec<(Digest, Tally)>,
}

/// Looks at everything; the receipts of all processes under these keys.
pub(crate) fn of(store: &(impl EventStore + Shelf), receipt_keys: &[&str]) -> Picture {
    let rows = store.processes(None, None, usize::MAX).expect(READ);
    let keys = rows.iter().flat_map(|row| receipt_keys.iter().map(move |key| (&row.id, key)));
    let with_events = |row: &ProcessRow| (row.clone(), events(store, &Scope::Process(row.id.clone())));
    let ids = |phase| store.processes(Some(phase), None, usize::MAX).expect(READ).into_iter().map(|row| row.id).collect();
    let of_row = |row: &ProcessRow| -> Vec<StreamName> {
        row.streams.iter().map(|head| StreamName { process: row.id.clone(), suffix: head.suffix.clone() }).collect()
    };
    let streams: Vec<StreamName> = rows.iter().flat_map(of_row).collect();
    let mut tallies = store.tallies().expect(READ);
    // Whether a module without streams is named is left to the store, and so is their order.
    tallies.retain(|(_, tally)| *tally != Tally::default());
    tallies.sort_by_key(|(digest, _)| *digest);
    Picture {
        log: events(store, &Scope::All),
        backward: store.read(&Scope::All, u64::MAX, Direction::Backward, usize::MAX).expect(READ),
        receipts: keys.filter_map(|(id, key)| store.receipt(id, key).expect(READ)).collect(),
        phases: Phase::ALL.into_iter().map(|phase| (phase, ids(phase))).collect(),
        undelivered: store.undelivered(None, None, usize::MAX).expect(READ),
        timers: store.timers(Timestamp(u64::MAX), None, usize::MAX).expect(READ),
        notes: rows.iter().map(|row| store.notes(&row.id).expect(READ)).collect(),
        snapshots: streams.iter().map(|stream| store.snapshot(stream).expect(READ)).collect(),
        modules: store
            .modules()
            .expect(READ)
            .into_iter()
            .map(|record| {
                let bytes = store.bytes(&record.digest).expect(READ);
                (record, bytes)
            })
            .collect(),
        rows: rows.iter().map(with_events).collect(),
        tallies,
    }
}
