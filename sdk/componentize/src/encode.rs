//! Core module in, validated component out.
//!
//! No file is touched here.

use anyhow::{Context as _, Result, bail, ensure};
use wit_component::{ComponentEncoder, DecodedWasm};

use crate::go;

/// The only interface that a definition may import: the names of the types, without any function.
pub const IMPORT_ALLOWED: &str = "procession:process/types@";

/// The interface that every definition exports.
pub const EXPORT_NEEDED: &str = "procession:process/definition@";

/// Makes a component of a core module that carries its WIT world in a custom section.
///
/// # Errors
/// When the bytes are no core module, when no world is embedded in them, when they do not fit that world,
/// and when the component would import anything but the types of the contract: the host links nothing else,
/// and it is kinder to hear so while building than while deploying.
pub fn componentize(core: &[u8]) -> Result<Vec<u8>> {
    ensure_core(core)?;
    ensure!(
        contains(core, b"component-type"),
        "no WIT world is embedded in this module; does the crate call `procession_sdk::export_process!` (or `export_router!`, `export_adapter!`), \
         and is its crate-type `cdylib`?"
    );
    encode(ComponentEncoder::default().module(core).context("the embedded WIT world cannot be read")?)
}

/// Makes a component of a core module that the Go compiler made (`GOOS=wasip1 GOARCH=wasm -buildmode=c-shared`) of a program with our SDK.
///
/// Such a module has no world embedded, and its runtime asks WASI for a clock and for random bytes; it gets constants.
///
/// # Errors
/// As [`componentize`]; a program that uses more of WASI than the runtime itself is refused by the name of the import.
pub fn componentize_go(core: &[u8]) -> Result<Vec<u8>> {
    ensure_core(core)?;
    let module = go::with_world(core)?;
    let encoder = ComponentEncoder::default().module(&module).context("the embedded WIT world cannot be read")?;
    encode(encoder.adapter(go::WASI, &go::adapter()?).context("the adapter does not fit")?)
}

fn encode(encoder: ComponentEncoder) -> Result<Vec<u8>> {
    let component = encoder.validate(true).encode().context("the module does not fit its WIT world")?;
    check(&component)?;
    Ok(component)
}

fn ensure_core(core: &[u8]) -> Result<()> {
    // A component starts with the same four bytes as a core module; the fifth tells them apart.
    ensure!(core.starts_with(b"\0asm"), "this is not a WebAssembly module");
    ensure!(core.get(4..8) == Some(&[1, 0, 0, 0]), "this is not a core module; is it a component already?");
    Ok(())
}

/// Checks that a component exports a definition and imports nothing but the types.
///
/// # Errors
/// When it does not; the message names the import.
pub fn check(component: &[u8]) -> Result<()> {
    let DecodedWasm::Component(resolve, world) = wit_component::decode(component).context("the component cannot be read")? else {
        bail!("this is a WIT package and not a component");
    };
    let world = &resolve.worlds[world];
    for key in world.imports.keys() {
        let import = resolve.name_world_key(key);
        ensure!(
            import.starts_with(IMPORT_ALLOWED),
            "the component imports `{import}`, but a definition may import nothing but the types of `procession:process`"
        );
    }
    ensure!(
        world.exports.keys().any(|key| resolve.name_world_key(key).starts_with(EXPORT_NEEDED)),
        "the component exports no `procession:process/definition`"
    );
    Ok(())
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}
