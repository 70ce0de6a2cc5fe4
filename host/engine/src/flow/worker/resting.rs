//! Processes whose definition rests, or is not compiled yet: what is recorded for them stays in the store, and is taken up later.
//! How long a definition rests is said in `rest`.

use std::collections::{BTreeSet, HashSet};

use super::Worker;
use crate::error::Refusal;
use crate::flow::outbox::Target;
use crate::flow::shared::Shared;
use crate::model::id::{Digest, ProcessId};
use crate::model::manifest::Manifest;

/// The processes of one worker that wait for the end of a rest. Their messages and timers are in the store and hold no memory.
#[derive(Default)]
pub(super) struct Resting {
    /// When each is to be taken up, in milliseconds of a clock that nobody sets.
    until: BTreeSet<(u64, ProcessId)>,
    processes: HashSet<ProcessId>,
}

/// How long a process that something is under way for waits beyond the end of a rest, in milliseconds: a commit takes about as long.
const LOOK_AGAIN_MS: u64 = 10;

impl Resting {
    /// Whether something of this process waits already: what comes now must not overtake it.
    pub(super) fn holds(&self, process: &ProcessId) -> bool {
        self.processes.contains(process)
    }

    /// When the next process is to be taken up.
    pub(super) fn next(&self) -> Option<u64> {
        self.until.first().map(|(at, _)| *at)
    }

    fn hold(&mut self, process: &ProcessId, until: u64) {
        if self.processes.insert(process.clone()) {
            self.until.insert((until, process.clone()));
        }
    }

    fn over(&mut self, now: u64) -> Option<ProcessId> {
        let (at, process) = self.until.pop_first()?;
        if at > now {
            self.until.insert((at, process));
            return None;
        }
        self.processes.remove(&process);
        Some(process)
    }
}

/// The longest that one of the targets is still waited for, in milliseconds.
pub(super) fn rest_of(shared: &Shared, targets: &[Target]) -> Option<u64> {
    targets.iter().filter_map(|target| shared.waits_for(&target.module)).max()
}

/// What a caller hears of a definition that rests, that is not compiled yet, or that too many wait for.
pub(super) fn refusal(shared: &Shared, manifest: Option<&Manifest>, module: &Digest, for_ms: u64) -> Refusal {
    let category = manifest.map_or_else(|| "a definition".to_owned(), |manifest| manifest.category.to_string());
    let definition = format!("{category} ({})", module.short());
    if shared.rests(module).is_some() {
        return Refusal::Resting { definition, for_s: for_ms.div_ceil(1_000) };
    }
    if shared.has_no_room_apart(module) {
        return Refusal::Busy;
    }
    Refusal::NotCompiled { definition }
}

impl Worker {
    /// Lets a process wait until its definition has rested.
    pub(super) fn hold(&mut self, process: &ProcessId, for_ms: u64) {
        let until = self.shared.ticks_ms().saturating_add(for_ms);
        self.resting.hold(process, until);
    }

    /// Takes up what waited for definitions that have rested.
    pub(super) fn end_rests(&mut self) -> bool {
        let now = self.shared.ticks_ms();
        let mut progress = false;
        while let Some(process) = self.resting.over(now) {
            progress = true;
            let mut lane = match self.lanes.take(&process, &*self.shared.store) {
                Ok(lane) => lane,
                Err(error) => {
                    tracing::warn!(%process, %error, "a process could not be taken up after its definition's rest; it is tried again");
                    self.hold(&process, self.shared.limits.outage_retry_ms);
                    return progress;
                }
            };
            if !lane.is_quiet() {
                self.lanes.put(lane);
                self.hold(&process, LOOK_AGAIN_MS);
                continue;
            }
            // What comes meanwhile waits behind what waited.
            lane.revive();
            self.lanes.put(lane);
            self.timers.reload();
            self.take_up(&process);
        }
        progress
    }
}
