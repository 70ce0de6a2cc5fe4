//! Modules whose turns are all made apart for a while: their calls were cut off too often, or came to nothing after much longer than a slice.
//! Every call that is cut off costs the others a slice, so a module that goes on like that must not be tried on a worker again and again.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::limits::Limits;
use crate::model::id::Digest;

/// The modules, and what they have cost.
pub(in crate::flow) struct Slow {
    apart_us: u64,
    cut_off_max: u64,
    /// Whether there is an account at all: nearly always there is none, and then nobody takes the lock.
    has_accounts: AtomicBool,
    accounts: Mutex<HashMap<Digest, Account>>,
}

/// What one module has cost lately.
#[derive(Clone, Copy, Default)]
struct Account {
    /// Calls that were cut off since the account was opened.
    cut_off: u64,
    opened_us: u64,
    /// Until when all its turns are made apart.
    apart_until_us: u64,
}

impl Slow {
    pub(super) fn new(limits: &Limits) -> Self {
        // Whoever tries again at once must find it apart.
        let (apart_us, cut_off_max) = (limits.apart_ms.max(1_000) * 1_000, limits.cut_off_max);
        Self { apart_us, cut_off_max, has_accounts: AtomicBool::new(false), accounts: Mutex::default() }
    }

    /// Whether all turns of a module are made apart at present.
    pub(in crate::flow) fn holds(&self, module: &Digest, now_us: u64) -> bool {
        if !self.has_accounts.load(Ordering::Relaxed) {
            return false;
        }
        let mut accounts = self.lock();
        let Some(account) = accounts.get(module) else { return false };
        if now_us < account.apart_until_us {
            return true;
        }
        if now_us >= account.opened_us.saturating_add(self.apart_us) {
            accounts.remove(module);
            self.has_accounts.store(!accounts.is_empty(), Ordering::Relaxed);
        }
        false
    }

    /// A call of this module was cut off on a worker. True where all its turns are made apart from now on.
    pub(in crate::flow) fn cut_off(&self, module: &Digest, now_us: u64) -> bool {
        self.charge(module, now_us, |account, most| {
            account.cut_off += 1;
            account.cut_off > most
        })
    }

    /// A turn of this module has shown that it is too slow for a worker. True where all its turns are made apart from now on.
    pub(in crate::flow) fn is_too_slow(&self, module: &Digest, now_us: u64) -> bool {
        self.charge(module, now_us, |_, _| true)
    }

    /// Changes an account; where that says so, the module is apart from now on. True where it was not so before.
    fn charge(&self, module: &Digest, now_us: u64, change: impl FnOnce(&mut Account, u64) -> bool) -> bool {
        let mut accounts = self.lock();
        let new = Account { opened_us: now_us, ..Account::default() };
        let account = accounts.entry(*module).or_insert(new);
        let was_apart = now_us < account.apart_until_us;
        if !was_apart && now_us >= account.opened_us.saturating_add(self.apart_us) {
            *account = new;
        }
        let is_apart = change(account, self.cut_off_max);
        if is_apart {
            account.apart_until_us = now_us.saturating_add(self.apart_us);
            account.opened_us = now_us;
        }
        self.has_accounts.store(true, Ordering::Relaxed);
        is_apart && !was_apart
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Digest, Account>> {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::Slow;
    use crate::limits::Limits;
    use crate::model::id::Digest;

    const GUILTY: Digest = Digest([1; 32]);

    fn slow() -> Slow {
        Slow::new(&Limits { cut_off_max: 2, apart_ms: 60_000, ..Limits::default() })
    }

    #[test]
    fn a_module_that_is_cut_off_too_often_is_apart_for_a_while() {
        let slow = slow();
        assert_eq!([0, 1, 2].map(|at| slow.cut_off(&GUILTY, at)), [false, false, true]);
        assert!(!slow.cut_off(&GUILTY, 3), "it is apart already");
        assert!(slow.holds(&GUILTY, 60_000_002) && !slow.holds(&Digest([2; 32]), 4));
        assert!(!slow.holds(&GUILTY, 60_000_003), "a while has passed since the last one");
        assert!(!slow.cut_off(&GUILTY, 60_000_004), "it begins anew");
    }

    #[test]
    fn a_turn_that_comes_to_nothing_after_so_long_is_enough() {
        let slow = slow();
        assert!(slow.is_too_slow(&GUILTY, 0));
        assert!(slow.holds(&GUILTY, 1));
    }

    #[test]
    fn calls_that_are_cut_off_now_and_then_are_forgotten() {
        let slow = slow();
        let minute = 60_000_000;
        assert!((0..10).all(|at| !slow.cut_off(&GUILTY, at * minute) && !slow.holds(&GUILTY, at * minute)));
        assert!(!slow.holds(&GUILTY, 10 * minute) && slow.lock().is_empty());
    }
}
