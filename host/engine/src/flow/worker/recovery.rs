//! What follows when the store could not do its work for something that is recorded: it is looked for again when the store works.
//! What a caller asked for is not among it: the caller hears of the failure and asks again.
//!
//! The port has no word for "do you work again?", so one message is tried, seldom, and everything as soon as any commit has come through:
//! a full disk must not make an adapter be called for the same thousand messages every second.

use std::sync::Arc;

use super::Worker;
use crate::model::process::{DeliveryState, Undelivered};
use crate::model::time::Timestamp;
use crate::ports::store::{CommitError, StoreError};

/// How long the store is left alone after it has failed, at first and at most: nobody wants to wait longer for a disk that has room again.
const BACK_OFF_MS_MIN: u64 = 1_000;
const BACK_OFF_MS_MAX: u64 = 8_000;

/// The store has failed, and something recorded waits for it.
pub(super) struct Trouble {
    next_try: Timestamp,
    back_off_ms: u64,
    /// Whether a commit has come through since.
    is_over: bool,
}

impl Worker {
    /// Takes note that something recorded could not be carried on. Damage does not pass by waiting, and a store that is shut stays so.
    pub(super) fn troubled_by(&mut self, error: &StoreError) {
        if matches!(error, StoreError::Io(_)) {
            self.troubled();
        }
    }

    pub(super) fn troubled(&mut self) {
        let next_try = self.shared.clock.now().plus_ms(BACK_OFF_MS_MIN);
        let trouble = self.trouble.get_or_insert(Trouble { next_try, back_off_ms: BACK_OFF_MS_MIN, is_over: false });
        // What came through before this failure says nothing about now.
        trouble.is_over = false;
    }

    /// Takes note that a commit has come through.
    pub(super) fn store_works(&mut self) {
        if let Some(trouble) = &mut self.trouble {
            trouble.is_over = true;
        }
    }

    /// Brings what is recorded on its way again: all of it where the trouble is over, one message where it is time to try; says whether it has.
    /// What is on its way already has its effect once, however often it is delivered.
    pub(super) fn find_again(&mut self) -> bool {
        let now = self.shared.clock.now();
        let Some(trouble) = &mut self.trouble else { return false };
        if !trouble.is_over && now < trouble.next_try {
            return false;
        }
        let is_over = trouble.is_over;
        trouble.next_try = now.plus_ms(trouble.back_off_ms);
        trouble.back_off_ms = (trouble.back_off_ms * 2).min(BACK_OFF_MS_MAX);
        match self.bring_again(if is_over { usize::MAX } else { 1 }) {
            Ok(brought) => {
                // Timers that fired in vain are only in the store now. They are tried where there is no message to try.
                if is_over || brought == 0 {
                    self.timers.reload();
                }
                if is_over {
                    tracing::info!(brought, "the store works again: what is recorded goes on");
                    self.trouble = None;
                }
            }
            Err(error @ StoreError::Io(_)) => {
                tracing::warn!(%error, "the store still fails; what is recorded is looked for again");
                self.troubled();
            }
            Err(error) => {
                tracing::error!(%error, "what is recorded could not be looked for again; it is found at the next start");
                self.trouble = None;
            }
        }
        true
    }

    fn bring_again(&self, at_most: usize) -> Result<usize, StoreError> {
        let shared = Arc::clone(&self.shared);
        let mut after = None;
        let mut brought = 0;
        loop {
            let page = shared.store.undelivered(None, after, shared.limits.page)?;
            let last = page.len() < shared.limits.page;
            after = page.last().map(|one| (one.owner.clone(), one.seq));
            // What is put off or parked waits for something else than the store.
            let waits = |one: &Undelivered| matches!(one.state, DeliveryState::Due | DeliveryState::Unhandled);
            let mine = |one: &Undelivered| waits(one) && shared.owner(&one.message.process) == self.index;
            let found: Vec<_> = page.into_iter().filter(mine).take(at_most - brought).collect();
            brought += found.len();
            self.bring_when_durable(found, None);
            if last || brought == at_most {
                return Ok(brought);
            }
        }
    }
}

/// Whether a failure passes by waiting.
pub(super) fn passes(error: &CommitError) -> bool {
    matches!(error, CommitError::Store(StoreError::Io(_)))
}
