//! Runs the cases of a target: each within a bound of time, and a panic is a finding.
//! What a case does is said in `targets`.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::dice::Dice;

/// The longest that a case may take. The slowest honest one compiles a component, which takes a tenth of a second in a debug build.
pub const CASE_TIME_MAX: Duration = Duration::from_secs(20);

/// Something that takes inputs from outside.
pub trait Target {
    /// Its name.
    fn name(&self) -> &'static str;

    /// Makes the input of a case and feeds it in; answers with what went wrong, where that is no panic.
    fn feed(&mut self, dice: &mut Dice) -> Result<(), String>;
}

/// What the cases of a target came to.
#[derive(Debug)]
pub struct Outcome {
    /// The target.
    pub target: &'static str,
    /// How many cases were run.
    pub cases: u64,
    /// How long they took.
    pub took: Duration,
    /// The longest that one took.
    pub longest: Duration,
    /// What was found: the number of the case, and what went wrong.
    pub found: Vec<(u64, String)>,
}

/// Findings after which a target is left: more of the same help nobody.
const FOUND_MAX: usize = 10;

/// Runs cases from `first` on.
pub fn run(target: &mut dyn Target, seed: u64, first: u64, cases: u64) -> Outcome {
    let name = target.name();
    let begun = Instant::now();
    let (current, over) = (AtomicU64::new(first), AtomicBool::new(false));
    let mut outcome = Outcome { target: name, cases: 0, took: Duration::ZERO, longest: Duration::ZERO, found: Vec::new() };
    std::thread::scope(|threads| {
        threads.spawn(|| watch(name, seed, &current, &over));
        for case in first..first + cases {
            current.store(case, Ordering::Relaxed);
            let started = Instant::now();
            let fed = catch_unwind(AssertUnwindSafe(|| target.feed(&mut Dice::of(seed, case))));
            let wrong = match fed {
                Ok(Ok(())) => None,
                Ok(Err(wrong)) => Some(wrong),
                Err(panic) => Some(format!("panic: {}", said(&*panic))),
            };
            outcome.cases += 1;
            outcome.longest = outcome.longest.max(started.elapsed());
            if let Some(wrong) = wrong {
                eprintln!("{name}: case {case} of seed {seed}: {wrong}");
                outcome.found.push((case, wrong));
                if outcome.found.len() == FOUND_MAX {
                    break;
                }
            }
        }
        over.store(true, Ordering::Relaxed);
    });
    outcome.took = begun.elapsed();
    outcome
}

/// A case that hangs cannot be ended from outside, so the program ends with its number.
fn watch(name: &str, seed: u64, current: &AtomicU64, over: &AtomicBool) {
    let mut seen = (current.load(Ordering::Relaxed), Instant::now());
    while !over.load(Ordering::Relaxed) {
        std::thread::park_timeout(Duration::from_millis(20));
        let case = current.load(Ordering::Relaxed);
        if case != seen.0 {
            seen = (case, Instant::now());
        }
        if seen.1.elapsed() > CASE_TIME_MAX {
            eprintln!("{name}: case {case} of seed {seed} takes longer than {CASE_TIME_MAX:?}");
            std::process::abort();
        }
    }
}

fn said(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned().or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
    text.unwrap_or_else(|| "without a word".to_owned())
}
