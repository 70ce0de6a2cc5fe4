//! What waits, and what else belongs to a process: undelivered messages, timers, receipts, notes, snapshots.
//! Each must be known to the row of its process.

use procession_engine::model::commit::{Receipt, Snapshot};
use procession_engine::model::note::Note;
use procession_engine::model::process::{DeliveryState, Fires, ProcessRow, StreamHead, Timer, TimerKey, Undelivered};
use procession_engine::ports::store::StoreError;

use super::{Walk, process_in};
use crate::keys;

impl Walk<'_> {
    pub(super) fn undelivered(&mut self) -> Result<(), StoreError> {
        self.each::<Undelivered>(b'O', |walk, key, kept| {
            walk.expect(keys::undelivered(&kept.owner, kept.seq) == key, key, || {
                format!("it is message {} of process {}", kept.seq, kept.owner)
            });
            let Some(row) = walk.row_of(&kept.owner) else {
                walk.damage(key, "its process has no row that can be read");
                return Ok(());
            };
            walk.expect(kept.seq < row.next_seq, key, || format!("the next number of its process is {}", row.next_seq));
            match &kept.state {
                DeliveryState::Deferred(_) => {
                    let fits = row.streams.iter().any(|head| head.deferred.contains(&kept.seq));
                    walk.expect(fits, key, || "no stream of its process remembers that it was put off".to_owned());
                }
                DeliveryState::Retrying(due) => {
                    let timer = keys::timer(&TimerKey { due: *due, process: kept.owner.clone(), seq: kept.seq });
                    let fits = walk.there::<Timer>(&timer).is_some();
                    walk.expect(fits, key, || "it waits for its next attempt, and no timer brings that".to_owned());
                }
                DeliveryState::Due | DeliveryState::Unhandled | DeliveryState::Parked | DeliveryState::Dead => {}
            }
            Ok(())
        })
    }

    pub(super) fn timers(&mut self) -> Result<(), StoreError> {
        self.each::<Timer>(b'T', |walk, key, timer| {
            walk.expect(keys::timer(&timer.key) == key, key, || format!("it is timer {} of process {}", timer.key.seq, timer.key.process));
            let fits = walk.row_of(&timer.key.process).is_some_and(|row| knows(&row, &timer));
            walk.expect(fits, key, || "its process does not wait for it".to_owned());
            Ok(())
        })
    }

    pub(super) fn of_processes(&mut self) -> Result<(), StoreError> {
        self.each::<Receipt>(b'R', |walk, key, receipt| {
            let process = process_in(key);
            let fits = process.as_ref().is_some_and(|process| keys::receipt(process, &receipt.key) == key);
            walk.expect(fits, key, || format!("it was given under the key {:?}", receipt.key));
            let is_known = process.is_some_and(|process| walk.row_of(&process).is_some());
            walk.expect(is_known, key, || "its process has no row that can be read".to_owned());
            Ok(())
        })?;
        self.each::<Note>(b'N', |walk, key, note| {
            walk.expect(keys::last_number(key) == note.slot(), key, || format!("it is note {}", note.seq));
            let next = process_in(key).and_then(|process| walk.row_of(&process)).map(|row| row.next_note);
            walk.expect(next.is_some_and(|next| note.seq < next), key, || {
                format!("it is note {}, its process's next one is {next:?}", note.seq)
            });
            Ok(())
        })
    }

    pub(super) fn snapshots(&mut self) -> Result<(), StoreError> {
        self.each::<Snapshot>(b'K', |walk, key, snapshot| {
            let process = process_in(key);
            let fits = process.as_ref().is_some_and(|process| keys::snapshot(process, &snapshot.suffix) == key);
            walk.expect(fits, key, || format!("it is of stream {}", snapshot.suffix));
            let row = process.and_then(|process| walk.row_of(&process));
            let head = row.as_ref().and_then(|row| row.stream(&snapshot.suffix));
            let version = head.map(|head| head.version);
            let is_past = version.is_some_and(|version| snapshot.version <= version);
            walk.expect(is_past, key, || format!("it contains version {}, its stream ends at {version:?}", snapshot.version));
            // One of a module that the stream has left is never used, and that module may be gone.
            let is_used = head.is_none_or(|head| head.module == snapshot.module);
            let is_there = !is_used || walk.is_on_the_shelf(&snapshot.module);
            walk.expect(is_there, key, || format!("the module {} that made it is not on the shelf", snapshot.module.short()));
            Ok(())
        })
    }
}

/// Whether a process waits for a timer.
fn knows(row: &ProcessRow, timer: &Timer) -> bool {
    let (due, seq) = (timer.key.due, timer.key.seq);
    let of = |suffix, within: &dyn Fn(&StreamHead) -> bool| row.stream(suffix).is_some_and(within);
    match &timer.fires {
        Fires::Trigger { suffix, .. } => of(suffix, &|head| head.timers.iter().any(|set| set.seq == seq && set.due == due)),
        Fires::Deadline { suffix, .. } => of(suffix, &|head| head.deadlines.iter().any(|set| set.seq == seq && set.due == due)),
        Fires::Message(_) | Fires::Retry(_) => row.delayed.iter().any(|delayed| delayed.seq == seq && delayed.due == due),
    }
}
