//! `procession definitions check`: what a file would be.
//! The file is loaded in this program; nothing is asked and nothing is recorded.

use std::path::Path;

use procession::engine::ports::definition::{Role, Runtime as _};
use procession_wasm::WasmRuntime;
use serde_json::{Value, json};

use crate::cli::failure::Failure;

/// Checks a component as a deploy would, without a server; `file` is where the bytes come from.
pub(super) fn check(file: &Path, bytes: &[u8]) -> Result<Value, Failure> {
    let runtime = WasmRuntime::new(procession_wasm::Limits::default(), None).map_err(|error| Failure::Failed(error.to_string()))?;
    let module = runtime.load(bytes).map_err(|error| {
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
        Failure::Refused(format!("{} is refused: {error}{cause}", file.display()))
    })?;
    let texts = |names: &[procession::engine::model::id::Kind]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    let role = match module.role {
        Role::Process(_) => "process",
        Role::Router(_) => "router",
        Role::Adapter(_) => "adapter",
    };
    Ok(json!({
        "outcome": "passes",
        "category": module.manifest.category.to_string(),
        "role": role,
        "stream": module.manifest.stream.as_ref().map(ToString::to_string),
        "module": module.digest.to_string(),
        "size": bytes.len(),
        "starts": texts(&module.manifest.starts),
        "handles": texts(&module.manifest.handles),
    }))
}
