//! The end of a chain: every stream that changed is looked at once, and all of it becomes one commit.
//! After this the chain is gone.

use super::decide::broken_module;
use super::{Chain, Failure};
use crate::flow::lanes::Warm;
use crate::flow::outbox::Target;
use crate::model::commit::{Commit, Entry, Pin};
use crate::model::id::StreamName;
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
        }
    }

    /// Takes over what a query sees. A definition that breaks here keeps its last view: its events are good all the same.
    fn look(&mut self, pin: &Pin) {
        let seen = self.decider_of(pin).and_then(|mut decider| {
            let view = decider.look().map_err(|error| Failure::Guest(format!("{} ({})", pin.category, pin.module.short()), error))?;
            Ok((view, decider))
        });
        match seen {
            Ok((view, decider)) => {
                // A process that has ended is seldom needed again, and its instance is memory.
                if !view.phase.has_ended() {
                    self.lane.warm.push(Warm { suffix: pin.suffix.clone(), module: pin.module, decider });
                }
                if let Some(head) = self.lane.row.streams.iter_mut().find(|head| head.suffix == pin.suffix) {
                    head.view = view;
                }
            }
            Err(failure) => {
                tracing::error!(process = %self.lane.row.id, stream = %pin.suffix, ?failure, "a definition could not say what it sees")
            }
        }
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
