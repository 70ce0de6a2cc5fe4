//! The memory store passes the suite that every store passes.

use procession_conformance::Home;
use procession_store_memory::MemoryStore;

struct Contents(MemoryStore);

impl Home for Contents {
    type Store = MemoryStore;

    fn fresh() -> Self {
        Self(MemoryStore::new())
    }

    fn open(&self) -> MemoryStore {
        self.0.clone()
    }
}

procession_conformance::suite!(Contents);
