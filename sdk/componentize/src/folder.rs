//! Files: read a core module, write the component beside nobody's half-finished copy.
//!
//! What makes a component of a module lives in `encode`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

use crate::{encode, name};

/// Componentizes one file with [`encode::componentize`] or [`encode::componentize_go`]; returns the size.
///
/// # Errors
/// When the file cannot be read or written, or is refused; the message names the file.
pub fn componentize_file(core: &Path, out: &Path, componentize: fn(&[u8]) -> Result<Vec<u8>>) -> Result<usize> {
    let bytes = fs::read(core).with_context(|| format!("cannot read {}", core.display()))?;
    let component = componentize(&bytes).with_context(|| format!("cannot make a component of {}", core.display()))?;
    write_atomically(out, &component)?;
    Ok(component.len())
}

/// Componentizes every definition of a cargo output folder into `out`, named after its category; returns the files with their sizes.
///
/// # Errors
/// When a file cannot be read, made or written, and when the folder holds no definition at all: then it is the wrong folder.
pub fn componentize_folder(release: &Path, out: &Path) -> Result<Vec<(PathBuf, usize)>> {
    let mut artefacts = Vec::new();
    for entry in fs::read_dir(release).with_context(|| format!("cannot read the folder {}", release.display()))? {
        let path = entry.with_context(|| format!("cannot read the folder {}", release.display()))?.path();
        if let Some(file) = name::component_file(&path) {
            artefacts.push((path, out.join(file)));
        }
    }
    ensure!(!artefacts.is_empty(), "no definition (such as domestic_1_0.wasm) lies in {}", release.display());
    artefacts.sort();
    fs::create_dir_all(out).with_context(|| format!("cannot make the folder {}", out.display()))?;
    artefacts.into_iter().map(|(core, target)| componentize_file(&core, &target, encode::componentize).map(|size| (target, size))).collect()
}

/// A host may be watching the folder, so a component appears whole or not at all: written under another name, then renamed.
fn write_atomically(out: &Path, bytes: &[u8]) -> Result<()> {
    let partial = out.with_extension(format!("wasm.{}.partial", std::process::id()));
    fs::write(&partial, bytes)
        .and_then(|()| fs::rename(&partial, out))
        .inspect_err(|_| drop(fs::remove_file(&partial)))
        .with_context(|| format!("cannot write {}", out.display()))
}
