//! One turn as the host takes it: decide, evolve, offer own events again, until it is quiet.

use std::collections::VecDeque;

use super::{Refusal, Scenario, Turn, check};
use crate::contract::{Decision, Effect, Event, RecordedEvent, Trigger};
use crate::{Process, hosted};

/// Own events that one turn may offer again; a process that needs more is going round in circles.
const REACTIONS_MAX: usize = 1_000;

impl<P: Process> Scenario<P> {
    /// Anything may be a trigger, as the contract has it.
    ///
    /// # Panics
    /// When the process faults, records or sends what its manifest does not declare, lets effects happen without a record,
    /// goes round in circles, or turns down its own event.
    #[must_use]
    pub fn when_triggered(mut self, trigger: Trigger) -> Self {
        let manifest = P::manifest();
        self.last = Turn { trigger: format!("{trigger:?}"), before: self.history.len(), ..Turn::default() };
        let mut waiting = VecDeque::from([trigger]);
        for _ in 0..REACTIONS_MAX {
            let Some(trigger) = waiting.pop_front() else {
                self.lift_at_the_end();
                return self;
            };
            let own = matches!(trigger, Trigger::Recorded(_));
            let told = format!("{trigger:?}");
            let decision = hosted::decide::<P>(&self.state, &self.context(), trigger)
                .unwrap_or_else(|fault| panic!("a fault `{}` on {told}: {}", fault.code, fault.message));
            match decision {
                Decision::Accept(accepted) => {
                    check::accepted(&manifest, &accepted);
                    for event in accepted.events {
                        let recorded = self.record(event);
                        if manifest.reacts_to.contains(&recorded.event.kind) {
                            waiting.push_back(Trigger::Recorded(recorded));
                        }
                    }
                    accepted.effects.into_iter().for_each(|effect| self.happen(effect));
                }
                Decision::Ignore(_) if own => {}
                other if own => panic!("its own event was not taken: {told} gave {other:?}"),
                Decision::Ignore(why) => self.last.refusal = Some(Refusal::Ignored(why)),
                Decision::Reject(rejection) => self.last.refusal = Some(Refusal::Rejected(rejection)),
                Decision::Defer(why) => self.last.refusal = Some(Refusal::Deferred(why)),
            }
        }
        panic!("{} goes round in circles: more than {REACTIONS_MAX} own events in one turn", self.category);
    }

    /// Adds an event to the history and takes it in.
    pub(super) fn record(&mut self, event: Event) -> RecordedEvent {
        let version = self.history.len() as u64 + 1;
        let recorded = RecordedEvent { version, time: self.now, decided_by: self.category.clone(), event };
        self.take_in(&recorded);
        self.history.push(recorded.clone());
        recorded
    }

    fn happen(&mut self, effect: Effect) {
        match effect {
            Effect::Send(command) => self.send(command),
            Effect::SetTimer(timer) => {
                self.timers.retain(|other| other.name != timer.name);
                self.timers.push(timer);
            }
            Effect::ClearTimer(name) => self.clear(&name),
        }
    }
}
