//! What callers were told: it was durable when they heard it, and it stays.
//! What was refused has no effect, then or later.

use procession_engine::error::Refusal;
use procession_engine::flow::inbox::Answer;
use procession_engine::model::commit::Receipt;
use procession_engine::model::event::RecordedEvent;
use procession_engine::model::id::{MessageId, ProcessId};
use procession_engine::model::process::ProcessRow;
use procession_engine::ports::store::{Direction, EventStore, Scope};
use procession_store_memory::MemoryStore;

use super::{Invariant, Judge, Seen};

/// Something that a caller relies on.
pub(super) struct Acknowledged {
    process: ProcessId,
    receipt: Receipt,
    /// Whether the store keeps the receipt for requests to come.
    is_kept: bool,
}

impl Judge {
    /// A caller hears this about its message.
    pub fn answered(&self, process: &ProcessId, id: &MessageId, answer: &Result<Answer, Refusal>) {
        let seen = &mut *self.seen();
        match answer {
            Ok(Answer::Taken(receipt) | Answer::Waiting(receipt, _)) => {
                if receipt.message != *id {
                    seen.finds(Invariant::AcknowledgedIsReadable, format!("{id} is answered with the receipt of {}", receipt.message));
                }
                let has_effect = has_effect(seen, process, receipt);
                if !seen.messages.contains(id) || !has_effect {
                    seen.finds(Invariant::NothingLeavesEarly, format!("{id} is acknowledged and not durable: {receipt:?}"));
                }
                let is_kept = seen.receipts.get(&(process.clone(), receipt.key.clone())) == Some(receipt);
                seen.acknowledged.push(Acknowledged { process: process.clone(), receipt: receipt.clone(), is_kept });
            }
            Ok(Answer::Duplicate(receipt)) => {
                if seen.receipts.get(&(process.clone(), receipt.key.clone())) != Some(receipt) {
                    seen.finds(Invariant::NothingLeavesEarly, format!("{id} is a duplicate of what is not durable: {receipt:?}"));
                }
                seen.acknowledged.push(Acknowledged { process: process.clone(), receipt: receipt.clone(), is_kept: true });
            }
            Ok(Answer::Ignored(_)) => rests_on_durable(seen, id),
            Err(refusal) => {
                // What the host itself says rests on what it looked at last, which the judge does not see.
                let is_decided = |code: &str| ["not-expected", "ended", "snoozed-enough"].contains(&code);
                if matches!(refusal, Refusal::Rejected { code, .. } if is_decided(code)) {
                    rests_on_durable(seen, id);
                }
                let may_have_happened = matches!(refusal, Refusal::Store(_) | Refusal::Stopping);
                if !may_have_happened {
                    if seen.messages.contains(id) {
                        seen.finds(Invariant::NothingLeavesEarly, format!("{id} is refused ({refusal}) and was recorded"));
                    }
                    seen.refused.insert(id.clone());
                }
            }
        }
    }

    /// A reader is shown this row.
    pub fn row_is_shown(&self, row: &ProcessRow) {
        let seen = &mut *self.seen();
        let durable = seen.rows.get(&row.id).map_or(0, |row| row.revision);
        if row.revision > durable {
            let what = format!("a reader sees {} at revision {}, durable is {durable}", row.id, row.revision);
            seen.finds(Invariant::NothingLeavesEarly, what);
        }
    }

    /// A reader is shown these events.
    pub fn events_are_shown(&self, events: &[RecordedEvent]) {
        let seen = &mut *self.seen();
        for event in events {
            if !is_known(seen, event) {
                let what = format!("a reader sees version {} of {}, which is not durable", event.version, event.stream);
                seen.finds(Invariant::NothingLeavesEarly, what);
            }
        }
    }

    /// Everything that anybody was told can still be read.
    pub fn remembers(&self, store: &MemoryStore) {
        let seen = &mut *self.seen();
        let mut missing = Vec::new();
        for Acknowledged { process, receipt, is_kept } in &seen.acknowledged {
            let kept = store.receipt(process, &receipt.key).ok().flatten();
            if *is_kept && kept.as_ref() != Some(receipt) {
                missing.push(format!("the receipt of {} under {:?}", receipt.message, receipt.key));
            }
            if !has_effect(seen, process, receipt) {
                missing.push(format!("what {} led to", receipt.message));
            }
        }
        let log = store.read(&Scope::All, 1, Direction::Forward, usize::MAX).unwrap_or_default();
        if log.len() as u64 != seen.events || log.iter().zip(1..).any(|(event, position)| event.position != position) {
            let what = format!("the log holds {} events, {} are durable, or its positions have gaps", log.len(), seen.events);
            seen.finds(Invariant::VersionsAreDense, what);
        }
        if let Some(event) = log.iter().find(|event| !is_known(seen, event)) {
            missing.push(format!("version {} of {} as it was recorded", event.version, event.stream));
        }
        if let Some(what) = missing.first() {
            seen.finds(Invariant::AcknowledgedIsReadable, format!("{what} cannot be read any more"));
        }
    }
}

fn is_known(seen: &Seen, event: &RecordedEvent) -> bool {
    let known = seen.streams.get(&event.stream.to_string());
    let index = usize::try_from(event.version).unwrap_or(0).checked_sub(1);
    let known = known.zip(index).and_then(|(known, index)| known.events.get(index));
    known.is_some_and(|known| known.event == event.event && known.cause == event.cause && known.correlation == event.correlation)
}

/// Whether the event that a receipt names is there and came of its message.
fn has_effect(seen: &Seen, process: &ProcessId, receipt: &Receipt) -> bool {
    let (Some(suffix), Some(version)) = (&receipt.stream, receipt.version.filter(|version| *version > 0)) else { return true };
    let known = seen.streams.get(&format!("{process}-{suffix}"));
    let index = usize::try_from(version - 1).unwrap_or(usize::MAX);
    known.and_then(|known| known.events.get(index)).is_some_and(|event| event.cause == receipt.message)
}

/// An answer that adds nothing may still tell of something: of all that its definition knew when it was asked.
fn rests_on_durable(seen: &mut Seen, id: &MessageId) {
    let Some((stream, version)) = seen.asked.get(id).cloned() else { return };
    let durable = seen.streams.get(&stream).map_or(0, |known| known.version);
    if version > durable {
        let what = format!("the answer to {id} rests on version {version} of {stream}, durable is {durable}");
        seen.finds(Invariant::NothingLeavesEarly, what);
    }
}
