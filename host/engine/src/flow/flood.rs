//! Chain reactions: what a definition sends makes others send, and so on.
//! While little is on its way nothing is counted; while much is, no definition may send more than it takes in, beyond a reserve.
//! Whoever took from the reserve is counted on until it has taken in as much, or nothing is on its way any more:
//! a reaction that got a new reserve with every dip would go on for ever.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::limits::Limits;
use crate::model::id::Digest;

/// How much is on its way, and who sent more than it took in since it became much.
pub(crate) struct Flood {
    messages_max: usize,
    bytes_max: usize,
    reserve: u64,
    /// What each worker has waiting: pieces of recorded work and their bytes.
    waiting: Vec<(AtomicUsize, AtomicUsize)>,
    is_high: AtomicBool,
    /// Whether anybody has taken from its reserve.
    has_debts: AtomicBool,
    sent: Mutex<HashMap<Digest, u64>>,
}

impl Flood {
    pub(crate) fn new(workers: usize, limits: &Limits) -> Self {
        Self {
            messages_max: limits.flood_messages,
            bytes_max: limits.flood_bytes,
            reserve: limits.flood_reserve,
            waiting: (0..workers).map(|_| Default::default()).collect(),
            is_high: AtomicBool::new(false),
            has_debts: AtomicBool::new(false),
            sent: Mutex::default(),
        }
    }

    /// A worker says how much recorded work it has waiting.
    pub(crate) fn weigh(&self, worker: usize, messages: usize, bytes: usize) {
        let Some((its_messages, its_bytes)) = self.waiting.get(worker) else { return };
        its_messages.store(messages, Ordering::Relaxed);
        its_bytes.store(bytes, Ordering::Relaxed);
        let all = |of: fn(&(AtomicUsize, AtomicUsize)) -> &AtomicUsize| -> usize {
            self.waiting.iter().map(|one| of(one).load(Ordering::Relaxed)).sum()
        };
        let (messages, bytes) = (all(|one| &one.0), all(|one| &one.1));
        if messages > self.messages_max || bytes > self.bytes_max {
            self.is_high.store(true, Ordering::Relaxed);
        } else if self.is_high.load(Ordering::Relaxed) && messages <= self.messages_max / 2 && bytes <= self.bytes_max / 2 {
            self.is_high.store(false, Ordering::Relaxed);
        }
        if messages == 0 && bytes == 0 && self.has_debts.swap(false, Ordering::Relaxed) {
            self.lock().clear();
        }
    }

    /// A worker put more on its way, before it says again how much waits.
    pub(crate) fn more(&self, worker: usize, messages: usize, bytes: usize) {
        // One for one is what every chain does; looking at all workers each time would cost more than it tells.
        if messages < 2 {
            return;
        }
        if let Some((its_messages, its_bytes)) = self.waiting.get(worker) {
            self.weigh(worker, its_messages.load(Ordering::Relaxed) + messages, its_bytes.load(Ordering::Relaxed) + bytes);
        }
    }

    /// A turn of this module took one message in and would send so many.
    ///
    /// # Errors
    /// How many it has sent beyond what it took in, where that is too many.
    pub(crate) fn sent(&self, module: &Digest, messages: u64) -> Result<(), u64> {
        let is_high = self.is_high.load(Ordering::Relaxed);
        if !is_high && !self.has_debts.load(Ordering::Relaxed) {
            return Ok(());
        }
        let mut sent = self.lock();
        let owed = sent.get(module).copied();
        if !is_high && owed.is_none() {
            return Ok(());
        }
        let would_be = (owed.unwrap_or(0) + messages).saturating_sub(1);
        if messages > 1 && would_be > self.reserve {
            // Counted on, also if it never got anything: it would wait for the next dip.
            sent.entry(*module).or_insert(self.reserve.max(1));
            self.has_debts.store(true, Ordering::Relaxed);
            return Err(would_be);
        }
        if would_be == 0 {
            sent.remove(module);
        } else {
            sent.insert(*module, would_be);
            self.has_debts.store(true, Ordering::Relaxed);
        }
        Ok(())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Digest, u64>> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::Flood;
    use crate::limits::Limits;
    use crate::model::id::Digest;

    fn flood() -> Flood {
        Flood::new(2, &Limits { flood_messages: 100, flood_bytes: 1_000, flood_reserve: 10, ..Limits::default() })
    }

    #[test]
    fn nobody_is_counted_while_little_is_on_its_way() {
        let flood = flood();
        flood.weigh(0, 60, 500);
        flood.weigh(1, 40, 500);
        assert!((0..1_000).all(|_| flood.sent(&Digest([1; 32]), 256).is_ok()));
    }

    #[test]
    fn while_much_is_on_its_way_whoever_sends_more_than_it_takes_in_is_stopped_and_nobody_else() {
        for (messages, bytes) in [(101, 0), (0, 1_001)] {
            let flood = flood();
            flood.weigh(1, messages, bytes);
            assert!((0..1_000).all(|_| flood.sent(&Digest([2; 32]), 1).is_ok()), "one for one is no reaction");
            assert_eq!(flood.sent(&Digest([1; 32]), 8), Ok(()));
            assert_eq!(flood.sent(&Digest([1; 32]), 8), Err(14));
            assert_eq!(flood.sent(&Digest([1; 32]), 1), Ok(()), "it may still pass on");
            flood.weigh(1, 60, 0);
            assert_eq!(flood.sent(&Digest([1; 32]), 8), Err(14), "not before it is far below");
            flood.weigh(1, 50, 0);
            assert_eq!(flood.sent(&Digest([1; 32]), 8), Err(14), "a dip gives no new reserve");
            assert_eq!(flood.sent(&Digest([3; 32]), 256), Ok(()), "others are not counted any more");
            for _ in 0..7 {
                assert_eq!(flood.sent(&Digest([1; 32]), 0), Ok(()), "what it takes in pays back");
            }
            assert_eq!(flood.sent(&Digest([1; 32]), 256), Ok(()));
            flood.weigh(0, 101, 0);
            assert!(flood.sent(&Digest([1; 32]), 256).is_err());
            flood.weigh(0, 0, 0);
            assert!(flood.sent(&Digest([1; 32]), 256).is_err(), "what was refused at once is not let through in a dip");
            flood.weigh(0, 0, 0);
            flood.weigh(1, 0, 0);
            assert_eq!(flood.sent(&Digest([1; 32]), 256), Ok(()), "it is over when nothing is on its way");
        }
    }
}
