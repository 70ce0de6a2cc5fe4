//! The shapes of what is kept: their bytes do not change silently, and what earlier releases wrote is read for ever.

use procession_conformance::samples::{commit, message, note, process, receipt, snapshot, timer, undelivered, unknown};
use procession_engine::model::decision::{Command, Effect};
use procession_engine::model::id::{Digest, Kind, MessageId, Suffix};
use procession_engine::model::json::Json;
use procession_engine::model::note::Happening;
use procession_engine::model::process::{
    Attempts, Deadline, Delayed, DeliveryState, Fires, Parked, ProcessRow, SetTimer, Timer, Undelivered,
};
use procession_engine::model::time::Timestamp;
use procession_engine::model::view::{Phase, Tag};
use procession_engine::ports::shelf::{DrainReason, ModuleState, Tally};
use xxhash_rust::xxh3::xxh3_64;

use super::pieces;
use crate::codec::{Form, Pieces, encode};
use crate::group::Run;
use crate::kept::Kept;
use crate::ledger::LastGroup;
use crate::shelf::KeptModule;

fn kind() -> Kind {
    Kind::parse("Asked").unwrap()
}

/// A row with something in every field.
fn row() -> ProcessRow {
    let mut row = commit(&unknown("a"), &[("Process", 2)]).row;
    let head = &mut row.streams[0];
    head.timers = vec![SetTimer { name: "patience".to_owned(), due: Timestamp(7), seq: 3 }];
    head.deferred = vec![4];
    head.deadlines = vec![Deadline { kind: kind(), command: MessageId::parse("a/1/0").unwrap(), due: Timestamp(8), seq: 5 }];
    head.view.outcome = Some(Json::null());
    head.view.tags = vec![Tag { name: "leg".to_owned(), value: "1".to_owned() }];
    let message = MessageId::parse("a/2").unwrap();
    row.parked = Some(Parked { message, reason: "it trapped".to_owned(), attempts: 3, since: Timestamp(9), seq: 6 });
    row.delayed = vec![Delayed { due: Timestamp(10), seq: 7 }];
    row.next_note = 11;
    row
}

/// The bytes of these values one after the other.
fn bytes<T: Kept>(values: impl IntoIterator<Item = T>) -> (u8, u64) {
    let bodies: Vec<u8> = values.into_iter().flat_map(|value| encode(&value).unwrap()).collect();
    (T::SHAPE, xxh3_64(&bodies))
}

fn messages() -> impl Iterator<Item = Undelivered> {
    let (why, at) = ("not yet".to_owned(), Timestamp(12));
    let states = [
        DeliveryState::Due,
        DeliveryState::Unhandled,
        DeliveryState::Deferred(why),
        DeliveryState::Parked,
        DeliveryState::Retrying(at),
        DeliveryState::Dead,
    ];
    let failed = Attempts { count: 2, definition: "a-1.0 (1)".to_owned(), error: "no".to_owned(), first: Timestamp(1), last: Timestamp(2) };
    let target = Suffix::parse("Process").unwrap();
    states.into_iter().map(move |state| Undelivered {
        state,
        failed: Some(failed.clone()),
        target: Some(target.clone()),
        ..undelivered("a", 6)
    })
}

fn timers() -> impl Iterator<Item = Timer> {
    let (suffix, command) = (Suffix::parse("Process").unwrap(), MessageId::parse("a/1/0").unwrap());
    let deadline = Fires::Deadline { suffix, command, kind: kind(), data: Json::null() };
    let others = [Fires::Message(message("a", 1)), Fires::Retry(6), deadline];
    [timer(5, "a", 2)].into_iter().chain(others.into_iter().map(|fires| Timer { fires, ..timer(5, "a", 2) }))
}

fn entry() -> procession_engine::model::commit::Entry {
    let mut entry = commit(&unknown("a"), &[("Process", 2)]).entry.unwrap();
    let send = Command { kind: kind(), process: Some(process("b")), data: Json::null(), expires_after_ms: Some(5) };
    let set = Effect::SetTimer { name: "patience".to_owned(), at: Timestamp(7), data: Json::null() };
    entry.decisions[0].effects = vec![Effect::Send(send), set, Effect::ClearTimer("patience".to_owned())];
    entry
}

fn modules() -> impl Iterator<Item = KeptModule> {
    let states = [
        ModuleState::Active,
        ModuleState::Draining { because: DrainReason::Superseded },
        ModuleState::Draining { because: DrainReason::FileRemoved },
        ModuleState::Draining { because: DrainReason::Operator },
    ];
    states.into_iter().map(|state| {
        let record = procession_engine::ports::shelf::ModuleRecord { state, ..pieces::record(7) };
        KeptModule { ordinal: 1, record, bytes: Some(Pieces::of(&[1; 10]).unwrap()) }
    })
}

fn rows() -> impl Iterator<Item = ProcessRow> {
    Phase::ALL.into_iter().map(|phase| {
        let mut row = row();
        row.streams[0].view.phase = phase;
        row
    })
}

/// Where this fails, a kept type has changed its bytes: folders and backups of earlier releases would no longer be read.
/// Do not change the numbers here; read the rule in `kept`, give the type a new shape, and keep the old one.
#[test]
fn kept_types_keep_their_bytes() {
    let all = [Happening::Ignored, Happening::Rejected, Happening::Deferred, Happening::Died, Happening::Withdrawn];
    let by_operators = [Happening::Replayed, Happening::Edited, Happening::Dropped];
    let notes = all.into_iter().chain(by_operators).map(|what| procession_engine::model::note::Note { what, ..note(3) });
    let run = Run { suffix: Suffix::parse("Process").unwrap(), first_version: 3, count: 4 };
    let found = [
        ("row", bytes(rows())),
        ("entry", bytes([entry()])),
        ("part", bytes([vec![run]])),
        ("waymark", bytes([64_u64])),
        ("undelivered", bytes(messages())),
        ("timer", bytes(timers())),
        ("receipt", bytes([receipt("key")])),
        ("note", bytes(notes)),
        ("snapshot", bytes([snapshot(3, "{}")])),
        ("module", bytes(modules())),
        ("tally", bytes([Tally { pending: 1, finished: 300 }])),
        ("group", bytes([LastGroup { number: 1, position: 300 }])),
        ("format", bytes([2_u32])),
        ("phase", bytes([()])),
    ];
    assert_eq!(found, GOLDEN, "a kept type has changed its bytes");
}

const GOLDEN: [(&str, (u8, u64)); 14] = [
    ("row", (2, 7_540_654_376_915_247_773)),
    ("entry", (1, 318_767_244_981_269_799)),
    ("part", (1, 6_300_580_867_048_960_319)),
    ("waymark", (1, 8_529_366_458_340_265_297)),
    ("undelivered", (2, 12_935_749_462_676_527_068)),
    ("timer", (1, 3_552_063_026_560_660_774)),
    ("receipt", (1, 15_996_231_490_694_865_300)),
    ("note", (1, 13_153_528_517_003_661_492)),
    ("snapshot", (1, 13_753_751_142_883_673_374)),
    ("module", (1, 12_756_201_226_889_960_583)),
    ("tally", (1, 16_819_950_295_903_845_690)),
    ("group", (1, 16_819_950_295_903_845_690)),
    ("format", (1, 14_552_307_339_992_752_127)),
    ("phase", (1, 3_244_421_341_483_603_138)),
];

#[test]
fn an_unknown_shape_is_named_and_not_guessed() {
    let refused = crate::codec::decode::<Tally>(b"C", Form::plain(9), &[1, 2]).unwrap_err();
    assert!(refused.to_string().contains("shape 9 is not known"), "{refused}");
    let digest = Digest([7; 32]);
    assert!(crate::codec::decode::<ProcessRow>(&crate::keys::tally(&digest), Form::plain(3), &[]).is_err());
}
