//! What every test leaves behind is decided again at its end: the log must tell what led to every decision of it.
//! Whether each comes out the same is not asked here, since some definitions of tests decide by a switch.

use std::ops::ControlFlow;

use procession_engine::model::id::Digest;
use procession_engine::ports::definition::{Module, Role};
use procession_engine::replay::Replay;

use super::{Bench, NativeRuntime};

impl NativeRuntime {
    fn loaded(&self, digest: &Digest) -> Option<Module> {
        self.modules.lock().unwrap().values().find(|module| module.digest == *digest).cloned()
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        for record in self.standing.engine().registry().snapshot().records() {
            let Some(module) = self.runtime.loaded(&record.digest).filter(|module| matches!(module.role, Role::Process(_))) else {
                continue;
            };
            let replay = Replay::of(&module, &self.store, &self.store, &*self.clock);
            let report = replay.run(&mut |_| ControlFlow::Continue(())).unwrap();
            let told: Vec<String> = report.findings().map(ToString::to_string).collect();
            assert_eq!(report.total.decisions_lost, 0, "{told:#?}");
        }
    }
}
