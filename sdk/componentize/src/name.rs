//! From the name of a cargo artefact to the name of a category.

use std::path::Path;

/// The file name for a cargo artefact: `domestic_1_0.wasm` becomes `domestic-1.0.wasm`.
///
/// Cargo allows no dots in package names and writes `_` for `-`, so the last two numbers are the version.
/// An artefact that does not end in two numbers is no definition (a shared library, for instance) and gives nothing.
#[must_use]
pub fn component_file(artefact: &Path) -> Option<String> {
    if artefact.extension()? != "wasm" {
        return None;
    }
    let (rest, minor) = artefact.file_stem()?.to_str()?.rsplit_once('_')?;
    let (name, major) = rest.rsplit_once('_')?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    (is_number(major) && is_number(minor) && !name.is_empty()).then(|| format!("{}-{major}.{minor}.wasm", name.replace('_', "-")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_artefact_is_named_after_its_category() {
        let named = |artefact: &str| component_file(Path::new(artefact));
        assert_eq!(named("release/domestic_1_0.wasm").as_deref(), Some("domestic-1.0.wasm"));
        assert_eq!(named("manifestation_and_documents_12_34.wasm").as_deref(), Some("manifestation-and-documents-12.34.wasm"));
    }

    #[test]
    fn what_has_no_version_is_no_definition() {
        for artefact in ["shipment_language.wasm", "domestic_1_0.d", "domestic_1_x.wasm", "_1_0.wasm", "1_0.wasm", "x_1_.wasm"] {
            assert_eq!(component_file(Path::new(artefact)), None, "{artefact}");
        }
    }
}
