//! A runtime of native definitions, some of which may take long to load.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};

use procession_engine::model::id::Digest;
use procession_engine::model::manifest::Manifest;
use procession_engine::ports::definition::{LoadError, Module, Role, Runtime};

/// A runtime whose modules are named by their bytes.
#[derive(Default)]
pub struct NativeRuntime {
    pub(super) modules: Mutex<HashMap<Vec<u8>, Module>>,
    /// Modules that take long to load; they are at hand once they have been loaded.
    cold: Mutex<HashSet<Digest>>,
}

impl NativeRuntime {
    pub fn add(&self, name: &str, manifest: Manifest, role: Role) {
        let mut digest = [0; 32];
        digest[..name.len()].copy_from_slice(name.as_bytes());
        let module = Module { digest: Digest(digest), manifest: Arc::new(manifest), role };
        self.modules.lock().unwrap().insert(name.as_bytes().to_vec(), module);
    }

    /// From now on this module takes long to load.
    pub fn cool(&self, module: Digest) {
        self.cold.lock().unwrap().insert(module);
    }
}

impl Runtime for NativeRuntime {
    fn load(&self, bytes: &[u8]) -> Result<Module, LoadError> {
        let known = self.modules.lock().unwrap().get(bytes).cloned();
        if let Some(module) = &known {
            self.cold.lock().unwrap().remove(&module.digest);
        }
        known.ok_or_else(|| LoadError::NotAComponent(String::from_utf8_lossy(bytes).into_owned()))
    }

    fn is_at_hand(&self, module: &Digest) -> bool {
        !self.cold.lock().unwrap().contains(module)
    }
}
