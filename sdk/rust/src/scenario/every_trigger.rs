//! Offers a state everything that can come, and asks only that nothing breaks.

use super::Scenario;
use crate::contract::{Decision, Message, Rejection, TimerFired, Trigger, Undelivered};
use crate::{Process, hosted, kinds};

impl<P: Process> Scenario<P> {
    /// Offers every kind of message (with data that does not fit, unless samples bring better), every other kind of trigger and
    /// every own event again, one after another in the present state, without recording anything.
    /// `samples` are messages as kind and data. Returns how many triggers were offered.
    ///
    /// # Panics
    /// When the process panics or faults, or turns a trigger down without a reason.
    pub fn then_survives_every_trigger(&self, samples: &[(&str, &str)]) -> usize {
        let triggers = self.every_trigger(samples);
        for trigger in &triggers {
            let decision = hosted::decide::<P>(&self.state, &self.context(), trigger.clone())
                .unwrap_or_else(|fault| panic!("a fault `{}` on {trigger:?}: {}", fault.code, fault.message));
            let reason = match &decision {
                Decision::Accept(accepted) => {
                    super::check::accepted(&P::manifest(), accepted);
                    continue;
                }
                Decision::Ignore(why) | Decision::Defer(why) => why,
                Decision::Reject(Rejection { code, message, .. }) if !code.is_empty() => message,
                Decision::Reject(rejection) => panic!("rejected without a code: {trigger:?} gave {rejection:?}"),
            };
            assert!(!reason.is_empty(), "turned down without a reason: {trigger:?} gave {decision:?}");
        }
        triggers.len()
    }

    fn every_trigger(&self, samples: &[(&str, &str)]) -> Vec<Trigger> {
        let text = |kind: &str, data: &str| Message {
            id: "any".to_owned(),
            kind: kind.to_owned(),
            source: None,
            time: self.now,
            data: data.to_owned(),
        };
        let mut messages: Vec<Message> = kinds::of::<P::Message>().iter().flat_map(|kind| [text(kind, "null"), text(kind, "{}")]).collect();
        messages.extend(samples.iter().map(|(kind, data)| text(kind, data)));
        messages.push(text("NobodyKnowsThis", "{}"));
        let mut triggers: Vec<Trigger> = Vec::new();
        for message in messages {
            triggers.extend([Trigger::Start(message.clone()), Trigger::Message(message)]);
        }
        triggers.extend(self.history.iter().cloned().map(Trigger::Recorded));
        triggers.extend([
            Trigger::Timer(TimerFired { name: "nobody-set-this".to_owned(), due: self.now, data: "null".to_owned() }),
            Trigger::Undelivered(Undelivered {
                id: "any".to_owned(),
                kind: "Any".to_owned(),
                reason: "nobody there".to_owned(),
                data: "{}".to_owned(),
            }),
            Trigger::Cancel("no longer wanted".to_owned()),
            Trigger::Migrated("another-1.0".to_owned()),
        ]);
        triggers.extend(
            self.timers.iter().cloned().map(|timer| Trigger::Timer(TimerFired { name: timer.name, due: timer.at, data: timer.data })),
        );
        triggers
    }
}
