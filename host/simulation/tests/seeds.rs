//! Some hundred seeds, played with every change: no promise is broken, and a seed tells one story only.
//! `make simulate` plays as many as one likes.

use procession_simulation::fault::{Fault, Tally};
use procession_simulation::run::Run;
use procession_simulation::trace::Keep;

#[test]
fn three_hundred_worlds_break_no_promise_and_every_fault_strikes_in_one_of_them() {
    let mut tally = Tally::default();
    for seed in 1..=300 {
        let outcome = Run::play(seed, None, Keep::TheEnd);
        assert!(
            outcome.violation.is_none(),
            "make simulate SEED={seed} RUNS=1 shows:\n{:?}\n{}",
            outcome.violation,
            outcome.lines.join("\n")
        );
        tally.add(&outcome.tally);
    }
    let missing: Vec<String> = Fault::ALL.iter().filter(|fault| tally.of(**fault) == 0).map(ToString::to_string).collect();
    assert!(missing.is_empty(), "never seen: {missing:?}");
}

#[test]
fn the_same_seed_tells_the_same_story_to_the_byte_and_another_one_another() {
    let mut digests = Vec::new();
    for seed in [3, 82, 1_000, 7_764] {
        let (first, second) = (Run::play(seed, None, Keep::All), Run::play(seed, None, Keep::All));
        assert_eq!(first.lines, second.lines, "seed {seed}");
        assert_eq!((first.digest, first.steps), (second.digest, second.steps), "seed {seed}");
        digests.push(first.digest);
    }
    digests.sort_unstable();
    digests.dedup();
    assert_eq!(digests.len(), 4, "two seeds tell one story");
}
