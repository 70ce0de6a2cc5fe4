//! Modules that are on their way in: being compiled, checked, or held against histories.
//! Only for whoever looks; nothing waits for what is said here.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::deploy::Origin;
use crate::model::time::Timestamp;

/// A module that is on its way in. What it is, nobody knows before it is compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// Where it comes from.
    pub origin: Origin,
    /// Its size in bytes.
    pub size: u64,
    /// When it came.
    pub since: Timestamp,
}

/// All of them, oldest first.
#[derive(Default)]
pub(super) struct Coming {
    arrivals: Mutex<Vec<(u64, Arrival)>>,
}

/// As long as this lives, the module is said to be coming.
pub(super) struct Announced<'a> {
    coming: &'a Coming,
    number: u64,
}

impl Coming {
    pub(super) fn announce(&self, origin: &Origin, size: usize, since: Timestamp) -> Announced<'_> {
        let mut arrivals = self.lock();
        let number = arrivals.last().map_or(0, |(number, _)| number + 1);
        arrivals.push((number, Arrival { origin: origin.clone(), size: size as u64, since }));
        Announced { coming: self, number }
    }

    pub(super) fn list(&self) -> Vec<Arrival> {
        self.lock().iter().map(|(_, arrival)| arrival.clone()).collect()
    }

    /// Nothing that can panic runs under this lock.
    fn lock(&self) -> MutexGuard<'_, Vec<(u64, Arrival)>> {
        self.arrivals.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Announced<'_> {
    fn drop(&mut self) {
        self.coming.lock().retain(|(number, _)| *number != self.number);
    }
}
