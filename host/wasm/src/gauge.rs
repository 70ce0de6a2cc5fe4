//! What calls use, for whoever measures a module; a host that serves has no gauge and pays nothing for it.
//! Limits are kept elsewhere: this only looks.

use std::sync::{Mutex, PoisonError};

use crate::limits::Allowance;

/// Sees what every call of a runtime's instances uses.
#[derive(Debug, Default)]
pub struct Gauge(Mutex<Option<Reading>>);

/// What was used, and what may be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// The most fuel that one call used.
    pub fuel: u64,
    /// The most that a call may use.
    pub fuel_max: u64,
    /// Linear memory of the instance that was called last, in bytes.
    pub memory_bytes: u64,
    /// The most that an instance may have.
    pub memory_bytes_max: u64,
}

impl Gauge {
    /// What was used since this was asked last; nothing where there was no call.
    pub fn take(&self) -> Option<Reading> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    pub(crate) fn note(&self, fuel: u64, memory_bytes: usize, allowance: &Allowance) {
        let mut reading = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = reading.map_or(0, |reading| reading.fuel);
        *reading = Some(Reading {
            fuel: fuel.max(before),
            fuel_max: allowance.fuel_per_call,
            memory_bytes: memory_bytes as u64,
            memory_bytes_max: allowance.memory_bytes as u64,
        });
    }
}
