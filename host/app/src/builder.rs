//! What a host is made of, said before it starts.
//! Everything has a default but the store; how the parts come to life is the matter of `start`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use procession_engine::gate::GateMode;
use procession_engine::limits::Limits;
use procession_engine::ports::clock::Clock;
use serde_json::{Map, Value};

use crate::clock::SystemClock;
use crate::error::StartError;
use crate::host::Host;
use crate::http::HttpLimits;
use crate::start;

/// A host that has not been started.
#[must_use = "a host runs only after `start`"]
pub struct Builder {
    pub(crate) keeps: Keeps,
    pub(crate) free_bytes_min: Option<u64>,
    pub(crate) cache_bytes: Option<u64>,
    pub(crate) definitions: Option<PathBuf>,
    pub(crate) listen: Option<String>,
    pub(crate) settings: BTreeMap<String, Map<String, Value>>,
    pub(crate) limits: Limits,
    pub(crate) gate: GateMode,
    pub(crate) guest_limits: procession_wasm::Limits,
    pub(crate) http_limits: HttpLimits,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) tokens: Vec<String>,
    pub(crate) access: Access,
}

/// Where the streams are kept.
pub(crate) enum Keeps {
    Memory,
    Folder(PathBuf),
}

/// Who may reach the host over HTTP.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Off loopback only whoever has a token.
    Guarded,
    /// Whoever reaches the address.
    Everybody,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            keeps: Keeps::Memory,
            free_bytes_min: None,
            cache_bytes: None,
            definitions: None,
            listen: None,
            settings: BTreeMap::new(),
            limits: Limits::default(),
            gate: GateMode::default(),
            guest_limits: procession_wasm::Limits::default(),
            http_limits: HttpLimits::default(),
            clock: Arc::new(SystemClock::new()),
            tokens: Vec::new(),
            access: Access::Guarded,
        }
    }
}

impl Builder {
    /// Keeps streams and modules in this folder; it is created where it is missing.
    pub fn data(mut self, folder: impl Into<PathBuf>) -> Self {
        self.keeps = Keeps::Folder(folder.into());
        self
    }

    /// Keeps everything in memory, and nothing after the stop. This is the default.
    pub fn in_memory(mut self) -> Self {
        self.keeps = Keeps::Memory;
        self
    }

    /// Refuses what is to be recorded while the file system of the data folder has less room than this; 64 MiB, where nothing is said.
    pub fn free_bytes_min(mut self, bytes: u64) -> Self {
        self.free_bytes_min = Some(bytes);
        self
    }

    /// Gives the store so much memory for what was read and written last; see [`procession_store_sled::Settings::cache_bytes`].
    pub fn cache_bytes(mut self, bytes: u64) -> Self {
        self.cache_bytes = Some(bytes);
        self
    }

    /// Takes definitions from this folder and watches it; it must exist.
    pub fn definitions(mut self, folder: impl Into<PathBuf>) -> Self {
        self.definitions = Some(folder.into());
        self
    }

    /// Answers HTTP on this address, such as `127.0.0.1:43210`; port 0 takes any free one. Without it the host has no HTTP.
    pub fn listen(mut self, address: impl Into<String>) -> Self {
        self.listen = Some(address.into());
        self
    }

    /// Gives a router or an adapter a setting, by the name of its category without the version.
    pub fn setting(mut self, definition: impl Into<String>, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.settings.entry(definition.into()).or_default().insert(key.into(), value.into());
        self
    }

    /// The bounds of the engine.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// What becomes of a new definition that does not keep what it owes to recorded histories; it is taken with a warning where nothing is said.
    pub fn gate(mut self, mode: GateMode) -> Self {
        self.gate = mode;
        self
    }

    /// The bounds of what one definition may use.
    pub fn guest_limits(mut self, limits: procession_wasm::Limits) -> Self {
        self.guest_limits = limits;
        self
    }

    /// The bounds of what may come in over HTTP at once.
    pub fn http_limits(mut self, limits: HttpLimits) -> Self {
        self.http_limits = limits;
        self
    }

    /// The clock; the system's, where none is given.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Asks callers over HTTP for this token, or one of several.
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.tokens.push(token.into());
        self
    }

    /// Lets everybody who reaches the address do everything, also off loopback.
    pub fn insecure(mut self) -> Self {
        self.access = Access::Everybody;
        self
    }

    /// Starts the host: what was under way goes on, and HTTP answers when this returns.
    ///
    /// # Errors
    /// [`StartError`] says what stands in the way; nothing is left running then.
    pub async fn start(self) -> Result<Host, StartError> {
        start::start(self).await
    }

    /// Opens what is recorded, and does nothing about it: queries are answered, requests are refused, no process goes on.
    ///
    /// # Errors
    /// [`StartError`] says what stands in the way.
    pub async fn only_reading(self) -> Result<Host, StartError> {
        start::only_reading(self).await
    }
}
