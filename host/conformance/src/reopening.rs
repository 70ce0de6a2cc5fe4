//! What is there when a store is opened again: everything, exactly as it was.
//! What a crash leaves is each store's own matter.

use procession_engine::model::commit::Commit;
use procession_engine::model::decision::{Command, Effect};
use procession_engine::model::id::{Category, Kind, MessageId, ProcessId, Suffix};
use procession_engine::model::process::{Attempts, Deadline, Delayed, DeliveryState, Fires, Parked, SetTimer, Undelivered};
use procession_engine::model::time::Timestamp;
use procession_engine::model::view::{Phase, Tag};
use procession_engine::ports::store::{EventStore, Scope};

use crate::samples::{
    commit, events, json, long_text, message, module, note, process, receipt, snapshot, submit, take, timer, undelivered, unknown,
};
use crate::{Home, READ};
use crate::{picture, shelf};

const ODD: &str = "\"\\u0000 \\n ünïcødé 🐢 \u{2028} \\\"\"";

/// Rule: everything is there again after a reopen.
pub fn everything_is_there_again_after_a_reopen<H: Home>() {
    let home = H::fresh();
    let keys = ["plain", "", "ünïcode"];
    let before = {
        let store = home.open();
        for (number, key) in (1_u8..).zip(keys) {
            let odd = odd_commit(&format!("p{number}"), key);
            let row = take(&store, odd);
            take(&store, commit(&row, &[("Process", 2)]));
        }
        shelf::fill(&store);
        picture::of(&store, &keys)
    };
    for _ in 0..2 {
        assert_eq!(picture::of(&home.open(), &keys), before);
    }
}

/// A commit in which every field holds something, and something odd where that is allowed.
fn odd_commit(id: &str, key: &str) -> Commit {
    let mut odd = commit(&unknown(id), &[("Process", 3), ("Booking9", 1)]);
    odd.row.next_seq = u64::MAX;
    odd.row.parked = Some(Parked {
        message: MessageId::parse("ü/1").expect("valid"),
        reason: ODD.to_owned(),
        attempts: 3,
        since: Timestamp(u64::MAX),
        seq: 1,
    });
    let head = &mut odd.row.streams[1];
    head.module = module(0xff);
    head.category = Category::parse("a-b-4294967295.0").expect("valid");
    head.timers = vec![SetTimer { name: String::new(), due: Timestamp(0), seq: 3 }];
    head.deferred = vec![3, u64::MAX];
    head.view.phase = Phase::Compensating;
    head.view.step = None;
    head.view.outcome = Some(json(ODD));
    head.view.tags = vec![Tag { name: String::new(), value: "🐢".to_owned() }];
    let decision = &mut odd.entry.as_mut().expect("the sample has an entry").decisions[0];
    decision.seed = u64::MAX;
    decision.events[0].data = json(ODD);
    decision.events[1].data = json(&long_text(1_000_000));
    decision.effects = vec![
        Effect::Send(Command { kind: Kind::start(), process: None, data: json("null"), expires_after_ms: Some(0) }),
        Effect::SetTimer { name: "t".to_owned(), at: Timestamp(1), data: json("{}") },
        Effect::ClearTimer("t".to_owned()),
    ];
    odd.receipt = Some(receipt(key));
    let states = [
        DeliveryState::Due,
        DeliveryState::Unhandled,
        DeliveryState::Deferred(ODD.to_owned()),
        DeliveryState::Parked,
        DeliveryState::Retrying(Timestamp(u64::MAX)),
        DeliveryState::Dead,
    ];
    odd.undelivered = (1..).zip(states).map(|(seq, state)| Undelivered { state, ..undelivered(id, seq) }).collect();
    odd.undelivered[0].message.data = json(&format!("[{}]", long_text(200_000)));
    odd.undelivered[1].message.source = None;
    odd.undelivered[2].target = Some(Suffix::parse("Booking9").expect("valid"));
    odd.undelivered[4].failed = Some(Attempts::after(None, 7, ODD.to_owned(), ODD.to_owned(), Timestamp(3)));
    odd.timers_set = vec![timer(u64::MAX, id, 7), timer(0, id, u64::MAX), timer(1, id, 8), timer(2, id, 9)];
    odd.timers_set[1].fires = Fires::Message(message("other", 1));
    odd.timers_set[2].fires = Fires::Retry(u64::MAX);
    let (command, kind) = (MessageId::parse(ODD).expect("a valid id"), Kind::start());
    let suffix = Suffix::parse("Booking9").expect("valid");
    odd.timers_set[3].fires = Fires::Deadline { suffix, command: command.clone(), kind: kind.clone(), data: json("{}") };
    odd.row.streams[0].deadlines = vec![Deadline { kind, command, due: Timestamp(2), seq: 9 }];
    odd.row.delayed = vec![Delayed { due: Timestamp(0), seq: u64::MAX }];
    odd.notes = vec![note(1), note(2)];
    odd.snapshots = vec![snapshot(1, "[1,2,3]")];
    odd
}

/// Rule: a large value that grows and shrinks is read as it is.
pub fn a_large_value_that_grows_and_shrinks_is_read_as_it_is<H: Home>() {
    let home = H::fresh();
    let sizes = [10, 300_000, 3_000, 70_000, 65_536, 0, 5_000];
    let mut row = unknown("a");
    for size in sizes {
        let store = home.open();
        let mut next = commit(&row, &[("Process", 1)]);
        next.row.streams[0].view.outcome = Some(json(&long_text(size)));
        row = take(&store, next);
        drop(store);
        assert_eq!(home.open().process(&row.id).expect(READ).as_ref(), Some(&row), "{size} bytes");
    }
}

/// Rule: the log goes on where it ended.
pub fn the_log_goes_on_where_it_ended<H: Home>() {
    let home = H::fresh();
    let mut row = unknown("a");
    for turn in 0..4 {
        let store = home.open();
        for _ in 0..3 {
            row = take(&store, commit(&row, &[("Process", 2)]));
        }
        let positions: Vec<u64> = events(&store, &Scope::All).iter().map(|event| event.position).collect();
        assert_eq!(positions, (1..=6 * (turn + 1)).collect::<Vec<_>>());
    }
}

/// Rule: what was taken before a reopen is not taken again.
pub fn what_was_taken_before_a_reopen_is_not_taken_again<H: Home>() {
    let home = H::fresh();
    let mut first = commit(&unknown("a"), &[("Process", 1)]);
    first.receipt = Some(receipt("key"));
    first.undelivered = vec![undelivered("a", 1)];
    first.timers_set = vec![timer(5, "a", 2)];
    let row = take(&home.open(), first.clone());
    let store = home.open();
    assert!(submit(&store, first.clone()).is_err(), "the first revision is taken");
    first.row.revision = row.revision + 1;
    first.entry = None;
    assert!(submit(&store, first).is_err(), "the key is taken");
    let mut second = commit(&row, &[("Process", 1)]);
    second.delivered = vec![(process("a"), 1)];
    second.timers_cleared = vec![timer(5, "a", 2).key];
    take(&store, second);
    assert_eq!(store.undelivered(None, None, 9).expect(READ), vec![]);
    assert_eq!(store.timers(Timestamp(u64::MAX), None, 9).expect(READ), vec![]);
}

/// Rule: the longest names are kept.
pub fn the_longest_names_are_kept<H: Home>() {
    let home = H::fresh();
    let id = "p".repeat(procession_engine::model::id::PROCESS_ID_BYTES_MAX);
    let suffix = "S".repeat(64);
    let ids: Vec<ProcessId> = (0..40).map(|number| process(&format!("{}{number:03}", &id[3..]))).collect();
    {
        let store = home.open();
        for id in &ids {
            let mut row = unknown(id.as_str());
            for seq in 1..=4 {
                let mut next = commit(&row, &[(&suffix, 1)]);
                next.receipt = Some(receipt(&format!("{}{seq}", "k".repeat(400))));
                next.undelivered = vec![undelivered(id.as_str(), seq)];
                next.timers_set = vec![timer(seq, id.as_str(), 100 + seq)];
                row = take(&store, next);
            }
        }
    }
    let store = home.open();
    let rows = store.processes(Some(Phase::Running), None, usize::MAX).expect(READ);
    assert_eq!(rows.into_iter().map(|row| row.id).collect::<Vec<_>>(), ids);
    assert_eq!(events(&store, &Scope::All).len(), 160);
    assert_eq!(store.undelivered(Some(&ids[39]), None, 9).expect(READ).len(), 4);
    assert_eq!(store.timers(Timestamp(u64::MAX), None, usize::MAX).expect(READ).len(), 160);
}
