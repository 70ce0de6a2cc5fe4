//! `simulate`: plays the runs of many seeds, and says how to repeat the first one that broke a promise.
//! What a run is stands in the library.

use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use procession_simulation::fault::{Fault, Tally};
use procession_simulation::run::{Outcome, Run};
use procession_simulation::sabotage::Sabotage;
use procession_simulation::trace::Keep;

/// Plays the runs of many seeds.
#[derive(Parser)]
#[command(name = "simulate")]
struct Arguments {
    /// The first seed.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many seeds, one after another.
    #[arg(long, default_value_t = 1)]
    runs: u64,
    /// A promise that the store breaks on purpose.
    #[arg(long)]
    sabotage: Option<Sabotage>,
    /// Print the whole story of each run.
    #[arg(long)]
    story: bool,
    /// Go on after a violation, and count them.
    #[arg(long)]
    go_on: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let keep = if arguments.story { Keep::All } else { Keep::TheEnd };
    let (mut tally, mut steps, mut violations) = (Tally::default(), 0, 0);
    let started = Instant::now();
    let seeds = arguments.seed..arguments.seed.saturating_add(arguments.runs);
    let mut played = 0;
    for seed in seeds {
        let outcome = Run::play(seed, arguments.sabotage, keep);
        played += 1;
        tally.add(&outcome.tally);
        steps += outcome.steps;
        if arguments.story || arguments.runs == 1 {
            outcome.lines.iter().for_each(|line| println!("{line}"));
            println!("seed {seed}: digest {:016x}", outcome.digest);
        }
        if outcome.violation.is_some() {
            violations += 1;
            tell(&outcome, &arguments);
            if !arguments.go_on {
                break;
            }
        }
    }
    let seconds = started.elapsed().as_secs_f64();
    println!(
        "{played} runs, {steps} steps, {:.0} seeds/s, {violations} violations",
        f64::from(u32::try_from(played).unwrap_or(u32::MAX)) / seconds
    );
    for fault in Fault::ALL {
        println!("  {fault:<38} {:>9}", tally.of(*fault));
    }
    if violations > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn tell(outcome: &Outcome, arguments: &Arguments) {
    let Some(violation) = &outcome.violation else { return };
    if arguments.go_on {
        return println!("seed {}: {violation}", outcome.seed);
    }
    println!("seed {} broke a promise after {} steps", outcome.seed, outcome.steps);
    println!("  {violation}");
    println!("the last of what happened (step, then what):");
    outcome.lines.iter().for_each(|line| println!("{line}"));
    let sabotage = arguments.sabotage.map(|sabotage| format!(" SABOTAGE={sabotage}")).unwrap_or_default();
    println!("again: make simulate SEED={} RUNS=1{sabotage}", outcome.seed);
}
