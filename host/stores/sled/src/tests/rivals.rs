//! Readers beside the writer: they see a state that was, and are never told of damage that is none.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use procession_conformance::samples::{commit, json, long_text, process, take, timer, undelivered, unknown};
use procession_engine::model::time::Timestamp;
use procession_engine::model::view::Phase;
use procession_engine::ports::store::{Direction, EventStore, Scope};

use super::open;
use crate::SledStore;

#[test]
fn readers_beside_the_writer_see_no_damage_and_no_gap() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let finished = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !finished.load(Ordering::Relaxed) {
                    read_everything(&store);
                }
            });
        }
        write(&store);
        finished.store(true, Ordering::Relaxed);
    });
    read_everything(&store);
}

/// Values that grow, shrink and go, phases that change, messages and timers that come and go.
fn write(store: &SledStore) {
    let mut rows = [unknown("a"), unknown("b"), unknown("c")];
    for turn in 0..250_u64 {
        for row in &mut rows {
            let mut next = commit(row, &[("Process", 1 + turn as usize % 2)]);
            let text = json(&long_text(turn as usize * 7_919 % 20_000));
            let head = &mut next.row.streams[0];
            head.view.phase = Phase::ALL[turn as usize % 5];
            head.view.outcome = Some(text.clone());
            let id = row.id.as_str();
            let mut message = undelivered(id, turn);
            message.message.data = text;
            next.undelivered = vec![message];
            next.timers_set = vec![timer(turn, id, turn)];
            if turn > 0 {
                next.delivered = vec![(row.id.clone(), turn - 1)];
                next.timers_cleared = vec![timer(turn - 1, id, turn - 1).key];
            }
            *row = take(store, next);
        }
    }
}

fn read_everything(store: &SledStore) {
    for direction in [Direction::Forward, Direction::Backward] {
        let from = if direction == Direction::Forward { 1 } else { u64::MAX };
        let log = store.read(&Scope::All, from, direction, usize::MAX).unwrap();
        assert!(log.windows(2).all(|pair| pair[0].position.abs_diff(pair[1].position) == 1));
        store.read(&Scope::Process(process("b")), from, direction, usize::MAX).unwrap();
    }
    for phase in Phase::ALL {
        store.processes(Some(phase), None, usize::MAX).unwrap();
    }
    assert!(store.processes(None, None, usize::MAX).unwrap().len() <= 3);
    store.undelivered(None, None, usize::MAX).unwrap();
    store.timers(Timestamp(u64::MAX), None, usize::MAX).unwrap();
}
