//! The log: one line for each thing that happens, on stderr.
//! What is logged is said where it happens.

use std::io::IsTerminal as _;

use clap::ValueEnum;
use serde::Deserialize;
use tracing_subscriber::EnvFilter;

use super::failure::Failure;

/// How a line of the log is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs: one JSON object a line.
    Json,
}

/// A bare level speaks of the host; what it is built on says little, unless it is named.
fn directives(filter: &str) -> String {
    let is_detailed = ["info", "debug", "trace"].iter().any(|level| filter.trim().eq_ignore_ascii_case(level));
    if is_detailed { format!("warn,procession={}", filter.trim()) } else { filter.to_owned() }
}

/// Begins to log what passes the filter, such as `info` or `info,procession_engine=debug`.
pub(crate) fn begin(filter: &str, format: Format) -> Result<(), Failure> {
    let parsed = EnvFilter::builder().parse(directives(filter));
    let filter = parsed.map_err(|error| Failure::Usage(format!("the log filter {filter:?} cannot be read: {error}")))?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let begun = match format {
        Format::Text => lines.with_ansi(std::io::stderr().is_terminal()).try_init(),
        Format::Json => lines.json().flatten_event(true).try_init(),
    };
    begun.map_err(|error| Failure::Failed(format!("the log cannot begin: {error}")))
}

#[cfg(test)]
mod tests {
    use super::directives;

    #[test]
    fn a_bare_level_is_about_the_host_and_a_filter_stays_as_it_is() {
        assert_eq!(directives("debug"), "warn,procession=debug");
        for filter in ["off", "error", "info,sled=debug"] {
            assert_eq!(directives(filter), filter);
        }
    }
}
