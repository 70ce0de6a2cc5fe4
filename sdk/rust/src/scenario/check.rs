//! The `then` of a scenario, and what the host would refuse.

use super::{Refusal, Scenario};
use crate::contract::{Accepted, Effect, Manifest};
use crate::{Process, deadline, kinds};

impl<P: Process> Scenario<P> {
    /// The last `when` recorded exactly these kinds, in this order.
    ///
    /// # Panics
    /// When it did not.
    pub fn then_records<const N: usize>(self, kinds: [&str; N]) -> Self {
        let recorded: Vec<&str> = self.new_events().iter().map(|recorded| recorded.event.kind.as_str()).collect();
        assert_eq!(recorded, kinds, "recorded (left) is not what was expected (right)\n{}", self.story());
        self
    }

    /// The last `when` sent exactly these kinds, in this order.
    ///
    /// # Panics
    /// When it did not.
    pub fn then_sends<const N: usize>(self, kinds: [&str; N]) -> Self {
        let sent: Vec<&str> = self.last.sent.iter().map(|command| command.kind.as_str()).collect();
        assert_eq!(sent, kinds, "sent (left) is not what was expected (right)\n{}", self.story());
        self
    }

    /// The last `when` was passed over, and nothing was recorded.
    ///
    /// # Panics
    /// When it was not.
    pub fn then_ignored(self) -> Self {
        assert!(matches!(self.last.refusal, Some(Refusal::Ignored(_))), "it was not ignored\n{}", self.story());
        self
    }

    /// The last `when` was turned down with this code.
    ///
    /// # Panics
    /// When it was not.
    pub fn then_rejected(self, code: &str) -> Self {
        let given = self.rejection().map(|(given, _)| given);
        assert_eq!(given, Some(code), "it was not rejected with this code\n{}", self.story());
        self
    }

    /// The last `when` was put off.
    ///
    /// # Panics
    /// When it was not.
    pub fn then_deferred(self) -> Self {
        assert!(matches!(self.last.refusal, Some(Refusal::Deferred(_))), "it was not deferred\n{}", self.story());
        self
    }

    /// Code and message of the last rejection.
    #[must_use]
    pub fn rejection(&self) -> Option<(&str, &str)> {
        match &self.last.refusal {
            Some(Refusal::Rejected(rejection)) => Some((&rejection.code, &rejection.message)),
            _ => None,
        }
    }

    /// What happened, for people.
    pub(super) fn story(&self) -> String {
        let mut story = format!("when {}\n", self.last.trigger);
        for (place, recorded) in self.history.iter().enumerate() {
            let mark = if place < self.last.before { "given" } else { "then " };
            story.push_str(&format!("  {mark} {:>2} {} {}\n", recorded.version, recorded.event.kind, recorded.event.data));
        }
        for command in &self.last.sent {
            story.push_str(&format!("  sent     {} {}\n", command.kind, command.data));
        }
        let refused = match &self.last.refusal {
            Some(Refusal::Ignored(why)) => format!("  ignored: {why}\n"),
            Some(Refusal::Deferred(why)) => format!("  deferred: {why}\n"),
            Some(Refusal::Rejected(rejection)) => format!("  rejected ({}): {}\n", rejection.code, rejection.message),
            None => String::new(),
        };
        story + &refused
    }
}

/// Every kind that a manifest names must be one that the types know; a misspelt one would never be delivered.
pub(super) fn manifest<P: Process>() {
    let manifest = P::manifest();
    let (messages, events) = (kinds::of::<P::Message>(), kinds::of::<P::Event>());
    for kind in manifest.starts.iter().chain(&manifest.handles) {
        assert!(messages.contains(&kind.as_str()), "{}: `{kind}` starts or is handled, but is no message", manifest.category);
    }
    for kind in &manifest.reacts_to {
        assert!(events.contains(&kind.as_str()), "{}: `{kind}` is reacted to, but is no event", manifest.category);
    }
    assert!(!manifest.starts.is_empty(), "{}: no message starts it", manifest.category);
}

/// What the host would call a fault.
pub(super) fn accepted(manifest: &Manifest, accepted: &Accepted) {
    assert!(!accepted.events.is_empty() || accepted.effects.is_empty(), "effects without an event: nothing leaves without a record");
    for event in &accepted.events {
        let declared = manifest.records.iter().any(|schema| schema.kind == event.kind && schema.schema == event.schema);
        assert!(declared, "`{}` was recorded, but the manifest does not declare it", event.kind);
    }
    for effect in &accepted.effects {
        match effect {
            Effect::Send(command) => {
                assert!(manifest.sends.contains(&command.kind), "`{}` was sent, but the manifest does not declare it", command.kind);
            }
            Effect::SetTimer(timer) => {
                assert!(!timer.name.starts_with(deadline::PREFIX), "the timer `{}` has a name that belongs to deadlines", timer.name);
            }
            Effect::ClearTimer(name) => {
                let lifted = name.strip_prefix(deadline::PREFIX);
                let known = lifted.is_none_or(|kind| manifest.sends.iter().any(|sent| sent == kind));
                assert!(known, "`{name}` lifts the deadline of a command that the manifest does not declare");
            }
        }
    }
}
