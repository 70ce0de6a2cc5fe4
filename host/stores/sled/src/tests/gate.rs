//! A sync that tells when it begins and waits until it is let through, or made to fail.
//! It stands in the place of the disk, so that a test can choose the moment.

use std::io;
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use crate::sync::DurableSync;
use crate::{Settings, SledStore};

/// The keeper's side of the gate.
pub(super) struct Gate {
    begun: Receiver<()>,
    verdicts: SyncSender<io::Result<()>>,
}

struct Gated {
    begun: SyncSender<()>,
    verdicts: Receiver<io::Result<()>>,
    inner: Box<dyn DurableSync>,
}

impl DurableSync for Gated {
    fn sync(&mut self) -> io::Result<()> {
        // Where the keeper is gone, the gate is open.
        let _ = self.begun.send(());
        self.verdicts.recv().unwrap_or(Ok(()))?;
        self.inner.sync()
    }
}

/// Opens a store whose syncs are held.
pub(super) fn open(folder: &Path, settings: Settings) -> (SledStore, Gate) {
    // As many as any test lets through ahead of time.
    let ((begun, begins), (verdicts, verdict)) = (sync_channel(16), sync_channel(16));
    let gated = |inner| Box::new(Gated { begun, verdicts: verdict, inner }) as Box<dyn DurableSync>;
    let store = SledStore::open_with(folder, settings, gated).unwrap();
    (store, Gate { begun: begins, verdicts })
}

impl Gate {
    /// Returns when a sync has begun.
    pub(super) fn wait(&self) {
        self.begun.recv().unwrap();
    }

    /// Whether a sync has begun that nobody has waited for.
    pub(super) fn has_begun(&self) -> bool {
        self.begun.try_recv().is_ok()
    }

    pub(super) fn let_through(&self) {
        self.verdicts.send(Ok(())).unwrap();
    }

    pub(super) fn fail(&self, why: &str) {
        self.verdicts.send(Err(io::Error::other(why.to_owned()))).unwrap();
    }
}
