//! What a core module of the Go compiler lacks to become a definition: its world, and somebody who answers its runtime.
//!
//! Nothing here opens the sandbox: what the adapter does not answer stays an import, and is refused as such.

use anyhow::{Context as _, Result};
use wit_component::StringEncoding;
use wit_parser::Resolve;

/// The name of the module that the runtime of Go imports.
pub const WASI: &str = "wasi_snapshot_preview1";

const CONTRACT: &str = include_str!("../../../wit/process.wit");
const WORLD: &str = "process";

/// The module with the contract's world `process` embedded, as the generators of other languages do it.
///
/// # Errors
/// When the bytes are no module.
pub fn with_world(core: &[u8]) -> Result<Vec<u8>> {
    let mut resolve = Resolve::default();
    let package = resolve.push_str("process.wit", CONTRACT).context("the contract cannot be read")?;
    let world = resolve.select_world(&[package], Some(WORLD)).context("the contract has no such world")?;
    let mut module = core.to_vec();
    wit_component::embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8)?;
    Ok(module)
}

/// A module that answers the runtime of Go with constants.
///
/// # Errors
/// Never, unless its text has been broken; a test looks.
pub fn adapter() -> Result<Vec<u8>> {
    wat::parse_str(include_str!("wasip1.wat")).context("the adapter cannot be read")
}
