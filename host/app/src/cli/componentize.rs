//! `procession componentize`: a component of a core module, so that an author needs no other tool of ours.
//! How it is made stands in the componentizer.

use std::path::PathBuf;

use super::failure::Failure;
use super::table::print;

/// What `componentize` is told.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The core module; but for Go, with its world embedded.
    module: PathBuf,
    /// The component to write.
    out: PathBuf,
    /// The module is Go's (GOOS=wasip1 GOARCH=wasm, -buildmode=c-shared): its world comes from here, and its runtime is answered with constants.
    #[arg(long)]
    go: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let Arguments { module, out, go } = arguments;
    let componentize = if *go { procession_componentize::componentize_go } else { procession_componentize::componentize };
    let made = procession_componentize::folder::componentize_file(module, out, componentize);
    let bytes = made.map_err(|error| Failure::Failed(format!("{error:#}")))?;
    print(&format!("{} {} KiB\n", out.display(), bytes.div_ceil(1024)));
    Ok(())
}
