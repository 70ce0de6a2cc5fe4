//! `procession stream`: the events of one stream.
//! All streams of a process together are its history, in `process`.

use clap::{Subcommand, ValueEnum};

use super::client::{Access, Client, Question, Whom, encoded};
use super::event_table;
use super::failure::Failure;
use super::table::{print, print_json};

/// What can be done with streams.
#[derive(Subcommand)]
pub(super) enum Command {
    /// Reads the events of a stream.
    Read {
        /// The stream, such as 12EEQ9CS9K10-Process.
        name: String,
        /// Begins at this version [default: the first, or backward the last].
        #[arg(long, value_name = "VERSION")]
        from: Option<u64>,
        /// Reads oldest first or newest first.
        #[arg(long, default_value = "forward")]
        direction: Way,
        /// Reads so many events at most, 10000 at the most.
        #[arg(long, default_value_t = 1_000)]
        limit: usize,
        #[command(flatten)]
        whom: Whom,
    },
}

/// Which way to read.
#[derive(Clone, Copy, ValueEnum)]
pub(super) enum Way {
    Forward,
    Backward,
}

pub(super) async fn run(command: Command) -> Result<(), Failure> {
    let Command::Read { name, from, direction, limit, whom } = command;
    let from = from.map(|from| format!("&from={from}")).unwrap_or_default();
    let direction = match direction {
        Way::Forward => "forward",
        Way::Backward => "backward",
    };
    let client = Client::of(&whom, Access::Read).await?;
    let path = format!("/streams/{}?direction={direction}&limit={limit}{from}", encoded(&name));
    let answer = client.ask(Question::get(path)).await;
    client.close().await;
    let stream = answer?;
    if whom.json {
        print_json(&stream);
    } else {
        print(&event_table::lines(stream["events"].as_array().map_or(&[], Vec::as_slice)));
    }
    Ok(())
}
