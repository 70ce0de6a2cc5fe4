//! The end of a run: nothing fails any more, everything has come to rest, and whatever has not ended can be seen to wait for somebody.
//! And what the store shows is what the judge knows.

use procession_engine::model::id::ProcessId;
use procession_engine::model::note::{Happening, NOTES_PER_PROCESS_MAX};
use procession_engine::model::process::{DeliveryState, Fires, ProcessRow, TimerKey, Undelivered};
use procession_engine::model::time::Timestamp;
use procession_engine::ports::store::EventStore;
use procession_store_memory::MemoryStore;

use super::{Invariant, Judge, Seen};

impl Judge {
    /// Looks at a store that has come to rest.
    pub fn rests(&self, store: &MemoryStore, stuck: &[ProcessId]) {
        self.remembers(store);
        let seen = &mut *self.seen();
        let rows = store.processes(None, None, usize::MAX).unwrap_or_default();
        let undelivered = store.undelivered(None, None, usize::MAX).unwrap_or_default();
        if rows.len() != seen.rows.len() || rows.iter().any(|row| seen.rows.get(&row.id) != Some(row)) {
            seen.finds(Invariant::FoldIsView, "the rows of the store are not those that became durable".to_owned());
        }
        if undelivered.iter().any(|one| seen.undelivered.get(&(one.owner.clone(), one.seq)) != Some(one))
            || undelivered.len() != seen.undelivered.len()
        {
            seen.finds(Invariant::SentIsDelivered, "the undelivered messages are not those that became durable".to_owned());
        }
        let timers = store.timers(Timestamp(u64::MAX), None, usize::MAX).unwrap_or_default();
        for timer in &timers {
            let is_parked = seen.rows.get(&timer.key.process).is_some_and(|row| row.parked.is_some());
            let waits = is_parked && !matches!(timer.fires, Fires::Message(_));
            if !waits && timer.key.due <= self.clock.shows() {
                seen.finds(Invariant::TimersAreKept, format!("timer {:?} is due and does not ring", timer.key));
            }
        }
        for one in &undelivered {
            waits_for_somebody(seen, one);
        }
        for row in &rows {
            is_not_silent(seen, row, &undelivered, timers.iter().any(|timer| timer.key.process == row.id), stuck.contains(&row.id));
            notes_are_kept(seen, row, store);
        }
        store_is_consistent(seen, &rows, &undelivered);
    }
}

/// An undelivered message waits for a definition, an operator or the next event of its stream; never for nothing.
fn waits_for_somebody(seen: &mut Seen, one: &Undelivered) {
    let owner_is_parked = seen.rows.get(&one.owner).is_some_and(|row| row.parked.is_some());
    let waits = match one.state {
        DeliveryState::Due => owner_is_parked && one.message.process == one.owner,
        DeliveryState::Parked => owner_is_parked,
        DeliveryState::Unhandled | DeliveryState::Deferred(_) | DeliveryState::Dead => true,
        DeliveryState::Retrying(due) => {
            let key = TimerKey { due, process: one.owner.clone(), seq: one.seq };
            seen.timers.get(&key).is_some_and(|timer| timer.fires == Fires::Retry(one.seq))
        }
    };
    if !waits {
        seen.finds(Invariant::NothingIsSilent, format!("{} of {} is {:?}, and nobody delivers it", one.message.id, one.owner, one.state));
    }
}

/// A process that has not ended is parked, has a timer, or has a message that somebody can be seen to wait for.
fn is_not_silent(seen: &mut Seen, row: &ProcessRow, undelivered: &[Undelivered], has_timer: bool, is_listed: bool) {
    let has_open_stream = row.streams.iter().any(|head| !head.view.phase.has_ended());
    let has_message = undelivered.iter().any(|one| one.owner == row.id);
    let view_is_old = row.streams.iter().any(|head| view_is_old(seen, row, head));
    let is_silent = row.parked.is_none() && !has_timer && !has_message;
    let is_stuck = is_silent && row.root().is_some_and(|root| !root.view.phase.has_ended());
    if is_stuck != is_listed {
        seen.finds(Invariant::NothingIsSilent, format!("process {} is stuck: {is_stuck}, listed as stuck: {is_listed}", row.id));
    }
    // This one asks once and relies on the list.
    let is_hush = row.root().is_some_and(|root| root.suffix.as_str() == "Hush");
    // Its operator dropped what it waited for, a timer say: that was the operator's decision, and the list shows what came of it.
    let was_dropped = seen.notes.get(&row.id).is_some_and(|notes| notes.iter().any(|note| note.what == Happening::Dropped));
    if has_open_stream && !is_hush && !was_dropped && row.parked.is_none() && !has_timer && !has_message && !view_is_old {
        let steps: Vec<_> = row.streams.iter().map(|head| (head.suffix.as_str(), head.view.phase, head.view.step.as_deref())).collect();
        seen.finds(Invariant::NothingIsSilent, format!("process {} waits for nothing that can come: {steps:?}", row.id));
    }
}

/// A definition that could not look keeps its last view: its events are the truth.
fn view_is_old(seen: &Seen, row: &ProcessRow, head: &procession_engine::model::process::StreamHead) -> bool {
    let known = seen.streams.get(&format!("{}-{}", row.id, head.suffix));
    known.is_some_and(|known| head.view.tags.first().is_none_or(|tag| tag.value != known.story.version().to_string()))
}

/// The latest notes of a process can be read.
fn notes_are_kept(seen: &mut Seen, row: &ProcessRow, store: &MemoryStore) {
    let told = seen.notes.get(&row.id).map_or(&[][..], Vec::as_slice);
    let kept_max = usize::try_from(NOTES_PER_PROCESS_MAX).unwrap_or(usize::MAX);
    let latest = &told[told.len().saturating_sub(kept_max)..];
    if store.notes(&row.id).unwrap_or_default() != latest {
        seen.finds(Invariant::AcknowledgedIsReadable, format!("the notes of {} are not those that were taken", row.id));
    }
}

/// What a row says of its messages is what is there.
fn store_is_consistent(seen: &mut Seen, rows: &[ProcessRow], undelivered: &[Undelivered]) {
    for row in rows {
        for head in &row.streams {
            for seq in &head.deferred {
                let found = undelivered.iter().find(|one| one.owner == row.id && one.seq == *seq);
                if !found.is_some_and(|one| matches!(one.state, DeliveryState::Deferred(_) | DeliveryState::Due | DeliveryState::Parked)) {
                    let what = format!("{}-{} waits to be offered message {seq} again, which is {found:?}", row.id, head.suffix);
                    seen.finds(Invariant::SentIsDelivered, what);
                }
            }
        }
        let own = undelivered.iter().filter(|one| one.owner == row.id);
        for one in own {
            let is_named = row.streams.iter().any(|head| head.deferred.contains(&one.seq));
            if matches!(one.state, DeliveryState::Deferred(_)) && !is_named {
                let what = format!("{} is put off, and no stream of {} will offer it again", one.message.id, row.id);
                seen.finds(Invariant::NothingIsSilent, what);
            }
            if one.seq >= row.next_seq {
                seen.finds(
                    Invariant::SentIsDelivered,
                    format!("{} has the number {}, which is still to be given", one.message.id, one.seq),
                );
            }
        }
    }
}
