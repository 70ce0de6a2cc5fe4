//! `procession componentize`: a component of a core module, so that an author needs no other tool of ours.
//! How it is made stands in the componentizer.

use std::path::PathBuf;

use super::failure::Failure;
use super::table::print;

/// What `componentize` is told.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The core module, with its world embedded.
    module: PathBuf,
    /// The component to write.
    out: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let Arguments { module, out } = arguments;
    let made = procession_componentize::folder::componentize_file(module, out, procession_componentize::encode::componentize);
    let bytes = made.map_err(|error| Failure::Failed(format!("{error:#}")))?;
    print(&format!("{} {} KiB\n", out.display(), bytes.div_ceil(1024)));
    Ok(())
}
