//! The end of a chain: every stream that changed is looked at once, and all of it becomes one commit.
//! After this the chain is gone.

use super::decide::broken_module;
use super::{Chain, Failure};
use crate::flow::lanes::Warm;
use crate::flow::outbox::Target;
use crate::model::commit::{Commit, DecisionRecord, Entry, Pin, Snapshot};
use crate::model::id::{Kind, StreamName, Suffix};
use crate::ports::definition::Decider;

impl Chain<'_> {
    /// Looks at every stream that changed, and makes the commit.
    pub(in crate::flow) fn into_commit(mut self) -> Commit {
        for pin in self.pins.clone() {
            self.look(&pin);
        }
        self.lane.row.revision += 1;
        let row = self.lane.row.clone();
        let entry =
            (!self.decisions.is_empty()).then_some(Entry { input: self.input, time: self.now, pins: self.pins, decisions: self.decisions });
        Commit {
            row,
            entry,
            receipt: self.receipt,
            delivered: self.delivered,
            undelivered: self.undelivered,
            timers_cleared: self.timers_cleared,
            timers_set: self.timers_set,
            notes: self.notes,
            snapshots: self.snapshots,
        }
    }

    /// Takes over what a query sees. A definition that breaks here keeps its last view: its events are good all the same.
    fn look(&mut self, pin: &Pin) {
        let started_us = self.shared.clock.ticks_us();
        let seen = self.decider_of(pin).and_then(|mut decider| {
            let view = decider.look().map_err(|error| Failure::Guest(format!("{} ({})", pin.category, pin.module.short()), error))?;
            Ok((view, decider))
        });
        match seen {
            Ok((view, mut decider)) => {
                if view.phase.has_ended() {
                    self.lift_deadlines(&pin.suffix);
                }
                self.snapshot(pin, &mut *decider);
                // A process that has ended is seldom needed again, and its instance is memory.
                if !view.phase.has_ended() {
                    self.lane.warm.push(Warm { suffix: pin.suffix.clone(), module: pin.module, decider });
                }
                if let Some(head) = self.lane.row.streams.iter_mut().find(|head| head.suffix == pin.suffix) {
                    head.view = view;
                }
            }
            Err(failure) => {
                self.shared.wasted(&pin.module, &pin.category, started_us);
                tracing::error!(process = %self.lane.row.id, stream = %pin.suffix, ?failure, "a definition could not say what it sees")
            }
        }
    }

    /// Keeps the folded state of a stream that has grown long. One that breaks here is folded from its events as before.
    fn snapshot(&mut self, pin: &Pin, decider: &mut dyn Decider) {
        let every = self.shared.limits.snapshot_every;
        let Some(version) = self.lane.row.stream(&pin.suffix).map(|head| head.version) else { return };
        let first = self.first_version(&pin.suffix).unwrap_or(version + 1);
        let has_grown = every > 0 && version / every != (first - 1) / every;
        // What the module before kept is of no use to this one.
        let has_moved = every > 0 && version >= every && self.has_moved(&pin.suffix);
        if !has_grown && !has_moved {
            return;
        }
        let Some(state_format) = self.shared.registry.snapshot().module(&pin.module).map(|module| module.manifest.state_format) else {
            return;
        };
        let started_us = self.shared.clock.ticks_us();
        match decider.snapshot() {
            Ok(Some(state)) if state.as_str().len() <= self.shared.limits.payload_bytes_max => {
                self.snapshots.push(Snapshot { suffix: pin.suffix.clone(), version, module: pin.module, state_format, state });
            }
            Ok(_) => {}
            Err(error) => {
                self.shared.wasted(&pin.module, &pin.category, started_us);
                tracing::warn!(process = %self.lane.row.id, stream = %pin.suffix, %error, "a definition could not write a snapshot");
            }
        }
    }

    /// The version of the first event that this chain adds to a stream.
    fn first_version(&self, suffix: &Suffix) -> Option<u64> {
        self.decisions_on(suffix).next().map(|decision| decision.first_version)
    }

    /// Whether this chain moves a stream to another module.
    fn has_moved(&self, suffix: &Suffix) -> bool {
        self.decisions_on(suffix).flat_map(|decision| &decision.events).any(|event| event.kind == Kind::category_changed())
    }

    fn decisions_on<'s>(&'s self, suffix: &'s Suffix) -> impl Iterator<Item = &'s DecisionRecord> {
        self.decisions.iter().filter(move |decision| self.pins.get(decision.pin).is_some_and(|pin| pin.suffix == *suffix))
    }

    fn decider_of(&mut self, pin: &Pin) -> Result<Box<dyn Decider>, Failure> {
        if let Some(warm) = self.lane.take_warm(&pin.suffix, &pin.module) {
            return Ok(warm);
        }
        let target = Target { suffix: pin.suffix.clone(), category: pin.category.clone(), module: pin.module, begins: false };
        let module = self.shared.registry.module(&pin.module).map_err(|error| broken_module(&target, error))?;
        self.fold(&module, &StreamName { process: self.lane.row.id.clone(), suffix: pin.suffix.clone() })
    }
}
