//! What all workers share: ports, registry, limits and settings.
//! None of it changes while the engine runs, except through its own locks.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::mailbox::Mailbox;
use super::watchers::Watchers;
use crate::limits::Limits;
use crate::model::id::{Category, MessageId, ProcessId, StreamName};
use crate::model::json::Json;
use crate::ports::clock::Clock;
use crate::ports::store::EventStore;
use crate::registry::Registry;

/// What all workers share.
pub(crate) struct Shared {
    pub(crate) store: Arc<dyn EventStore>,
    pub(crate) registry: Arc<Registry>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) limits: Limits,
    /// Settings of routers and adapters, by the name of their category.
    pub(crate) settings: HashMap<String, Json>,
    /// Makes seeds of this host different from those of every other one.
    pub(crate) entropy: u64,
    pub(crate) mailboxes: Vec<Mailbox>,
    pub(crate) watchers: Watchers,
    pub(crate) counters: Counters,
}

/// What happened since the start.
#[derive(Debug, Default)]
pub struct Counters {
    /// Decisions that were accepted.
    pub accepted: AtomicU64,
    /// Triggers that a definition ignored.
    pub ignored: AtomicU64,
    /// Triggers that a definition turned down.
    pub rejected: AtomicU64,
    /// Triggers that a definition put off.
    pub deferred: AtomicU64,
    /// Turns that a guest broke.
    pub guest_errors: AtomicU64,
    /// Decisions that came out differently in a fresh instance.
    pub audit_differences: AtomicU64,
}

impl Counters {
    pub(crate) fn count(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

impl Shared {
    /// Index of the worker that owns a process.
    pub(crate) fn owner(&self, process: &ProcessId) -> usize {
        let hash = xxhash_rust::xxh3::xxh3_64(process.as_str().as_bytes());
        usize::try_from(hash % self.mailboxes.len() as u64).unwrap_or(0)
    }

    /// The settings of a router or adapter; an empty object where there are none.
    pub(crate) fn settings(&self, category: &Category) -> Json {
        let empty = || Json::parse("{}").unwrap_or_else(|_| Json::null());
        self.settings.get(category.name()).cloned().unwrap_or_else(empty)
    }

    /// A seed for what a router or an adapter does with a message.
    pub(crate) fn seed_of(&self, message: &MessageId) -> u64 {
        xxhash_rust::xxh3::xxh3_64_with_seed(message.as_str().as_bytes(), self.entropy)
    }

    /// A seed for the decision on `cause` at this place of a stream; recorded, and the same if the decision is made again.
    pub(crate) fn seed(&self, stream: &StreamName, version: u64, cause: &MessageId) -> u64 {
        xxhash_rust::xxh3::xxh3_64_with_seed(format!("{stream}\u{0}{version}\u{0}{cause}").as_bytes(), self.entropy)
    }
}
