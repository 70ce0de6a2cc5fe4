//! A few cases of every target: `make fuzz` runs many.

use procession_fuzz::run::run;
use procession_fuzz::targets::by_name;

fn finds_nothing(name: &str, cases: u64) {
    let mut target = by_name(name).expect("a target of this name");
    let outcome = run(&mut *target, 1, 0, cases);
    assert!(outcome.found.is_empty(), "{:?}", outcome.found);
    assert_eq!(outcome.cases, cases);
}

#[test]
fn names_are_taken_as_they_are_or_refused_in_few_words() {
    finds_nothing("names", 20_000);
}

#[test]
fn what_is_taken_as_json_can_be_read_by_everybody() {
    finds_nothing("json", 20_000);
}

#[test]
fn a_damaged_value_is_refused() {
    finds_nothing("kept", 20_000);
}

#[test]
fn a_scenario_file_is_read_or_refused_in_few_words() {
    finds_nothing("scenarios", 20_000);
}

#[test]
fn every_request_has_an_answer_that_is_not_the_hosts_fault() {
    finds_nothing("http", 3_000);
}

#[test]
fn a_damaged_backup_is_refused() {
    finds_nothing("backups", 2_000);
}

#[test]
fn a_backup_that_passes_every_checksum_opens_or_is_refused() {
    finds_nothing("restores", 5);
}

#[test]
fn bytes_become_a_module_or_are_refused() {
    finds_nothing("components", 300);
}

#[test]
fn a_scenario_with_a_name_of_kilobytes_is_refused_in_few_words() {
    // The name stood in the path and in the cause, so the refusal was twice as long as the file.
    let mut target = by_name("scenarios").expect("a target of this name");
    for case in [69_713, 69_743, 100_095, 115_926, 129_004, 176_850, 187_778, 195_729, 202_571, 214_930] {
        let outcome = run(&mut *target, 101, case, 1);
        assert!(outcome.found.is_empty(), "{:?}", outcome.found);
    }
}

#[test]
fn a_target_that_breaks_is_told_with_its_case() {
    struct Breaks;
    impl procession_fuzz::run::Target for Breaks {
        fn name(&self) -> &'static str {
            "breaks"
        }
        fn feed(&mut self, dice: &mut procession_fuzz::Dice) -> Result<(), String> {
            assert!(!dice.once_in(10), "one in ten");
            Ok(())
        }
    }
    let outcome = run(&mut Breaks, 1, 0, 1_000);
    assert_eq!(outcome.found.len(), 10);
    assert!(outcome.found.iter().all(|(_, wrong)| wrong == "panic: one in ten"), "{:?}", outcome.found);
    let (case, _) = outcome.found[0];
    assert_eq!(run(&mut Breaks, 1, case, 1).found.len(), 1, "the same case finds the same");
}
