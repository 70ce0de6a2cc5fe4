//! Turns of a chain that are made apart: asked for where the chain has not begun, put off where it has, and taken over when they are back.
//! How they are made is said in `flow::apart`.

use super::decide::{as_start, log_turn};
use super::{Chain, Failure};
use crate::flow::apart::{Done, Errand, MadeTurn, TurnErrand, What};
use crate::flow::history::named;
use crate::flow::lanes::Warm;
use crate::flow::outbox::Target;
use crate::flow::turn::Outcome;
use crate::model::decision::Trigger;
use crate::model::id::{MessageId, StreamName};
use crate::ports::definition::Module;

/// Whether all that a chain does may be done once more, after a turn of it was made apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Redo {
    /// Its worker waits for the turn, and does it all again with what came of that.
    Possible,
    /// What wants the turn is kept, and delivered when this chain is recorded.
    Impossible,
}

impl Chain<'_> {
    /// The turn, where it was made apart for this chain.
    pub(super) fn made_apart(&mut self, target: &Target, trigger: &Trigger, cause: &MessageId) -> Option<Result<Outcome, Failure>> {
        // Nearly always there is none, and then nothing is compared.
        self.made.as_ref()?;
        let module = match self.module(target) {
            Ok(module) => module,
            Err(failure) => return Some(Err(failure)),
        };
        let (trigger, version) = (as_start(trigger, &module), self.version_of(target));
        let made = self.made.take_if(|made| made.is(&target.suffix, &target.module, version, &trigger))?;
        Some(self.take(*made, target, &module, cause))
    }

    /// What is to be made apart; nothing where it cannot be waited for.
    pub(super) fn ask_for_it_apart(&mut self, target: &Target, trigger: &Trigger) -> Failure {
        if self.redo == Redo::Impossible || self.has_staged() {
            return Failure::Apart(None);
        }
        match self.module(target) {
            Ok(module) => Failure::Apart(Some(Box::new(self.errand(target, module, trigger)))),
            Err(failure) => failure,
        }
    }

    pub(super) fn version_of(&self, target: &Target) -> u64 {
        self.lane.row.stream(&target.suffix).map_or(0, |head| head.version)
    }

    fn has_staged(&self) -> bool {
        self.has_decided() || !self.undelivered.is_empty()
    }

    fn errand(&mut self, target: &Target, module: Module, trigger: &Trigger) -> Errand {
        let process = self.lane.row.id.clone();
        let stream = StreamName { process: process.clone(), suffix: target.suffix.clone() };
        let warm = self.lane.take_warm(&target.suffix, &module.digest).filter(|decider| decider.is_alone());
        let turn = TurnErrand {
            history: self.history(&stream),
            version: self.version_of(target),
            now: self.now,
            input: self.input.clone(),
            trigger: as_start(trigger, &module),
            module,
            warm,
            is_audited: self.audit_is_due(),
        };
        Errand::new(self.shared, process, What::Turn(Box::new(turn)))
    }

    /// Takes a turn over as if it had been made here. It cannot be taken over once more, so what comes behind it is kept where it takes long, too.
    fn take(&mut self, made: MadeTurn, target: &Target, module: &Module, cause: &MessageId) -> Result<Outcome, Failure> {
        self.redo = Redo::Impossible;
        let MadeTurn { trigger, tried, took_us, came, .. } = made;
        let Done { outcome, decider, seen } = came.inspect_err(|_| self.tried = tried)?;
        self.has_room_for(target, &outcome).map_err(|error| Failure::Guest(named(module), error))?;
        log_turn(&self.turn_of(target, module), &trigger, &outcome, cause, took_us);
        self.count(&outcome);
        if let Some(decider) = decider {
            self.lane.warm.push(Warm { suffix: target.suffix.clone(), module: module.digest, decider });
        }
        self.seen = seen.map(|seen| (target.suffix.clone(), seen));
        Ok(outcome)
    }
}
