//! The sled store passes the suite that every store passes.

use procession_conformance::Home;
use procession_store_sled::{Settings, SledStore};

struct Folder(tempfile::TempDir);

impl Home for Folder {
    type Store = SledStore;

    fn fresh() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    fn open(&self) -> SledStore {
        SledStore::open(self.0.path(), Settings::default()).expect("the store opens")
    }
}

procession_conformance::suite!(Folder);
