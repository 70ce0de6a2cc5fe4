//! The layout: which keys there are and what stands under them.
//! How a value is framed and checked is in `codec`.
//!
//! One tree, a letter in front, numbers big-endian so that keys sort as numbers do; a zero byte ends a name, and no name contains one.
//!
//! | key | value |
//! |---|---|
//! | `F` | the version of this layout |
//! | `QG` | the last group: its number, and the last position of the log |
//! | `QS` | the sum over everything else, and the group that recorded it |
//! | `QC` digest | how many streams are on a module |
//! | `L` position | an entry of the log, under the position of its first event |
//! | `P` process `0` position | which streams that entry goes on, and from which versions |
//! | `W` process `0` stream `0` version | waymark: the position of the entry that holds this version; one in 64 versions |
//! | `H` process | the row of the process: the heads of its streams |
//! | `I` phase process | nothing; finds processes by the phase of their first stream |
//! | `O` owner `0` number | an undelivered message |
//! | `T` due process `0` number | a timer |
//! | `R` process `0` key | a receipt; a long key is replaced by its hash |
//! | `N` process `0` slot | a note; later ones take the place of the oldest |
//! | `K` process `0` stream | the latest snapshot of a stream |
//! | `M` digest | a module's record |
//! | `B` digest piece | a piece of a module's bytes |
//! | `X` key piece | a piece of the value of another key, where that value is large |
//!
//! A small commit writes three keys (`L`, `P`, `H`), and one for each message, timer and receipt; `I` and `C` only when a phase changes.
//! What every group writes has a letter of its own between the index entries and the receipts, which are small: sled writes up to 16 neighbouring
//! values anew after ten changes to any of them, and beside pieces of 4 KiB that was 8 KB a group. Before format 3 they stood under `G`, `S` and `C`.
//! One record a commit instead of one an event, because every key costs sled about five microseconds.

use std::ops::{Bound, RangeBounds};

use procession_engine::model::id::{Digest, ProcessId, Suffix};
use procession_engine::model::process::TimerKey;
use procession_engine::model::view::Phase;
use xxhash_rust::xxh3::xxh3_128;

/// The version of this layout. What earlier releases wrote is read for ever; see `kept`.
pub(crate) const FORMAT: u32 = 3;
/// Where the version of the layout stands.
pub(crate) const FORMAT_KEY: &[u8] = b"F";
/// Where the last group stands, and where it stood before format 3.
pub(crate) const GROUP_KEY: &[u8] = b"QG";
pub(crate) const EARLIER_GROUP_KEY: &[u8] = b"G";

/// Where the sum over everything stands, and where it stood before format 3.
pub(crate) const SUM_KEY: &[u8] = b"QS";
pub(crate) const EARLIER_SUM_KEY: &[u8] = b"S";

/// What the keys of tallies begin with, and what they began with before format 3.
const TALLY: &[u8] = b"QC";
const EARLIER_TALLY: &[u8] = b"C";

/// One version in so many has a waymark: reading a page in the middle of a long stream passes over fewer entries than this,
/// and the extra key is hardly ever written.
pub(crate) const WAYMARK_EVERY: u64 = 64;

/// Receipt keys up to this many bytes stand as they are. sled keeps up to 256 keys in one index page,
/// and a page above 128 KiB would leave its log for a file that is never synced.
const RECEIPT_KEY_BYTES_MAX: usize = 100;

pub(crate) type Key = Vec<u8>;

/// A range of keys, closed at both ends or open, but never without an end.
pub(crate) type KeyRange = (Bound<Key>, Bound<Key>);

fn key(letter: u8, parts: &[&[u8]]) -> Key {
    let mut key = Vec::with_capacity(1 + parts.iter().map(|part| part.len()).sum::<usize>());
    key.push(letter);
    parts.iter().for_each(|part| key.extend_from_slice(part));
    key
}

pub(crate) fn log(position: u64) -> Key {
    key(b'L', &[&position.to_be_bytes()])
}

pub(crate) fn part(process: &ProcessId, position: u64) -> Key {
    key(b'P', &[process.as_str().as_bytes(), &[0], &position.to_be_bytes()])
}

pub(crate) fn waymark(process: &ProcessId, suffix: &Suffix, version: u64) -> Key {
    key(b'W', &[process.as_str().as_bytes(), &[0], suffix.as_str().as_bytes(), &[0], &version.to_be_bytes()])
}

pub(crate) fn row(process: &ProcessId) -> Key {
    key(b'H', &[process.as_str().as_bytes()])
}

pub(crate) fn phase(phase: Phase, process: &ProcessId) -> Key {
    key(b'I', &[&[phase_number(phase)], process.as_str().as_bytes()])
}

pub(crate) fn undelivered(owner: &ProcessId, seq: u64) -> Key {
    key(b'O', &[owner.as_str().as_bytes(), &[0], &seq.to_be_bytes()])
}

pub(crate) fn timer(timer: &TimerKey) -> Key {
    key(b'T', &[&timer.due.0.to_be_bytes(), timer.process.as_str().as_bytes(), &[0], &timer.seq.to_be_bytes()])
}

pub(crate) fn receipt(process: &ProcessId, receipt: &str) -> Key {
    let process = process.as_str().as_bytes();
    if receipt.len() <= RECEIPT_KEY_BYTES_MAX {
        key(b'R', &[process, &[0, 0], receipt.as_bytes()])
    } else {
        key(b'R', &[process, &[0, 1], &xxh3_128(receipt.as_bytes()).to_be_bytes()])
    }
}

pub(crate) fn note(process: &ProcessId, slot: u64) -> Key {
    key(b'N', &[process.as_str().as_bytes(), &[0], &slot.to_be_bytes()])
}

pub(crate) fn snapshot(process: &ProcessId, suffix: &Suffix) -> Key {
    key(b'K', &[process.as_str().as_bytes(), &[0], suffix.as_str().as_bytes()])
}

pub(crate) fn module(digest: &Digest) -> Key {
    key(b'M', &[&digest.0])
}

pub(crate) fn module_piece(digest: &Digest, piece: u32) -> Key {
    key(b'B', &[&digest.0, &piece.to_be_bytes()])
}

pub(crate) fn tally(digest: &Digest) -> Key {
    [TALLY, &digest.0].concat()
}

/// The module that a tally is of; none where the key is that of something else.
pub(crate) fn tallied(key: &[u8]) -> Option<Digest> {
    let digest = key.strip_prefix(TALLY).or_else(|| key.strip_prefix(EARLIER_TALLY))?;
    digest.try_into().ok().map(Digest)
}

/// A piece of the large value of another key. Two keys never share one: equally long ones differ before the number.
pub(crate) fn piece(of: &[u8], piece: u32) -> Key {
    key(b'X', &[of, &piece.to_be_bytes()])
}

fn phase_number(phase: Phase) -> u8 {
    match phase {
        Phase::Running => 0,
        Phase::Compensating => 1,
        Phase::Completed => 2,
        Phase::Failed => 3,
        Phase::Cancelled => 4,
    }
}

/// All keys under a letter.
pub(crate) fn all(letter: u8) -> KeyRange {
    (Bound::Included(vec![letter]), Bound::Excluded(vec![letter + 1]))
}

/// All tallies: those of today, and those from before format 3.
pub(crate) fn all_tallies() -> [KeyRange; 2] {
    [TALLY, EARLIER_TALLY].map(|begin| {
        let mut end = begin.to_vec();
        end.extend([u8::MAX; 33]);
        (Bound::Included(begin.to_vec()), Bound::Included(end))
    })
}

/// All log entries, or all up to one that begins at this position or before.
pub(crate) fn log_until(position: u64) -> KeyRange {
    (Bound::Included(log(0)), Bound::Included(log(position)))
}

/// All parts of a process between two positions, both included.
pub(crate) fn parts(process: &ProcessId, first: u64, last: u64) -> KeyRange {
    (Bound::Included(part(process, first)), Bound::Included(part(process, last)))
}

/// All processes in a phase.
pub(crate) fn all_in_phase(within: Phase) -> KeyRange {
    (Bound::Included(vec![b'I', phase_number(within)]), Bound::Excluded(vec![b'I', phase_number(within) + 1]))
}

/// All undelivered messages of an owner.
pub(crate) fn all_undelivered_of(owner: &ProcessId) -> KeyRange {
    (Bound::Included(undelivered(owner, 0)), Bound::Included(undelivered(owner, u64::MAX)))
}

/// All notes of a process.
pub(crate) fn all_notes_of(process: &ProcessId) -> KeyRange {
    (Bound::Included(note(process, 0)), Bound::Included(note(process, u64::MAX)))
}

/// All timers that are due at a moment.
pub(crate) fn timers_until(due: u64) -> KeyRange {
    let end = due.checked_add(1).map_or_else(|| vec![b'T' + 1], |end| key(b'T', &[&end.to_be_bytes()]));
    (Bound::Included(vec![b'T']), Bound::Excluded(end))
}

/// The part of a range that stands behind a key.
pub(crate) fn after(range: KeyRange, after: Option<Key>) -> KeyRange {
    match after {
        Some(after) if range.contains(&after) => (Bound::Excluded(after), range.1),
        Some(after) if is_behind(&range, &after) => (Bound::Included(after.clone()), Bound::Excluded(after)),
        _ => range,
    }
}

fn is_behind(range: &KeyRange, key: &Key) -> bool {
    match &range.1 {
        Bound::Included(end) => key > end,
        Bound::Excluded(end) => key >= end,
        Bound::Unbounded => false,
    }
}

/// The number at the end of a key.
pub(crate) fn last_number(key: &[u8]) -> u64 {
    key.last_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

/// A key as people can read it.
pub(crate) fn describe(key: &[u8]) -> String {
    let Some((letter, rest)) = key.split_first() else { return "the empty key".to_owned() };
    let text = |bytes: &[u8]| bytes.escape_ascii().to_string();
    let named = |what: &str| {
        let name = rest.split(|byte| *byte == 0).next().unwrap_or_default();
        format!("{what} {} of process {}", last_number(key), text(name))
    };
    match letter {
        b'F' => "the version of the layout".to_owned(),
        _ if [GROUP_KEY, EARLIER_GROUP_KEY].contains(&key) => "the record of the last group".to_owned(),
        _ if [SUM_KEY, EARLIER_SUM_KEY].contains(&key) => "the sum over everything".to_owned(),
        b'L' => format!("the log entry at position {}", last_number(key)),
        b'P' => named("the index entry at position"),
        b'W' => named("the waymark at version"),
        b'H' => format!("the row of process {}", text(rest)),
        b'I' => format!("the phase index at {}", text(rest)),
        b'O' => named("the undelivered message"),
        b'T' => format!("the timer {}", text(rest)),
        b'R' => format!("the receipt {}", text(rest)),
        b'N' => named("the note"),
        b'K' => format!("the snapshot {}", text(rest)),
        b'M' | b'B' => format!("the module {}", short(rest)),
        b'Q' | b'C' => format!("the tally of the module {}", short(key.strip_prefix(TALLY).unwrap_or(rest))),
        b'X' => format!("a piece of {}", describe(&rest[..rest.len().saturating_sub(4)])),
        _ => format!("the key {}", text(key)),
    }
}

fn short(digest: &[u8]) -> String {
    digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use procession_engine::model::id::{Digest, ProcessId};

    use super::{GROUP_KEY, describe, log, piece, receipt, row, tallied, tally};

    #[test]
    fn a_key_says_what_it_stands_for() {
        let process = ProcessId::parse("order-7").unwrap();
        assert_eq!(describe(&log(42)), "the log entry at position 42");
        assert_eq!(describe(&piece(&row(&process), 3)), "a piece of the row of process order-7");
        assert_eq!(describe(&super::undelivered(&process, 9)), "the undelivered message 9 of process order-7");
        assert_eq!(describe(GROUP_KEY), "the record of the last group");
        assert_eq!(describe(&tally(&Digest([7; 32]))), "the tally of the module 070707070707");
    }

    #[test]
    fn a_tally_is_of_its_module() {
        assert_eq!(tallied(&tally(&Digest([255; 32]))), Some(Digest([255; 32])));
        assert_eq!(tallied(&[b"C".as_slice(), &[3; 32]].concat()), Some(Digest([3; 32])));
        assert_eq!(tallied(GROUP_KEY), None);
    }

    #[test]
    fn every_key_stays_short_enough_for_an_index_page() {
        let process = ProcessId::parse(&"p".repeat(128)).unwrap();
        for text in ["k".repeat(100), "k".repeat(101), "k".repeat(1_000_000)] {
            assert!(receipt(&process, &text).len() < 256);
        }
    }
}
