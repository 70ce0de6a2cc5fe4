//! Timers that come due soon, in memory; the store keeps all of them.
//! A timer that is lost here is found again in the store, and one that fires twice has its effect once.

use std::collections::BTreeMap;

use super::shared::Shared;
use crate::model::process::{Fires, Timer, TimerKey};
use crate::model::time::Timestamp;
use crate::ports::store::StoreError;

/// The timers of one worker that come due before the horizon.
pub(super) struct Timers {
    worker: usize,
    soon: BTreeMap<TimerKey, Fires>,
    /// Every timer of this worker that is due before this moment is in `soon`.
    loaded_until: Timestamp,
    /// After a failure the store is left alone until then.
    next_try: Timestamp,
}

/// How long the store is left alone after it could not be read: long enough not to fill the log.
const BACK_OFF_MS: u64 = 1_000;

impl Timers {
    pub(super) fn new(worker: usize) -> Self {
        Self { worker, soon: BTreeMap::new(), loaded_until: Timestamp(0), next_try: Timestamp(0) }
    }

    /// Takes note of a timer that is durable now.
    pub(super) fn set(&mut self, timer: Timer) {
        if timer.key.due <= self.loaded_until {
            self.soon.insert(timer.key, timer.fires);
        }
    }

    /// Forgets a timer that was cleared.
    pub(super) fn clear(&mut self, key: &TimerKey) {
        self.soon.remove(key);
    }

    /// Reads everything from the store again at the next look; for what was left unfired on purpose.
    pub(super) fn reload(&mut self) {
        self.loaded_until = Timestamp(0);
    }

    /// Takes out what is due, earliest first, at most `max`.
    ///
    /// # Errors
    /// [`StoreError`] where the timers beyond the horizon could not be read; those before it fire all the same next time.
    pub(super) fn due(&mut self, shared: &Shared, now: Timestamp, max: usize) -> Result<Vec<Timer>, StoreError> {
        // Half a horizon ahead, so that a timer is in memory well before it is due.
        if now >= self.next_try && now.plus_ms(shared.limits.timer_horizon_ms / 2) >= self.loaded_until {
            self.next_try = now.plus_ms(BACK_OFF_MS);
            self.load(shared, now.plus_ms(shared.limits.timer_horizon_ms))?;
            self.next_try = Timestamp(0);
        }
        let mut due = Vec::new();
        while due.len() < max {
            match self.soon.first_entry() {
                Some(first) if first.key().due <= now => {
                    let (key, fires) = first.remove_entry();
                    due.push(Timer { key, fires });
                }
                _ => break,
            }
        }
        Ok(due)
    }

    /// When to look again.
    pub(super) fn next(&self, shared: &Shared) -> Timestamp {
        let reload = Timestamp(self.loaded_until.0.saturating_sub(shared.limits.timer_horizon_ms / 2)).max(self.next_try);
        self.soon.first_key_value().map_or(reload, |(key, _)| key.due.min(reload))
    }

    fn load(&mut self, shared: &Shared, until: Timestamp) -> Result<(), StoreError> {
        let mut after: Option<TimerKey> = None;
        loop {
            let page = shared.store.timers(until, after.as_ref(), shared.limits.page)?;
            let last = page.len() < shared.limits.page;
            after = page.last().map(|timer| timer.key.clone());
            let mine = page.into_iter().filter(|timer| shared.owner(&timer.key.process) == self.worker);
            self.soon.extend(mine.map(|timer| (timer.key, timer.fires)));
            if last {
                self.loaded_until = until;
                return Ok(());
            }
        }
    }
}
