//! Commits to try a store with, and the waiting for their callbacks.
//! What must come of them is said by the rules, and by the tests that a store has of its own.

use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use procession_engine::model::commit::{Commit, DecisionRecord, Entry, Pin, Receipt, Snapshot};
use procession_engine::model::event::{Event, RecordedEvent};
use procession_engine::model::id::{Category, Digest, Kind, MessageId, ProcessId, StreamName, Suffix};
use procession_engine::model::json::Json;
use procession_engine::model::message::Message;
use procession_engine::model::note::{Happening, Note};
use procession_engine::model::process::{DeliveryState, Fires, ProcessRow, StreamHead, Timer, TimerKey, Undelivered};
use procession_engine::model::time::Timestamp;
use procession_engine::model::view::{Phase, View};
use procession_engine::ports::store::{CommitError, Direction, Done, EventStore, Scope};

/// A callback that takes longer never comes: the slowest disk is faster.
const PATIENCE: Duration = Duration::from_secs(120);

/// A process id.
pub fn process(text: &str) -> ProcessId {
    ProcessId::parse(text).expect("a valid process id")
}

/// The name of a stream.
pub fn stream(text: &str) -> StreamName {
    StreamName::parse(text).expect("a valid stream name")
}

/// A JSON document.
pub fn json(text: &str) -> Json {
    Json::parse(text).expect("well-formed JSON")
}

/// A JSON string of so many characters that never repeats itself: a store that makes values smaller cannot make this one.
pub fn long_text(characters: usize) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let states = std::iter::successors(Some(1_u64), |state| {
        Some(state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407))
    });
    let text: String = states.take(characters).map(|state| char::from(LETTERS[(state >> 58) as usize])).collect();
    format!("\"{text}\"")
}

/// A stream's module, told apart by one number.
pub fn module(number: u8) -> Digest {
    Digest([number; 32])
}

/// The row of a process that has done nothing.
pub fn unknown(id: &str) -> ProcessRow {
    ProcessRow::unknown(process(id))
}

/// The commit that follows `before` and records so many events in each of these streams, one decision each.
pub fn commit(before: &ProcessRow, runs: &[(&str, usize)]) -> Commit {
    let mut row = before.clone();
    row.revision += 1;
    let time = Timestamp(1_000 + row.revision);
    let mut entry = Entry { input: message(row.id.as_str(), row.revision), time, pins: Vec::new(), decisions: Vec::new() };
    for &(suffix, count) in runs {
        let suffix = Suffix::parse(suffix).expect("a valid suffix");
        let head = head_of(&mut row, &suffix, time);
        let first_version = head.version + 1;
        head.version += count as u64;
        head.updated_at = time;
        let events = (first_version..=head.version).map(|version| event(&suffix, version)).collect();
        entry.pins.push(Pin { suffix, category: head.category.clone(), module: head.module });
        let cause = entry.input.id.clone();
        entry.decisions.push(DecisionRecord {
            pin: entry.pins.len() - 1,
            cause,
            seed: row.revision,
            first_version,
            events,
            effects: vec![],
        });
    }
    Commit {
        row,
        entry: (!runs.is_empty()).then_some(entry),
        receipt: None,
        delivered: vec![],
        undelivered: vec![],
        timers_cleared: vec![],
        timers_set: vec![],
        notes: vec![],
        snapshots: vec![],
    }
}

fn head_of<'a>(row: &'a mut ProcessRow, suffix: &Suffix, time: Timestamp) -> &'a mut StreamHead {
    let at = row.streams.iter().position(|head| head.suffix == *suffix).unwrap_or_else(|| {
        row.streams.push(StreamHead {
            suffix: suffix.clone(),
            version: 0,
            category: Category::parse("sample-1.0").expect("a valid category"),
            module: module(1),
            started_at: time,
            updated_at: time,
            view: View { phase: Phase::Running, step: Some("begun".to_owned()), outcome: None, tags: vec![] },
            timers: vec![],
            deferred: vec![],
            deadlines: vec![],
        });
        row.streams.len() - 1
    });
    &mut row.streams[at]
}

fn event(suffix: &Suffix, version: u64) -> Event {
    let kind = Kind::parse(&format!("{suffix}Happened")).expect("a valid kind");
    Event { kind, schema: 1, data: json(&format!("{{\"version\":{version}}}")) }
}

/// A message to this process.
pub fn message(to: &str, number: u64) -> Message {
    let id = MessageId::parse(&format!("{to}/message/{number}")).expect("a valid message id");
    let (process, kind) = (process(to), Kind::start());
    Message {
        id: id.clone(),
        process,
        kind,
        source: Some(Arc::from("outside")),
        time: Timestamp(number),
        data: json("{}"),
        correlation: id,
    }
}

/// A message that waits for its delivery.
pub fn undelivered(owner: &str, seq: u64) -> Undelivered {
    Undelivered { owner: process(owner), seq, message: message(owner, seq), target: None, state: DeliveryState::Due, failed: None }
}

/// A timer, due at this moment.
pub fn timer(due: u64, owner: &str, seq: u64) -> Timer {
    let key = TimerKey { due: Timestamp(due), process: process(owner), seq };
    let suffix = Suffix::parse("Process").expect("a valid suffix");
    Timer { key, fires: Fires::Trigger { suffix, name: "patience".to_owned(), data: json("[1,2]") } }
}

/// A note of this number.
pub fn note(seq: u64) -> Note {
    let kind = Kind::parse("Asked").expect("a valid kind");
    let reason = format!("note {seq}");
    let message = MessageId::parse("request/1").expect("a valid message id");
    Note { seq, time: Timestamp(seq), what: Happening::Ignored, message, kind, stream: None, reason, data: Some(json("{}")) }
}

/// A snapshot of the stream `Process` at this version.
pub fn snapshot(version: u64, state: &str) -> Snapshot {
    let suffix = Suffix::parse("Process").expect("a valid suffix");
    Snapshot { suffix, version, module: module(1), state_format: 1, state: json(state) }
}

/// The receipt for a request under this key.
pub fn receipt(key: &str) -> Receipt {
    let message = MessageId::parse("request/1").expect("a valid message id");
    Receipt { key: key.to_owned(), fingerprint: 7, message, category: None, stream: None, version: None, time: Timestamp(5) }
}

/// A callback, and where its outcome arrives.
pub fn callback() -> (Done, mpsc::Receiver<Result<(), CommitError>>) {
    let (sender, receiver) = mpsc::sync_channel(1);
    (Box::new(move |outcome| sender.send(outcome).expect("the rule waits for the outcome")), receiver)
}

/// What a callback brings.
pub fn wait(receiver: &mpsc::Receiver<Result<(), CommitError>>) -> Result<(), CommitError> {
    receiver.recv_timeout(PATIENCE).expect("`done` must be called for every commit and every barrier")
}

/// Submits a commit and waits for its outcome.
pub fn submit(store: &impl EventStore, commit: Commit) -> Result<(), CommitError> {
    let (done, receiver) = callback();
    store.submit(commit, done);
    wait(&receiver)
}

/// Submits a commit that must be taken, and gives back the row that the next one builds on.
pub fn take(store: &impl EventStore, commit: Commit) -> ProcessRow {
    let row = commit.row.clone();
    submit(store, commit).expect("the commit is in order");
    row
}

/// Every event of a scope, oldest first.
pub fn events(store: &impl EventStore, scope: &Scope) -> Vec<RecordedEvent> {
    store.read(scope, 1, Direction::Forward, usize::MAX).expect("the store can be read")
}
