//! The ledger of what is to be taken back: what comes next, how often it was tried, and what stays.
//!
//! It neither records nor sends anything: what comes next is said as [`Progress`].

use crate::words::{Attempt, GivenUp, NotUndone, PutOff, Refused};
use serde::{Deserialize, Serialize};
use shipment_language::calendar::moment_text;

use crate::{ATTEMPTS_MAX, pause_ms};

/// What is being undone, what was, and what could not be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger<T> {
    /// The last one is next.
    waiting: Vec<T>,
    current: Option<Current<T>>,
    undone: Vec<T>,
    given_up: Vec<GivenUp<T>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Current<T> {
    promise: T,
    attempt: u32,
    /// Whether the carrier has been asked and has not answered; otherwise a timer runs until it is asked again.
    asked: bool,
}

/// One step of the undoing, to be recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress<T> {
    /// The carrier is asked.
    Begun(Attempt<T>),
    /// It will be asked again, at this moment (in milliseconds since 1970).
    PutOff(PutOff<T>, u64),
    /// It has taken the promise back.
    Undone(T),
    /// It will not be asked again.
    GivenUp(GivenUp<T>),
}

impl<T> Default for Ledger<T> {
    fn default() -> Self {
        Self { waiting: Vec::new(), current: None, undone: Vec::new(), given_up: Vec::new() }
    }
}

/// What comes next; reading only.
impl<T: Clone + PartialEq> Ledger<T> {
    /// The next promise to take back; none while one is being taken back, or when none is left.
    #[must_use]
    pub fn next(&self) -> Option<Progress<T>> {
        let promise = self.waiting.last().filter(|_| self.current.is_none())?;
        Some(Progress::Begun(Attempt { promise: promise.clone(), attempt: 1 }))
    }

    /// The pause is over: the next attempt.
    #[must_use]
    pub fn again(&self) -> Option<Progress<T>> {
        let current = self.current.as_ref().filter(|current| !current.asked)?;
        Some(Progress::Begun(Attempt { promise: current.promise.clone(), attempt: current.attempt + 1 }))
    }

    /// The carrier has taken a promise back; also late, after it was given up.
    #[must_use]
    pub fn taken_back(&self, promise: &T) -> Option<Progress<T>> {
        let open = self.is_current(promise) || self.given_up.iter().any(|given_up| given_up.promise == *promise);
        open.then(|| Progress::Undone(promise.clone()))
    }

    /// An attempt has failed: the carrier refused, or did not answer in time.
    #[must_use]
    pub fn refused(&self, Refused { promise, attempt, failure }: Refused<T>, now: u64) -> Option<Progress<T>> {
        let asked = |current: &&Current<T>| current.asked && current.promise == promise && current.attempt == attempt;
        self.current.as_ref().filter(asked)?;
        if attempt >= ATTEMPTS_MAX {
            return Some(Progress::GivenUp(GivenUp { promise, failure }));
        }
        let at = now.saturating_add(pause_ms(attempt));
        Some(Progress::PutOff(PutOff { promise, attempt, failure, again_at: moment_text(at) }, at))
    }

    /// Whether this is the promise that is being taken back.
    #[must_use]
    pub fn is_current(&self, promise: &T) -> bool {
        self.current.as_ref().is_some_and(|current| current.promise == *promise)
    }

    /// Whether this promise is here already, undone or not.
    #[must_use]
    pub fn knows(&self, promise: &T) -> bool {
        self.is_current(promise)
            || self.waiting.contains(promise)
            || self.undone.contains(promise)
            || self.given_up.iter().any(|given_up| given_up.promise == *promise)
    }

    /// Whether something is being undone, or waits for it.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.current.is_some() || !self.waiting.is_empty()
    }

    /// What could not be undone.
    #[must_use]
    pub fn not_undone(&self) -> Vec<NotUndone>
    where
        NotUndone: From<GivenUp<T>>,
    {
        self.given_up.iter().cloned().map(NotUndone::from).collect()
    }
}

/// What has been recorded.
impl<T: PartialEq> Ledger<T> {
    /// A promise that is not wanted any more.
    pub fn add(&mut self, promise: T) {
        self.waiting.push(promise);
    }

    /// The carrier is asked for this attempt.
    pub fn begun(&mut self, Attempt { promise, attempt }: Attempt<T>) {
        self.waiting.retain(|waiting| *waiting != promise);
        self.current = Some(Current { promise, attempt, asked: true });
    }

    /// The next attempt waits for a timer.
    pub fn put_off(&mut self) {
        if let Some(current) = &mut self.current {
            current.asked = false;
        }
    }

    /// The promise is taken back.
    pub fn undone(&mut self, promise: T) {
        self.current.take_if(|current| current.promise == promise);
        self.given_up.retain(|given_up| given_up.promise != promise);
        self.undone.push(promise);
    }

    /// The promise stays.
    pub fn given_up(&mut self, given_up: GivenUp<T>) {
        self.current.take_if(|current| current.promise == given_up.promise);
        self.given_up.push(given_up);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(promise: u8, attempt: u32) -> Refused<u8> {
        Refused { promise, attempt, failure: "f".to_owned() }
    }

    fn with(promises: &[u8]) -> Ledger<u8> {
        let mut ledger = Ledger::default();
        promises.iter().for_each(|promise| ledger.add(*promise));
        ledger
    }

    fn begin(ledger: &mut Ledger<u8>, progress: Option<Progress<u8>>) -> (u8, u32) {
        let Some(Progress::Begun(attempt)) = progress else { panic!("an attempt, not {progress:?}") };
        ledger.begun(attempt.clone());
        (attempt.promise, attempt.attempt)
    }

    #[test]
    fn the_last_promise_is_taken_back_first_and_one_after_another() {
        let mut ledger = with(&[1, 2]);
        let next = ledger.next();
        assert_eq!(begin(&mut ledger, next), (2, 1));
        assert_eq!(ledger.next(), None, "one after another");
        ledger.undone(2);
        let next = ledger.next();
        assert_eq!(begin(&mut ledger, next), (1, 1));
        ledger.undone(1);
        assert!(!ledger.is_busy() && ledger.next().is_none());
    }

    #[test]
    fn an_attempt_is_repeated_with_growing_pauses_and_then_given_up() {
        let mut ledger = with(&[1]);
        let mut next = ledger.next();
        for (attempt, pause) in [(1, 1_000), (2, 2_000), (3, 4_000)] {
            assert_eq!(begin(&mut ledger, next), (1, attempt));
            let Some(Progress::PutOff(put_off, at)) = ledger.refused(refused(1, attempt), 500) else { panic!("put off") };
            assert_eq!((at, put_off.again_at), (500 + pause, moment_text(500 + pause)));
            assert_eq!(ledger.again(), None, "the carrier is still being asked");
            ledger.put_off();
            next = ledger.again();
        }
        assert_eq!(begin(&mut ledger, next), (1, ATTEMPTS_MAX));
        let Some(Progress::GivenUp(given_up)) = ledger.refused(refused(1, ATTEMPTS_MAX), 0) else { panic!("given up") };
        ledger.given_up(given_up);
        assert!(!ledger.is_busy() && ledger.knows(&1));
    }

    #[test]
    fn only_the_attempt_under_way_can_be_refused() {
        let mut ledger = with(&[1]);
        assert_eq!(ledger.refused(refused(1, 1), 0), None, "nobody was asked");
        let next = ledger.next();
        begin(&mut ledger, next);
        assert_eq!(ledger.refused(refused(1, 2), 0), None);
        assert_eq!(ledger.refused(refused(2, 1), 0), None);
        ledger.put_off();
        assert_eq!(ledger.refused(refused(1, 1), 0), None, "it was refused already");
    }

    #[test]
    fn a_carrier_may_take_it_back_after_all() {
        let mut ledger = with(&[1]);
        assert_eq!(ledger.taken_back(&1), None, "nobody was asked");
        let next = ledger.next();
        begin(&mut ledger, next);
        ledger.given_up(GivenUp { promise: 1, failure: "f".to_owned() });
        assert_eq!(ledger.taken_back(&1), Some(Progress::Undone(1)));
        ledger.undone(1);
        assert_eq!(ledger.taken_back(&1), None, "it was told already");
        assert_eq!(ledger, Ledger { undone: vec![1], ..Ledger::default() });
    }
}
