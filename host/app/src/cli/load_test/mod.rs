//! `procession load-test`: many shipments, and how long each takes from trigger to completion.
//! It shares the machine with the server, so it does little: kept connections, one answer a shipment, no thread of its own.

mod ids;
mod pace;
mod trigger;
mod watch;

mod held;
mod report;

use std::sync::Arc;
use std::time::Duration;

use super::client::{Question, Server, ServerAddress};
use super::failure::Failure;
use super::table::{print, print_json};
use held::Held;
use ids::{Ids, Kind, Subjects};
use pace::{IN_FLIGHT_MAX, Pace, Test};
use report::Tally;

const AFTER_HELP: &str = "\
Three ways to load a server: workers that pause between their triggers, a number in flight (--in-flight, a closed loop: how much
can it do?), and a rate (--rate, an open loop: how long does it take at that load?). A time begins when a trigger is due, not when
it is sent: a server that is behind makes those wait that come next, and their wait counts.
A test in which something was lost or turned down ends with exit code 1.";

/// What `load-test` is told.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Arguments {
    /// Triggers shipments from so many workers.
    #[arg(long, default_value_t = 10)]
    workers: usize,
    /// Triggers so many shipments per worker; in all, with --in-flight and --rate.
    #[arg(long, default_value_t = 1_000)]
    shipments: u64,
    /// Pauses so many milliseconds between two triggers of a worker.
    #[arg(long, default_value_t = 50)]
    delay_ms: u64,
    /// Makes each worker wait for the end of a shipment before it triggers the next one.
    #[arg(long, group = "pace")]
    closed: bool,
    /// Keeps so many shipments in flight: the end of one triggers the next, without a pause.
    #[arg(long, group = "pace", value_name = "COUNT", conflicts_with_all = ["workers", "delay_ms"], value_parser = in_flight)]
    in_flight: Option<usize>,
    /// Triggers so many shipments per second, at fixed times, however long they take; at most 900 are in flight.
    #[arg(long, group = "pace", value_name = "PER_SECOND", conflicts_with_all = ["workers", "delay_ms"], value_parser = rate)]
    rate: Option<f64>,
    /// Goes on for so many seconds instead of a number of shipments; only with --closed, --in-flight or --rate.
    #[arg(long, value_name = "SECONDS", requires = "pace", conflicts_with = "shipments")]
    duration_s: Option<u64>,
    /// Leaves out what was triggered in the first seconds, which are part of the duration; only with --duration-s.
    #[arg(long, value_name = "SECONDS", requires = "duration_s", default_value_t = 0)]
    warm_up_s: u64,
    /// Triggers domestic shipments, international ones, or a mix that is mostly international.
    #[arg(long, default_value = "mixed")]
    ids: Kind,
    /// Lets the last character of an id be anything, so that some shipments fail.
    #[arg(long)]
    with_failures: bool,
    /// Triggers nothing, but reads processes that have completed: one GET /processes/{id} in the place of each shipment.
    #[arg(long, conflicts_with_all = ["ids", "with_failures"])]
    read: bool,
    /// Calls a shipment lost that has not ended so many seconds after its trigger.
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    timeout_s: u64,
    /// Prints JSON, for programs.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerAddress,
}

pub(super) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let pace = Pace::of(&arguments)?;
    let server = Server::at(&arguments.server)?;
    // One question before all others: a server that is not there is told once, and not ten thousand times.
    server.send(Question::get("/readyz")).await?.into_body()?;
    let subjects = if arguments.read {
        Subjects::finished(trigger::finished(&server).await?)
    } else {
        Subjects::Fresh(Ids::new(arguments.ids, arguments.with_failures))
    };
    let held = Arc::new(Held::now(&server).await);
    let tally = Arc::new(Tally::new(Duration::from_secs(arguments.warm_up_s)));
    let watched = watch::begin(&server, &tally, &held);
    let test = Test::new(server.clone(), subjects, Arc::clone(&tally), Duration::from_secs(arguments.timeout_s));
    let done = test.run(&pace).await;
    watched.end();
    done?;
    held.look(&server).await;
    let shipments = if arguments.read { 0 } else { tally.progress().ended };
    let report = tally.report(pace.is_open(), held.told(shipments));
    if arguments.json {
        print_json(&report.document());
    } else {
        print(&report.lines());
    }
    report.verdict()
}

fn in_flight(text: &str) -> Result<usize, String> {
    let count = text.parse().ok().filter(|count| (1..=IN_FLIGHT_MAX).contains(count));
    count.ok_or_else(|| format!("it must be a number from 1 to {IN_FLIGHT_MAX}"))
}

/// Shipments per second, at most; more than one client can send.
const RATE_MAX: f64 = 100_000.0;

fn rate(text: &str) -> Result<f64, String> {
    // The least is one in a quarter of an hour; less is no load.
    let rate = text.parse().ok().filter(|rate| (0.001..=RATE_MAX).contains(rate));
    rate.ok_or_else(|| format!("it must be a number per second, from 0.001 to {RATE_MAX}"))
}

#[cfg(test)]
mod tests {
    use clap::{Args as _, Command, FromArgMatches as _};

    use super::{Arguments, Pace};

    fn parsed(words: &str) -> Result<Arguments, String> {
        let command = Arguments::augment_args(Command::new("load-test"));
        let matches = command.try_get_matches_from(["load-test"].into_iter().chain(words.split_whitespace()));
        matches.and_then(|matches| Arguments::from_arg_matches(&matches)).map_err(|error| error.to_string())
    }

    #[test]
    fn combinations_without_a_sense_are_refused_and_the_error_names_them() {
        for (words, named) in [
            ("--in-flight 8 --rate 50", "--rate"),
            ("--in-flight 8 --closed", "--closed"),
            ("--in-flight 8 --workers 3", "--workers"),
            ("--rate 50 --delay-ms 3", "--delay-ms"),
            ("--rate 50 --duration-s 3 --shipments 100", "--shipments"),
            ("--duration-s 3", "--in-flight"),
            ("--rate 50 --warm-up-s 3", "--duration-s"),
            ("--read --ids domestic", "--ids"),
            ("--read --with-failures", "--with-failures"),
            ("--in-flight 0", "from 1 to 900"),
            ("--in-flight 901", "from 1 to 900"),
            ("--rate 0", "per second"),
            ("--rate nan", "per second"),
        ] {
            let error = parsed(words).expect_err(words);
            assert!(error.contains(named), "{words}: {error}");
        }
    }

    #[test]
    fn a_warm_up_that_leaves_nothing_to_measure_is_refused() {
        let arguments = parsed("--in-flight 8 --duration-s 3 --warm-up-s 3").unwrap();
        assert!(Pace::of(&arguments).is_err());
    }

    #[test]
    fn combinations_with_a_sense_are_taken() {
        for words in [
            "",
            "--workers 10 --shipments 1000 --delay-ms 50",
            "--workers 8 --closed --delay-ms 0 --duration-s 1",
            "--in-flight 8 --shipments 100 --with-failures",
            "--in-flight 8 --duration-s 20 --warm-up-s 4 --ids domestic",
            "--rate 0.5 --duration-s 20",
            "--read --in-flight 8 --duration-s 20 --json",
            "--read --rate 1000 --shipments 100",
        ] {
            parsed(words).unwrap();
        }
    }
}
