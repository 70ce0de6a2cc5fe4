//! Seeds that found a fault of the engine, each under the promise that was broken.
//! When the world of the simulation changes, a seed tells another story; then look for one that shows the same fault without its mending.

use procession_simulation::run::Run;
use procession_simulation::trace::Keep;

fn keeps_every_promise(seeds: &[u64]) {
    for seed in seeds {
        let outcome = Run::play(*seed, None, Keep::TheEnd);
        assert!(outcome.violation.is_none(), "make simulate SEED={seed} RUNS=1 shows {:?}", outcome.violation);
    }
}

#[test]
fn an_adapter_hears_at_a_start_only_of_what_was_durable_before() {
    keeps_every_promise(&[147, 320, 378, 668, 793, 889, 907]);
}

#[test]
fn a_timer_that_rang_is_decided_at_its_moment_or_later_although_the_clock_went_back() {
    keeps_every_promise(&[402, 424, 466, 480, 572]);
}

#[test]
fn what_a_failed_write_put_off_is_not_overtaken_by_later_commands_to_the_same_process() {
    keeps_every_promise(&[271, 276, 382, 568, 747, 854, 898]);
}

#[test]
fn a_withdrawn_command_takes_its_next_attempt_along_although_the_store_does_not_show_it_yet() {
    keeps_every_promise(&[117, 771]);
}

#[test]
fn a_process_that_is_taken_up_while_the_store_fails_lets_nothing_new_overtake_what_it_kept() {
    keeps_every_promise(&[82, 8_731]);
}

#[test]
fn an_attempt_is_made_once_although_the_store_still_shows_it_as_to_come() {
    keeps_every_promise(&[6_775]);
}

#[test]
fn what_a_process_kept_is_delivered_at_a_start_before_what_others_have_for_it() {
    keeps_every_promise(&[7_764]);
}

#[test]
fn a_timer_is_not_forgotten_although_the_commit_that_clears_it_fails() {
    keeps_every_promise(&[9_895]);
}

#[test]
fn what_was_passed_over_because_its_process_was_to_be_parked_is_delivered_when_that_fails() {
    keeps_every_promise(&[9_269, 6_569]);
}

#[test]
fn what_an_outage_of_the_store_held_up_is_done_when_the_store_works_again() {
    keeps_every_promise(&[9_446, 9_531]);
}

#[test]
fn what_a_process_sends_while_it_is_taken_up_waits_behind_what_it_kept() {
    keeps_every_promise(&[8_028]);
}

#[test]
fn a_module_may_be_removed_once_the_process_that_was_on_it_has_left() {
    keeps_every_promise(&[3_770]);
}
