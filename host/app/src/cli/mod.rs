//! The command line: what can be asked, and the exit codes that answer it.
//! `serve` is the server, what an author needs works on a file; every other command is a request to a server,
//! or to a data folder where none runs.

mod attack;
mod backup;
mod componentize;
mod dead_letters;
mod definitions;
mod load_test;
mod new;
mod process;
mod serve;
mod stream;
mod test;
mod verify;

mod client;
mod event_table;
mod failure;
mod log;
mod table;

use std::future::Future;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use failure::Failure;

pub(crate) use log::Format;
pub(crate) use serve::Arguments as ServeArguments;

const AFTER_HELP: &str = "\
Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 refused or not found, 4 port or data folder in use,
5 there are stuck processes (process list --stuck) or processes that stay where they are (process migrate),
6 recorded histories are decided otherwise (definitions check).
Times are UTC. Where a command prints a table, --json prints what the server answered.";

/// Hosts processes whose definitions are WebAssembly components, and asks a host about them.
#[derive(Parser)]
#[command(name = "procession", version, after_help = AFTER_HELP, disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs a host until it is told to stop.
    Serve(serve::Arguments),
    /// Lists, shows, checks, deploys, activates, drains and removes definitions, and goes back.
    #[command(subcommand)]
    Definitions(definitions::Command),
    /// Starts, shows, lists, signals, cancels, retries and migrates processes.
    #[command(subcommand)]
    Process(process::Command),
    /// Lists, shows, replays and drops messages that could not be processed.
    #[command(subcommand)]
    DeadLetters(dead_letters::Command),
    /// Reads streams.
    #[command(subcommand)]
    Stream(stream::Command),
    /// Writes a project for a new definition: a process with its scenarios that builds, and is deployed by one command.
    New(new::Arguments),
    /// Makes a component of a core module that was built for wasm32-unknown-unknown.
    Componentize(componentize::Arguments),
    /// Holds a component against scenario files: given / when / then, whatever language it is written in.
    Test(test::Arguments),
    /// Attacks a component with random triggers in random states: is it pure, bounded, and does it always answer?
    Attack(attack::Arguments),
    /// Looks whether everything in a data folder is as it was written.
    Verify(verify::Arguments),
    /// Takes a backup of everything into a file, while the server goes on.
    Backup(backup::Take),
    /// Puts a backup into an empty data folder.
    Restore(backup::Restore),
    /// Triggers many shipments and measures how long each takes from trigger to completion.
    LoadTest(load_test::Arguments),
}

/// Does what the command line asks for.
pub(crate) fn run() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Serve(arguments) => serve::run(arguments),
        Command::Definitions(command) => as_client(definitions::run(command)),
        Command::Process(command) => as_client(process::run(command)),
        Command::DeadLetters(command) => as_client(dead_letters::run(command)),
        Command::Stream(command) => as_client(stream::run(command)),
        Command::New(arguments) => new::run(arguments),
        Command::Componentize(arguments) => componentize::run(&arguments),
        Command::Test(arguments) => log::begin("warn", log::Format::Text).and_then(|()| test::run(&arguments)),
        Command::Attack(arguments) => log::begin("warn", log::Format::Text).and_then(|()| attack::run(&arguments)),
        Command::Verify(arguments) => log::begin("warn", log::Format::Text).and_then(|()| verify::run(&arguments)),
        Command::Backup(arguments) => as_client(backup::take(arguments)),
        Command::Restore(arguments) => as_client(backup::restore(arguments)),
        Command::LoadTest(arguments) => as_client(load_test::run(arguments)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

/// A client needs one thread, and leaves the others to the server beside it.
fn as_client(work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    log::begin("warn", log::Format::Text)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| Failure::Failed(format!("the system gives no runtime: {error}")))?.block_on(work)
}
