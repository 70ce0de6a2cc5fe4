//! Rows, and what is counted and found by them: phases, tallies, modules.
//! What a row says of its timers and messages is compared in `waiting` from the other side, and here from the row's.

use std::collections::HashMap;

use procession_engine::model::id::Digest;
use procession_engine::model::process::{DeliveryState, ProcessRow, Timer, TimerKey, Undelivered};
use procession_engine::model::time::Timestamp;
use procession_engine::ports::shelf::Tally;
use procession_engine::ports::store::StoreError;

use super::{Walk, process_in};
use crate::keys;
use crate::shelf::KeptModule;

impl Walk<'_> {
    pub(super) fn rows(&mut self) -> Result<(), StoreError> {
        // As many as there are modules.
        let mut tallies: HashMap<Digest, Tally> = HashMap::new();
        self.each::<ProcessRow>(b'H', |walk, key, row| {
            for head in &row.streams {
                let tally = tallies.entry(head.module).or_default();
                *(if head.view.phase.has_ended() { &mut tally.finished } else { &mut tally.pending }) += 1;
            }
            walk.row(key, &row);
            Ok(())
        })?;
        for range in keys::all_tallies() {
            self.each_in::<Tally>(range, |walk, key, tally| {
                let counted = keys::tallied(key).and_then(|module| tallies.remove(&module)).unwrap_or_default();
                walk.expect(counted == tally, key, || format!("it counts {tally:?}, the rows have {counted:?}"));
                Ok(())
            })?;
        }
        for (module, counted) in tallies {
            self.damage(&keys::tally(&module), format!("it is missing, the rows have {counted:?}"));
        }
        self.each::<KeptModule>(b'M', |walk, key, module| {
            walk.bytes_of(key, &module);
            Ok(())
        })
    }

    fn row(&mut self, key: &[u8], row: &ProcessRow) {
        self.expect(process_in(key).as_ref() == Some(&row.id), key, || format!("it is the row of process {}", row.id));
        self.expect(row.revision > 0, key, || "its revision is 0".to_owned());
        if let Some(root) = row.root() {
            let index = keys::phase(root.view.phase, &row.id);
            self.expect(self.disk.get(&index).is_ok_and(|found| found.is_some()), key, || format!("{} is missing", keys::describe(&index)));
        }
        for head in &row.streams {
            let is_there = self.is_on_the_shelf(&head.module);
            self.expect(is_there, key, || {
                format!("stream {} is pinned to {}, which is not on the shelf", head.suffix, head.module.short())
            });
            head.timers.iter().for_each(|timer| self.timer_of(key, row, timer.due, timer.seq));
            head.deadlines.iter().for_each(|deadline| self.timer_of(key, row, deadline.due, deadline.seq));
            for seq in &head.deferred {
                let kept = self.there::<Undelivered>(&keys::undelivered(&row.id, *seq));
                let fits = kept.is_some_and(|kept| matches!(kept.state, DeliveryState::Deferred(_)));
                self.expect(fits, key, || format!("stream {} has put off message {seq}, which does not wait", head.suffix));
            }
        }
        row.delayed.iter().for_each(|delayed| self.timer_of(key, row, delayed.due, delayed.seq));
        if let Some(parked) = &row.parked {
            // Where an earlier release did not keep the number, it is 0.
            let fits = parked.seq == 0 || self.there::<Undelivered>(&keys::undelivered(&row.id, parked.seq)).is_some();
            self.expect(fits, key, || format!("it is parked on message {}, which is not there", parked.seq));
        }
    }

    fn timer_of(&mut self, key: &[u8], row: &ProcessRow, due: Timestamp, seq: u64) {
        let timer = keys::timer(&TimerKey { due, process: row.id.clone(), seq });
        let is_there = self.there::<Timer>(&timer).is_some();
        self.expect(is_there, key, || format!("it waits for timer {seq}, due at {}, which is not there", due.0));
        self.expect(seq < row.next_seq, key, || format!("it has used the number {seq}, but its next one is {}", row.next_seq));
    }

    pub(super) fn phases(&mut self) -> Result<(), StoreError> {
        self.each::<()>(b'I', |walk, key, ()| {
            let row_key = [b"H", key.get(2..).unwrap_or_default()].concat();
            let row = walk.there::<ProcessRow>(&row_key);
            let fits = row.is_some_and(|row| row.root().is_some_and(|root| keys::phase(root.view.phase, &row.id) == key));
            walk.expect(fits, key, || "no process of that name is in that phase".to_owned());
            Ok(())
        })
    }
}
