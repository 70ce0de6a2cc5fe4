//! From what comes next to what a component records and sends for it.
//!
//! Which promise comes next is the ledger's business.

use crate::words::{Attempt, GivenUp, NotUndone, PutOff, Refused, Undone};
use procession_sdk::contract::TimerFired;
use procession_sdk::{Decision, accept, ignore};
use serde::de::DeserializeOwned;

use crate::{ANSWER_MS, Ledger, Progress};

/// The words of one component for taking back promises `T`, as events `E` and commands `C`.
#[derive(Debug)]
pub struct Undoing<T, E, C> {
    /// The kind of the command that asks a carrier.
    pub kind: &'static str,
    /// That command.
    pub ask: fn(Attempt<T>) -> C,
    /// The timer between two attempts.
    pub timer: &'static str,
    /// A carrier is asked.
    pub begun: fn(Attempt<T>) -> E,
    /// Another attempt is put off.
    pub put_off: fn(PutOff<T>) -> E,
    /// A promise is taken back.
    pub undone: fn(T) -> E,
    /// A promise stays.
    pub given_up: fn(GivenUp<T>) -> E,
    /// Everything was tried: the end of a cancellation.
    pub cancelled: fn(Undone) -> E,
}

/// Whether everything is to be taken back, or only what came late.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cancellation {
    /// Only what came late.
    None,
    /// Everything, and a carrier has not answered yet. It is awaited first, because its promise would be the last one.
    AwaitsAnswer,
    /// Everything.
    UnderWay,
}

impl<T, E, C> Undoing<T, E, C>
where
    T: Clone + PartialEq,
    C: DeserializeOwned,
    NotUndone: From<GivenUp<T>>,
{
    /// What is to be done next: a promise to take back, or the end of the cancellation.
    pub fn go_on(&self, ledger: &Ledger<T>, cancellation: Cancellation) -> Decision<E, C> {
        if cancellation == Cancellation::AwaitsAnswer {
            return ignore("the answer of the carrier is awaited first");
        }
        match ledger.next() {
            Some(progress) => self.record(ledger, progress),
            None if cancellation == Cancellation::UnderWay && !ledger.is_busy() => {
                accept((self.cancelled)(Undone { not_undone: ledger.not_undone() }))
            }
            None => ignore("nothing is to be undone now"),
        }
    }

    /// The carrier has taken a promise back.
    pub fn taken_back(&self, ledger: &Ledger<T>, promise: &T) -> Decision<E, C> {
        let progress = ledger.taken_back(promise);
        progress.map_or_else(|| ignore("this promise is not being taken back"), |progress| self.record(ledger, progress))
    }

    /// The carrier has refused to take a promise back, or has not answered.
    pub fn refused(&self, ledger: &Ledger<T>, refused: Refused<T>, now: u64) -> Decision<E, C> {
        let progress = ledger.refused(refused, now);
        progress.map_or_else(|| ignore("this attempt to take a promise back is no longer awaited"), |it| self.record(ledger, it))
    }

    /// The pause between two attempts is over.
    pub fn wake(&self, ledger: &Ledger<T>, timer: &TimerFired) -> Decision<E, C> {
        let progress = ledger.again().filter(|_| timer.name == self.timer);
        progress.map_or_else(|| ignore("nothing waits for this timer"), |progress| self.record(ledger, progress))
    }

    fn record(&self, ledger: &Ledger<T>, progress: Progress<T>) -> Decision<E, C> {
        match progress {
            Progress::Begun(attempt) => accept((self.begun)(attempt.clone())).send((self.ask)(attempt)).expires_after(ANSWER_MS),
            Progress::PutOff(put_off, at) => accept((self.put_off)(put_off)).answered(self.kind).set_timer(self.timer, at, ()),
            // Where another promise is being taken back, deadline and timer are that one's.
            Progress::Undone(promise) if !ledger.is_current(&promise) => accept((self.undone)(promise)),
            Progress::Undone(promise) => accept((self.undone)(promise)).answered(self.kind).clear_timer(self.timer),
            Progress::GivenUp(given_up) => accept((self.given_up)(given_up)).answered(self.kind),
        }
    }
}
