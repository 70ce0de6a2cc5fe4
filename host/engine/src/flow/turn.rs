//! One turn: a trigger is decided, and what was decided is offered to its own definition until it comes to rest.
//! A turn changes nothing but the folded state: what it decided becomes part of a chain, or is forgotten.

use std::collections::VecDeque;

use super::shared::{Counters, Shared};
use crate::model::commit::DecisionRecord;
use crate::model::decision::{Context, Decision, Rejection, Trigger};
use crate::model::event::{Event, StreamEvent};
use crate::model::id::{MessageId, StreamName};
use crate::model::time::Timestamp;
use crate::ports::definition::{Decider, GuestError, Module};

/// Where and when a turn takes place.
pub(super) struct Turn<'a> {
    pub(super) shared: &'a Shared,
    pub(super) module: &'a Module,
    pub(super) stream: StreamName,
    /// Version of the last event of the stream.
    pub(super) version: u64,
    pub(super) now: Timestamp,
    /// Index of stream and module among the pins of the entry.
    pub(super) pin: usize,
}

/// What came of a turn.
#[derive(Debug, PartialEq)]
pub(super) enum Outcome {
    Accepted(Vec<DecisionRecord>),
    Ignored(String),
    Rejected(Rejection),
    Deferred(String),
}

impl Outcome {
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Accepted(_) => "accepted",
            Self::Ignored(_) => "ignored",
            Self::Rejected(_) => "rejected",
            Self::Deferred(_) => "deferred",
        }
    }
}

impl Turn<'_> {
    /// Runs the turn. After an error the folded state is not to be used again.
    pub(super) fn run(&self, decider: &mut dyn Decider, trigger: Trigger, cause: MessageId) -> Result<Outcome, GuestError> {
        let outcome = self.try_out(decider, trigger, cause)?;
        if matches!(outcome, Outcome::Accepted(_)) {
            Counters::count(&self.shared.counters.accepted);
        }
        Ok(outcome)
    }

    /// Runs the turn, and counts nothing: for what will not be recorded.
    pub(super) fn try_out(&self, decider: &mut dyn Decider, trigger: Trigger, cause: MessageId) -> Result<Outcome, GuestError> {
        let mut decisions = Vec::new();
        let mut version = self.version;
        let mut offers = VecDeque::from([(trigger, cause)]);
        let mut rounds = 0;
        while let Some((trigger, cause)) = offers.pop_front() {
            rounds += 1;
            if rounds > self.shared.limits.rounds_per_turn_max {
                return Err(GuestError::Limit(format!("its own events were offered to it {rounds} times and it did not come to rest")));
            }
            let seed = self.shared.seed(&self.stream, version, &cause);
            let category = self.module.manifest.category.clone();
            let context = Context { process: self.stream.process.clone(), category, version, now: self.now, seed };
            let own_event = matches!(trigger, Trigger::Recorded(_));
            match decider.decide(&context, &trigger)? {
                Decision::Accept { events, effects } if events.is_empty() && effects.is_empty() && !own_event => {
                    return Ok(Outcome::Ignored("the definition has nothing to record".to_owned()));
                }
                Decision::Accept { events, effects } => {
                    // What the manifest and the contract promise is asserted for every runtime alike.
                    self.module.manifest.permits(&events, &effects).map_err(GuestError::Contract)?;
                    let recorded = self.recorded(&events, version);
                    decider.evolve(&recorded)?;
                    offers.extend(self.offers(&recorded));
                    if !events.is_empty() {
                        decisions.push(DecisionRecord { pin: self.pin, cause, seed, first_version: version + 1, events, effects });
                    }
                    version += recorded.len() as u64;
                }
                // Its own event is recorded whatever it now says of it; only the first answer is about the trigger.
                Decision::Ignore(_) | Decision::Reject(_) | Decision::Defer(_) if own_event => {}
                Decision::Ignore(reason) => return Ok(Outcome::Ignored(reason)),
                Decision::Reject(rejection) => return Ok(Outcome::Rejected(rejection)),
                Decision::Defer(reason) => return Ok(Outcome::Deferred(reason)),
            }
        }
        Ok(Outcome::Accepted(decisions))
    }

    /// Compares with what a state that was folded afresh decides.
    pub(super) fn audit(&self, fresh: &mut dyn Decider, trigger: &Trigger, cause: &MessageId, outcome: &Outcome) -> Result<(), GuestError> {
        if self.run(fresh, trigger.clone(), cause.clone())? == *outcome {
            return Ok(());
        }
        Counters::count(&self.shared.counters.audit_differences);
        Err(GuestError::Contract("a fresh instance decided otherwise: it keeps something outside its events".to_owned()))
    }

    fn recorded(&self, events: &[Event], version: u64) -> Vec<StreamEvent> {
        let decided_by = &self.module.manifest.category;
        events
            .iter()
            .zip(version + 1..)
            .map(|(event, version)| StreamEvent { version, time: self.now, decided_by: decided_by.clone(), event: event.clone() })
            .collect()
    }

    fn offers(&self, recorded: &[StreamEvent]) -> Vec<(Trigger, MessageId)> {
        let reacts_to = &self.module.manifest.reacts_to;
        recorded
            .iter()
            .filter(|event| reacts_to.contains(&event.event.kind))
            .map(|event| (Trigger::Recorded(event.clone()), MessageId::of_event(&self.stream, event.version)))
            .collect()
    }
}

/// Whether another attempt would only cost the same once more: what used up a limit in a fresh instance does so again, and takes the longest of all.
pub(super) fn is_certain(error: &GuestError, was_used: bool) -> bool {
    !was_used && matches!(error, GuestError::Limit(_))
}
