//! The binary `procession`: a server, and a client of it.
//! What a host does is said in the library; this is its command line.

mod cli;
mod config;

fn main() -> std::process::ExitCode {
    cli::run()
}
