//! Offers a state everything that can come, and asks only that nothing breaks.

use super::deadlines::{NO_ANSWER, came_back};
use super::{Scenario, check};
use crate::contract::{Decision, Message, Rejection, TimerFired, Trigger};
use crate::{Process, hosted, kinds};

/// Data that fits hardly any message.
const UNFIT: [&str; 3] = ["null", "{}", "[7]"];

/// A trigger that can come in a state, and what it uses up.
pub(super) struct Offer {
    pub(super) trigger: Trigger,
    pub(super) uses: Uses,
}

/// What is gone once a trigger has come.
pub(super) enum Uses {
    Nothing,
    /// The timer in this place.
    Timer(usize),
    /// The deadline in this place.
    Deadline(usize),
}

impl<P: Process> Scenario<P> {
    /// Offers every kind of message (with data that does not fit, unless samples bring better), every other kind of trigger and
    /// every own event again, one after another in the present state, without recording anything.
    /// `samples` are messages as kind and data. Returns how many triggers were offered.
    ///
    /// # Panics
    /// When the process panics or faults, decides differently when asked again, breaks its manifest, or turns a trigger down without a reason.
    pub fn then_survives_every_trigger(&self, samples: &[(&str, &str)]) -> usize {
        let offers = self.offers(samples);
        for offer in &offers {
            let _ = self.answer(offer);
        }
        offers.len()
    }

    /// What the process decides about an offer, checked as far as that can be done without knowing the process.
    pub(super) fn answer(&self, offer: &Offer) -> Decision {
        let trigger = &offer.trigger;
        let mut ctx = self.context();
        ctx.now = self.moment(&offer.uses);
        let decide = || {
            hosted::decide::<P>(&self.state, &ctx, trigger.clone())
                .unwrap_or_else(|fault| panic!("a fault `{}` on {trigger:?}: {}", fault.code, fault.message))
        };
        let decision = decide();
        assert_eq!(decision, decide(), "deciding again must decide the same: {trigger:?}");
        let reason = match &decision {
            Decision::Accept(accepted) => {
                check::accepted(&P::manifest(), accepted);
                return decision;
            }
            Decision::Ignore(why) | Decision::Defer(why) => why,
            Decision::Reject(Rejection { code, message, .. }) if !code.is_empty() => message,
            Decision::Reject(rejection) => panic!("rejected without a code: {trigger:?} gave {rejection:?}"),
        };
        assert!(!reason.is_empty(), "turned down without a reason: {trigger:?} gave {decision:?}");
        decision
    }

    /// When an offer comes: what is due, not before it is.
    pub(super) fn moment(&self, uses: &Uses) -> u64 {
        let due = match uses {
            Uses::Nothing => return self.now,
            Uses::Timer(place) => self.timers[*place].at,
            Uses::Deadline(place) => self.deadlines[*place].due,
        };
        self.now.max(due)
    }

    pub(super) fn offers(&self, samples: &[(&str, &str)]) -> Vec<Offer> {
        let mut offers = self.messages(samples);
        offers.extend(self.history.iter().cloned().map(Trigger::Recorded));
        offers.push(fired("nobody-set-this", self.now, "null"));
        offers.push(came_back("NobodySentThis", "nobody there", "{}"));
        // An operator may drop any command. The reason is the same as for a deadline: another text would only double the states.
        for command in &self.sent_ever {
            offers.push(came_back(&command.kind, NO_ANSWER, &command.data));
            offers.push(came_back(&command.kind, NO_ANSWER, "null"));
        }
        offers.extend([Trigger::Cancel("no longer wanted".to_owned()), Trigger::Migrated("another-1.0".to_owned())]);
        let mut offers: Vec<Offer> = offers.into_iter().map(|trigger| Offer { trigger, uses: Uses::Nothing }).collect();
        offers.extend(
            self.timers
                .iter()
                .enumerate()
                .map(|(place, timer)| Offer { trigger: fired(&timer.name, timer.at, &timer.data), uses: Uses::Timer(place) }),
        );
        offers.extend(
            self.deadlines.iter().enumerate().map(|(place, deadline)| Offer {
                trigger: came_back(&deadline.kind, NO_ANSWER, &deadline.data),
                uses: Uses::Deadline(place),
            }),
        );
        offers
    }

    fn messages(&self, samples: &[(&str, &str)]) -> Vec<Trigger> {
        let unfit = kinds::of::<P::Message>().iter().flat_map(|kind| UNFIT.map(|data| (*kind, data)));
        let all = unfit.chain(samples.iter().copied()).chain([("NobodyKnowsThis", "{}")]);
        all.flat_map(|(kind, data)| {
            let message = Message { id: "any".to_owned(), kind: kind.to_owned(), source: None, time: self.now, data: data.to_owned() };
            [Trigger::Start(message.clone()), Trigger::Message(message)]
        })
        .collect()
    }
}

fn fired(name: &str, due: u64, data: &str) -> Trigger {
    Trigger::Timer(TimerFired { name: name.to_owned(), due, data: data.to_owned() })
}
