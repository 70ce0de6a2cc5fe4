//! Simulated power failures: a program is recorded down to every write and sync of its store, and for a chosen moment the disk is rebuilt
//! with all that was synced before it and, by seed, nothing, all, half, torn sectors or any part of the rest.
//! A disk that lies about its syncs loses what was acknowledged; that the simulation finds this is tested as well.

mod check;
mod failure;
mod platter;
mod recording;
mod workload;

use std::path::{Path, PathBuf};
use std::process::Command;

pub(super) use self::check::{Heard, compare};
use self::platter::{Honesty, Platter};
use self::recording::Step;
use self::workload::WORKLOADS;
pub(super) use self::workload::Workload;
use super::random::Random;

/// Where this is set, the test is the program that is recorded: seed, workload and folder.
const RECORDED: &str = "PROCESSION_TEST_RECORDED";
/// How many power failures there are, and with which seed they begin: `make power-loss POINTS=500 SEED=1`.
const POINTS: &str = "PROCESSION_POWER_LOSS_POINTS";
const SEED: &str = "PROCESSION_POWER_LOSS_SEED";
const POINTS_BY_DEFAULT: usize = 48;
/// Power failures of one recording; for more, another one is made with another seed.
const POINTS_PER_RECORDING: usize = 24;

#[test]
fn nothing_acknowledged_is_lost_when_the_power_fails() {
    if let Ok(text) = std::env::var(RECORDED) {
        let mut words = text.splitn(3, '|');
        let (seed, name, folder) = (words.next().unwrap(), words.next().unwrap(), words.next().unwrap());
        return Workload::by_name(name).run(seed.parse().unwrap(), Path::new(folder));
    }
    let points = number(POINTS).unwrap_or(POINTS_BY_DEFAULT as u64) as usize;
    let first_seed = number(SEED).unwrap_or(1);
    let share = points.div_ceil(WORKLOADS.len());
    let mut failures = Vec::new();
    for workload in &WORKLOADS {
        let mut report = Report::default();
        for (seed, begun) in (first_seed..).zip((0..share).step_by(POINTS_PER_RECORDING)) {
            let points = POINTS_PER_RECORDING.min(share - begun);
            report.add(fail_at(workload, seed, points, Honesty::Honest));
        }
        println!("{}: {report}", workload.name);
        failures.extend(report.failures);
    }
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn a_disk_that_lies_about_its_syncs_is_found_out() {
    let workload = Workload::by_name("many callers");
    let report = fail_at(&workload, 1, 12, Honesty::Lying);
    println!("{report}");
    assert!(report.failures.len() >= 6, "only {} of 12 were found: the simulation finds nothing", report.failures.len());
}

/// What came of some power failures.
#[derive(Default)]
struct Report {
    points: usize,
    /// Commits and modules that were acknowledged before each of them, added up.
    acknowledged: u64,
    failures: Vec<String>,
}

impl Report {
    fn add(&mut self, other: Self) {
        self.points += other.points;
        self.acknowledged += other.acknowledged;
        self.failures.extend(other.failures);
    }
}

impl std::fmt::Display for Report {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { points, acknowledged, failures } = self;
        write!(to, "{points} power failures, {acknowledged} acknowledged commits looked for, {} failures", failures.len())
    }
}

/// Records a program, and lets the power fail at so many moments of its life.
fn fail_at(workload: &Workload, seed: u64, points: usize, honesty: Honesty) -> Report {
    let folder = tempfile::tempdir().unwrap();
    let watched = folder.path().join("watched");
    let steps = record(workload, seed, folder.path(), &watched);
    let mut random = Random::of(&(seed, workload.name));
    let mut moments: Vec<usize> = (0..points).map(|_| moment(&steps, &mut random)).collect();
    moments.sort_unstable();
    let (mut platter, mut heard, mut report) = (Platter::new(&watched, honesty), Heard::default(), Report::default());
    let mut done = 0;
    for moment in moments {
        for step in &steps[done..moment] {
            platter.take(step);
            if let Step::Said { text } = step {
                text.lines().for_each(|line| heard.line(line));
            }
        }
        done = moment;
        let left = tempfile::tempdir().unwrap();
        failure::leave(&platter, left.path(), &mut Random::of(&(seed, workload.name, moment, report.points)));
        report.points += 1;
        report.acknowledged += heard.count();
        if let Err(why) = check::check(&left.path().join("store"), workload, seed, &heard) {
            report.failures.push(format!("{}, seed {seed}, after step {moment} of {}: {why}", workload.name, steps.len()));
        }
    }
    report
}

/// A moment in a recording: any, or one soon after a name was made or changed, since these are few and delicate.
fn moment(steps: &[Step], random: &mut Random) -> usize {
    let is_of_a_name = |step: &Step| {
        matches!(step, Step::Opened { made: true, .. } | Step::Renamed { .. } | Step::Removed { .. } | Step::FolderMade { .. })
    };
    let of_names: Vec<usize> = (1..).zip(steps).filter(|(_, step)| is_of_a_name(step)).map(|(at, _)| at).collect();
    if random.happens(30) && !of_names.is_empty() {
        return (of_names[random.below(of_names.len())] + random.below(6)).min(steps.len());
    }
    random.below(steps.len() + 1)
}

/// Runs a program to its end under the preload library.
fn record(workload: &Workload, seed: u64, folder: &Path, watched: &Path) -> Vec<Step> {
    std::fs::create_dir(watched).unwrap();
    let recording = folder.join("recording");
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "tests::power_loss::nothing_acknowledged_is_lost_when_the_power_fails", "--nocapture"])
        .env(RECORDED, format!("{seed}|{}|{}", workload.name, watched.join("store").display()))
        .env("LD_PRELOAD", preload_library())
        .env("PROCESSION_FAULTS_FOLDER", watched)
        .env("PROCESSION_FAULTS_RECORD", &recording)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}: {}", workload.name, String::from_utf8_lossy(&output.stderr));
    recording::read(&recording)
}

/// Where cargo has put the preload library: beside the test itself.
fn preload_library() -> PathBuf {
    let library = std::env::current_exe().unwrap().parent().unwrap().join("libprocession_faults.so");
    assert!(library.is_file(), "{} is missing: it is built with the tests", library.display());
    library
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")))
}
