//! What chance has in store for one run: dice, the rate of every fault, what struck so far, and the story.
//! Every simulated port asks here whether it fails now; what a failure means is the port's matter.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::dice::Dice;
use crate::fault::{Fault, Tally};
use crate::trace::{Keep, Trace};

/// The chance of one run, shared by everything in it.
pub struct Fate {
    drawn: Mutex<Drawn>,
    calm: AtomicBool,
}

struct Drawn {
    dice: Dice,
    /// In millionths, by fault.
    rates_ppm: Vec<u64>,
    tally: Tally,
    trace: Trace,
}

/// What unwinds through the engine when the host dies; only the run's driver catches it.
pub struct Crash;

impl Fate {
    /// The chance of this seed. About half of the faults are left out of a run, so that each meets the others in every mixture.
    #[must_use]
    pub fn new(seed: u64, keep: Keep) -> Self {
        let mut dice = Dice::new(seed);
        let mut rate = |fault: &Fault| if dice.below(2) == 0 { 0 } else { fault.rate_ppm_max() >> dice.below(4) };
        let rates_ppm = Fault::ALL.iter().map(&mut rate).collect();
        Self {
            drawn: Mutex::new(Drawn { dice, rates_ppm, tally: Tally::default(), trace: Trace::new(keep) }),
            calm: AtomicBool::new(false),
        }
    }

    /// A chance in which nothing ever fails.
    #[must_use]
    pub fn kind() -> Self {
        let fate = Self::new(0, Keep::TheEnd);
        fate.calm_down();
        fate
    }

    /// Whether this fault strikes now.
    #[must_use]
    pub fn strikes(&self, fault: Fault) -> bool {
        if self.is_calm() {
            return false;
        }
        let mut drawn = self.drawn();
        let rate_ppm = drawn.rates_ppm[fault as usize];
        let strikes = drawn.dice.hits(rate_ppm);
        if strikes {
            drawn.tally.count(fault);
            drawn.trace.note(format_args!("! {fault}"));
        }
        strikes
    }

    /// The host may die here.
    pub fn crash_in(&self, call: &str) {
        if self.strikes(Fault::CrashInCall) {
            self.note(format_args!("! the host dies {call}"));
            // No hook and no message: this is not a panic but the end of a host.
            std::panic::resume_unwind(Box::new(Crash));
        }
    }

    /// Draws something.
    pub fn draw<T>(&self, draw: impl FnOnce(&mut Dice) -> T) -> T {
        draw(&mut self.drawn().dice)
    }

    /// Writes a line of the story.
    pub fn note(&self, text: fmt::Arguments<'_>) {
        self.drawn().trace.note(text);
    }

    /// Begins the next step of the story.
    pub fn next_step(&self) {
        self.drawn().trace.next_step();
    }

    /// From now on nothing fails any more.
    pub fn calm_down(&self) {
        self.calm.store(true, Ordering::Relaxed);
    }

    /// Whether nothing fails any more.
    #[must_use]
    pub fn is_calm(&self) -> bool {
        self.calm.load(Ordering::Relaxed)
    }

    /// The story so far: its digest, how many steps, and the lines that are kept.
    #[must_use]
    pub fn story(&self) -> (u64, u64, Vec<String>) {
        let drawn = self.drawn();
        (drawn.trace.digest(), drawn.trace.steps(), drawn.trace.lines())
    }

    /// How often each fault struck.
    #[must_use]
    pub fn tally(&self) -> Tally {
        self.drawn().tally.clone()
    }

    /// A crash never unwinds while this lock is held, so a poisoned one is whole.
    fn drawn(&self) -> MutexGuard<'_, Drawn> {
        self.drawn.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
