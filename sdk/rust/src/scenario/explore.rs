//! Walks through every state that a process can reach, and offers each of them everything that can come.
//!
//! Nothing is known here of what a process is for; what must hold besides is asked by the test that walks.

use std::collections::{HashSet, VecDeque};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::every_trigger::{Offer, Uses};
use super::{Scenario, Turn};
use crate::contract::{Decision, Trigger};
use crate::{Process, wire};

/// States that a walk may find; a process with more of them has a state that counts something without a bound.
const STATES_MAX: usize = 200_000;

/// How far a walk came. A test compares the numbers, so that it cannot shrink without anybody noticing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exploration {
    /// How many different states were reached, the first one included.
    pub states: usize,
    /// How many triggers were offered in them.
    pub offers: usize,
    /// How many of those were accepted.
    pub accepted: usize,
}

impl<P: Process> Scenario<P> {
    /// Goes from here to every state that can be reached, the nearest first, and offers in each of them: the given messages; every kind of
    /// message with data that does not fit; timers that are due, deadlines that pass, commands that an operator drops; a cancel, a migration;
    /// and every own event again (which leads nowhere, because the host offers an own event only in the turn that recorded it).
    /// A state is the folded state together with the timers that are set and the deadlines that are open.
    ///
    /// Each trigger must be answered without a panic or a fault, the same when asked again, within the manifest, and not without a reason;
    /// a state must come back from its snapshot as it was. `watch` sees each step: the scenario before and after it.
    ///
    /// # Panics
    /// When one of that does not hold, or there are more than 200,000 states.
    pub fn explore(self, messages: &[P::Message], mut watch: impl FnMut(&Self, &Self)) -> Exploration
    where
        P::Message: Serialize + DeserializeOwned,
    {
        let samples: Vec<_> = messages.iter().map(|message| wire::write(message).expect("a message that can be written")).collect();
        let samples: Vec<(&str, &str)> = samples.iter().map(|(kind, data)| (*kind, data.as_str())).collect();
        let mut seen = HashSet::from([self.mark()]);
        let mut waiting = VecDeque::from([self]);
        let mut exploration = Exploration { states: 1, offers: 0, accepted: 0 };
        while let Some(here) = waiting.pop_front() {
            for offer in here.offers(&samples) {
                exploration.offers += 1;
                let accepted = matches!(here.answer(&offer), Decision::Accept(_));
                exploration.accepted += usize::from(accepted);
                // What is turned down leaves the state as it is, but a timer that fired and a deadline that passed are gone.
                let leads_on = if accepted { !matches!(offer.trigger, Trigger::Recorded(_)) } else { !matches!(offer.uses, Uses::Nothing) };
                if !leads_on {
                    continue;
                }
                let next = here.fork().take(offer);
                watch(&here, &next);
                if seen.insert(next.mark()) {
                    next.comes_back_from_its_snapshot();
                    waiting.push_back(next);
                }
            }
            exploration.states = seen.len();
            assert!(exploration.states <= STATES_MAX, "{}: more than {STATES_MAX} states", here.category);
        }
        exploration
    }

    fn take(mut self, offer: Offer) -> Self {
        self.now = self.moment(&offer.uses);
        match offer.uses {
            Uses::Nothing => {}
            Uses::Timer(place) => drop(self.timers.remove(place)),
            Uses::Deadline(place) => drop(self.deadlines.remove(place)),
        }
        self.when_triggered(offer.trigger)
    }

    /// Another scenario with the same past.
    fn fork(&self) -> Self {
        Self {
            process_id: self.process_id.clone(),
            category: self.category.clone(),
            now: self.now,
            state: serde_json::from_str(&text(&self.state)).expect("a state that can be read back"),
            history: self.history.clone(),
            timers: self.timers.clone(),
            deadlines: self.deadlines.clone(),
            sent_ever: self.sent_ever.clone(),
            last: Turn::default(),
        }
    }

    /// What tells this state from another one. Moments are left out: the same state an hour later is the same state.
    fn mark(&self) -> String {
        let mut timers: Vec<(&str, &str)> = self.timers.iter().map(|timer| (timer.name.as_str(), timer.data.as_str())).collect();
        timers.sort_unstable();
        let deadlines: Vec<(&str, &str)> = self.deadlines.iter().map(|it| (it.kind.as_str(), it.data.as_str())).collect();
        text(&(&self.state, timers, deadlines))
    }

    fn comes_back_from_its_snapshot(&self) {
        let Some(snapshot) = P::snapshot(&self.state) else { return };
        let restored = P::restore(&snapshot).unwrap_or_else(|| panic!("the snapshot cannot be read back: {snapshot}"));
        assert_eq!(text(&restored), text(&self.state), "the state did not come back from its snapshot");
    }
}

fn text(state: &impl Serialize) -> String {
    serde_json::to_string(state).expect("a state that can be written")
}
