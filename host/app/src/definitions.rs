//! The definitions folder as the engine sees it: files come, go and are refused.
//! Which file is taken when is decided by the folder's watcher; what a module may be, by the registry.

use std::path::Path;
use std::sync::{Arc, Weak};

use procession_engine::engine::Engine;
use procession_engine::error::DeployError;
use procession_engine::ports::definition::LoadError;
use procession_engine::registry::Origin;
use procession_wasm::folder::{Deploy, Deployed, Folder, FolderError, Refusal};

use crate::error::told;

/// Opens a definitions folder whose files go to this engine.
pub(crate) fn open(folder: &Path, module_bytes_max: usize, engine: &Arc<Engine>) -> Result<Folder, FolderError> {
    Folder::open(folder, module_bytes_max, Box::new(Files { engine: Arc::downgrade(engine) }))
}

struct Files {
    /// Weak: whoever asks the folder for its refusals must not keep a stopped engine alive.
    engine: Weak<Engine>,
}

impl Deploy for Files {
    fn deploy(&self, file: &str, bytes: &[u8]) -> Result<Deployed, Refusal> {
        let Some(engine) = self.engine.upgrade() else { return Err(Refusal::Later("the host is stopping".to_owned())) };
        let record = engine.deploy(bytes, &Origin::File(file.to_owned())).map_err(|error| refusal(&error))?.record;
        Ok(Deployed { category: record.manifest.category, digest: record.digest })
    }

    fn removed(&self, file: &str) {
        let Some(engine) = self.engine.upgrade() else { return };
        if let Err(error) = engine.registry().file_removed(file) {
            tracing::error!(file, %error, "a definition could not be drained after its file was removed; the next start does it");
        }
    }

    fn refused(&self, _file: &str, _reason: &str) {
        // The watcher logs it and keeps it for whoever asks.
    }
}

fn refusal(error: &DeployError) -> Refusal {
    let text = told(error);
    match error {
        DeployError::Load(LoadError::Host(_) | LoadError::NotYet(_)) | DeployError::Store(_) => Refusal::Later(text),
        // The histories that stand against it do not change either.
        DeployError::Load(_) | DeployError::Gate { .. } => Refusal::Broken(text),
        DeployError::Clash(_) | DeployError::Unknown(_) | DeployError::NothingBefore(_) => Refusal::Clash(text),
    }
}
