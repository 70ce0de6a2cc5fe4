//! Runs so many cases of every target, or of one: `procession-fuzz --cases 1000000 --seed 1 [--target http]`.
//! It ends with 1 where something was found, and prints what to run to find it again.

use anyhow::bail;
use clap::Parser;
use procession_fuzz::run::run;
use procession_fuzz::targets::{NAMES, by_name, weight};

/// Inputs by the million: nothing that comes from outside may make the host panic or hang.
#[derive(Parser)]
struct Arguments {
    /// Cases of the quickest targets; slower ones get fewer
    #[arg(long, default_value_t = 100_000)]
    cases: u64,
    /// What the cases are drawn from
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The first case, to run one again
    #[arg(long, default_value_t = 0)]
    first: u64,
    /// Only this target, and as many cases of it as asked for
    #[arg(long)]
    target: Option<String>,
}

fn main() -> anyhow::Result<()> {
    let Arguments { cases, seed, first, target } = Arguments::parse();
    let names: Vec<(&str, u64)> = match &target {
        Some(name) => vec![(name.as_str(), cases)],
        None => NAMES.iter().map(|name| (*name, (cases / weight(name)).max(1))).collect(),
    };
    let (mut sum, mut found) = (0, 0);
    for (name, cases) in names {
        let Some(mut target) = by_name(name) else { bail!("there is no target {name}; there are: {}", NAMES.join(", ")) };
        let outcome = run(&mut *target, seed, first, cases);
        let rate = outcome.cases as f64 / outcome.took.as_secs_f64().max(0.001);
        println!(
            "{name:12} {:10} cases {:8.1?} {rate:9.0}/s, the longest {:.1?}, found {}",
            outcome.cases,
            outcome.took,
            outcome.longest,
            outcome.found.len()
        );
        for (case, wrong) in &outcome.found {
            println!("  --target {name} --seed {seed} --first {case} --cases 1: {wrong}");
        }
        sum += outcome.cases;
        found += outcome.found.len();
    }
    println!("{sum} cases, {found} findings");
    if found > 0 { bail!("{found} inputs do what none may do") } else { Ok(()) }
}
