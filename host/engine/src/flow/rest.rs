//! Definitions that waste the machine's time: what they burn in calls that come to nothing is counted, and beyond a bound they rest for a while.
//! Only time that failed is counted: a definition that works hard is a good customer.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::limits::Limits;
use crate::model::id::Digest;

/// Failures that are quicker than this cost nobody anything.
const QUICK_US: u64 = 1_000;

/// What every definition has wasted lately.
pub(crate) struct Rest {
    wasted_us_max: u64,
    /// Microseconds of waste that are forgiven in a second.
    forgiven_us_per_s: u64,
    /// Whether there is an account at all: nearly always there is none, and then nobody takes the lock.
    has_accounts: AtomicBool,
    accounts: Mutex<HashMap<Digest, Account>>,
}

/// A bucket that leaks.
#[derive(Clone, Copy)]
struct Account {
    wasted_us: u64,
    as_of_us: u64,
}

impl Rest {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            wasted_us_max: limits.wasted_ms_max * 1_000,
            forgiven_us_per_s: limits.wasted_ms_per_s.max(1) * 1_000,
            has_accounts: AtomicBool::new(false),
            accounts: Mutex::default(),
        }
    }

    /// A call of this module took so long and came to nothing. True where it begins to rest because of that.
    pub(crate) fn wasted(&self, module: &Digest, us: u64, now_us: u64) -> bool {
        if us < QUICK_US {
            return false;
        }
        let mut accounts = self.lock();
        let account = accounts.entry(*module).or_insert(Account { wasted_us: 0, as_of_us: now_us });
        let before = self.left(account, now_us);
        *account = Account { wasted_us: before + us, as_of_us: now_us };
        self.has_accounts.store(true, Ordering::Relaxed);
        before <= self.wasted_us_max && account.wasted_us > self.wasted_us_max
    }

    /// For how many milliseconds this module still rests; none where it does not.
    pub(crate) fn of(&self, module: &Digest, now_us: u64) -> Option<u64> {
        if !self.has_accounts.load(Ordering::Relaxed) {
            return None;
        }
        let mut accounts = self.lock();
        let left = self.left(accounts.get(module)?, now_us);
        if left == 0 {
            accounts.remove(module);
            self.has_accounts.store(!accounts.is_empty(), Ordering::Relaxed);
        }
        let too_much = left.saturating_sub(self.wasted_us_max);
        (too_much > 0).then(|| (too_much.saturating_mul(1_000) / self.forgiven_us_per_s).max(1))
    }

    fn left(&self, account: &Account, now_us: u64) -> u64 {
        let passed_us = now_us.saturating_sub(account.as_of_us);
        account.wasted_us.saturating_sub(passed_us.saturating_mul(self.forgiven_us_per_s) / 1_000_000)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Digest, Account>> {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::Rest;
    use crate::limits::Limits;
    use crate::model::id::Digest;

    #[test]
    fn a_definition_that_wastes_more_than_is_forgiven_rests_until_it_is() {
        let rest = Rest::new(&Limits { wasted_ms_max: 500, wasted_ms_per_s: 5, ..Limits::default() });
        let (guilty, other) = (Digest([1; 32]), Digest([2; 32]));
        assert!((0..5).all(|_| !rest.wasted(&guilty, 100_000, 0)));
        assert_eq!(rest.of(&guilty, 0), None, "half a second is not yet too much");
        assert!(rest.wasted(&guilty, 100_000, 0));
        assert!(!rest.wasted(&guilty, 1_000, 0), "it rests already");
        assert_eq!((rest.of(&guilty, 0), rest.of(&other, 0)), (Some(20_200), None));
        assert_eq!(rest.of(&guilty, 10_000_000), Some(10_200));
        assert_eq!(rest.of(&guilty, 21_000_000), None);
    }

    #[test]
    fn quick_failures_cost_nothing() {
        let rest = Rest::new(&Limits::default());
        assert!((0..100_000).all(|_| !rest.wasted(&Digest([1; 32]), 999, 0)));
        assert_eq!(rest.of(&Digest([1; 32]), 0), None);
    }

    #[test]
    fn what_was_forgiven_is_forgotten() {
        let rest = Rest::new(&Limits { wasted_ms_max: 500, wasted_ms_per_s: 5, ..Limits::default() });
        rest.wasted(&Digest([1; 32]), 400_000, 0);
        assert_eq!(rest.of(&Digest([1; 32]), 80_000_000), None);
        assert!(rest.lock().is_empty());
    }
}
