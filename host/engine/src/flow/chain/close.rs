//! The end of a chain: every stream that changed is looked at once, and all of it becomes one commit.
//! After this the chain is gone.

use super::decide::broken_module;
use super::{Chain, Failure, Halt};
use crate::flow::apart::Seen;
use crate::flow::lanes::Warm;
use crate::flow::outbox::Target;
use crate::model::commit::{Commit, DecisionRecord, Entry, Pin, Snapshot};
use crate::model::id::{Kind, StreamName, Suffix};
use crate::model::json::Json;
use crate::model::view::View;
use crate::ports::definition::{Decider, GuestError};

impl Chain<'_> {
    /// Makes the commit of a chain that was followed to its end.
    pub(in crate::flow) fn into_commit(self) -> Commit {
        debug_assert!(self.has_looked || self.decisions.is_empty(), "a chain that decided something is followed to its end");
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

    /// Looks at every stream that changed, once.
    pub(super) fn look(&mut self) -> Result<(), Halt> {
        if !std::mem::replace(&mut self.has_looked, true) {
            for pin in self.pins.clone() {
                self.look_at(&pin)?;
            }
        }
        Ok(())
    }

    /// Takes over what a query sees. A definition that breaks here keeps its last view: its events are good all the same.
    fn look_at(&mut self, pin: &Pin) -> Result<(), Halt> {
        if let Some((_, seen)) = self.seen.take_if(|(suffix, _)| *suffix == pin.suffix) {
            self.show_what_was_seen(pin, seen);
            return Ok(());
        }
        let started_us = self.shared.clock.ticks_us();
        let definition = format!("{} ({})", pin.category, pin.module.short());
        let seen = self.decider_of(pin).and_then(|mut decider| {
            decider.set_pace(self.pace);
            let view = decider.look().map_err(|error| Failure::Guest(definition.clone(), error))?;
            Ok((view, decider))
        });
        match seen {
            Ok((view, mut decider)) => {
                let is_sound = self.snapshot(pin, &mut *decider);
                self.show(pin, view, Some(decider).filter(|_| is_sound));
            }
            Err(Failure::Guest(definition, GuestError::Overlong)) => {
                // Made apart from now on, looking included.
                self.shared.is_too_slow(&pin.module, &definition);
                return Err(Halt::Again);
            }
            Err(failure) => {
                self.shared.wasted(&pin.module, &pin.category, started_us);
                tracing::error!(process = %self.lane.row.id, stream = %pin.suffix, ?failure, "a definition could not say what it sees");
            }
        }
        Ok(())
    }

    fn show_what_was_seen(&mut self, pin: &Pin, seen: Seen) {
        if let Some(state) = seen.snapshot {
            self.keep_snapshot(pin, state);
        }
        let decider = self.lane.take_warm(&pin.suffix, &pin.module);
        match seen.view {
            Ok(view) => self.show(pin, view, decider),
            Err(error) => {
                tracing::error!(process = %self.lane.row.id, stream = %pin.suffix, %error, "a definition could not say what it sees");
            }
        }
    }

    fn show(&mut self, pin: &Pin, view: View, decider: Option<Box<dyn Decider>>) {
        if view.phase.has_ended() {
            self.lift_deadlines(&pin.suffix);
        } else if let Some(decider) = decider {
            // A process that has ended is seldom needed again, and its instance is memory.
            self.lane.warm.push(Warm { suffix: pin.suffix.clone(), module: pin.module, decider });
        }
        if let Some(head) = self.lane.row.streams.iter_mut().find(|head| head.suffix == pin.suffix) {
            head.view = view;
        }
    }

    /// Keeps the folded state of a stream that has grown long. One that breaks here is folded from its events as before: false where it did.
    fn snapshot(&mut self, pin: &Pin, decider: &mut dyn Decider) -> bool {
        let Some(version) = self.lane.row.stream(&pin.suffix).map(|head| head.version) else { return true };
        let before = self.first_version(&pin.suffix).map_or(version, |first| first - 1);
        // What the module before kept is of no use to this one.
        let every = self.shared.limits.snapshot_every;
        let has_moved = every > 0 && version >= every && self.has_moved(&pin.suffix);
        if !self.shared.limits.snapshot_is_due(before, version) && !has_moved {
            return true;
        }
        let started_us = self.shared.clock.ticks_us();
        match decider.snapshot() {
            Ok(state) => {
                state.into_iter().for_each(|state| self.keep_snapshot(pin, state));
                return true;
            }
            // It is folded from its events until a turn that is made apart writes one.
            Err(GuestError::Overlong) => self.shared.is_too_slow(&pin.module, &pin.category),
            Err(error) => {
                self.shared.wasted(&pin.module, &pin.category, started_us);
                tracing::warn!(process = %self.lane.row.id, stream = %pin.suffix, %error, "a definition could not write a snapshot");
            }
        }
        false
    }

    fn keep_snapshot(&mut self, pin: &Pin, state: Json) {
        let Some(version) = self.lane.row.stream(&pin.suffix).map(|head| head.version) else { return };
        let module = self.shared.registry.snapshot().module(&pin.module).map(|module| module.manifest.state_format);
        let is_small = state.as_str().len() <= self.shared.limits.payload_bytes_max;
        if let Some(state_format) = module.filter(|_| is_small) {
            self.snapshots.push(Snapshot { suffix: pin.suffix.clone(), version, module: pin.module, state_format, state });
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
