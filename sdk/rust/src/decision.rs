//! What `decide` answers, built so that a table of decisions reads aloud.
//!
//! ```
//! use procession_sdk::{Decision, accept, ignore};
//! # enum Event { Opened, Greeted }
//! # enum Command { Greet }
//! let decision: Decision<Event, Command> = accept(Event::Opened).and(Event::Greeted).send(Command::Greet);
//! let late: Decision<Event, Command> = ignore("already open");
//! ```

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::contract::{Rejection, RejectionReason, Timer};
use crate::{deadline, kinds};

/// What `decide` answers: `E` are the events that it records, `C` the commands that it sends.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Decision<E, C> {
    /// Record these events, then let the effects happen.
    Accept {
        /// In order.
        events: Vec<E>,
        /// In order.
        effects: Vec<Effect<C>>,
    },
    /// A duplicate or a late message: acknowledged, nothing is recorded. The text says why.
    Ignore(String),
    /// Turned down: told to the caller.
    Reject(Rejection),
    /// Not yet: offered again after the next event. The text says why.
    Defer(String),
}

/// What is to happen because of a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect<C> {
    /// Send a command.
    Send {
        /// What is asked for.
        command: C,
        /// The process to send it to; none for the sender's own.
        process_id: Option<String>,
        /// How long an answer may take, in milliseconds.
        expires_after: Option<u64>,
    },
    /// Set a timer.
    SetTimer(Timer),
    /// Clear the timer of this name.
    ClearTimer(String),
}

/// Records an event.
pub fn accept<E, C>(event: E) -> Decision<E, C> {
    Decision::Accept { events: vec![event], effects: Vec::new() }
}

/// Passes over a duplicate or a late message.
pub fn ignore<E, C>(why: impl Into<String>) -> Decision<E, C> {
    Decision::Ignore(why.into())
}

/// Turns down a message that is right, but not in the present state.
pub fn reject<E, C>(code: impl Into<String>, message: impl Into<String>) -> Decision<E, C> {
    Decision::Reject(Rejection { reason: RejectionReason::NotApplicable, code: code.into(), message: message.into() })
}

/// Turns down a message that is wrong in itself and will never be taken.
pub fn reject_invalid<E, C>(code: impl Into<String>, message: impl Into<String>) -> Decision<E, C> {
    Decision::Reject(invalid(code, message))
}

/// Puts a message off until after the next event of this stream.
pub fn defer<E, C>(why: impl Into<String>) -> Decision<E, C> {
    Decision::Defer(why.into())
}

/// The reason to give for a message that is wrong in itself, for functions that check one and for routers.
#[must_use]
pub fn invalid(code: impl Into<String>, message: impl Into<String>) -> Rejection {
    Rejection { reason: RejectionReason::Invalid, code: code.into(), message: message.into() }
}

/// Everything below adds to an accepted decision and leaves every other one as it is: what is not accepted has no effects.
impl<E, C> Decision<E, C> {
    /// Records one more event.
    pub fn and(mut self, event: E) -> Self {
        if let Self::Accept { events, .. } = &mut self {
            events.push(event);
        }
        self
    }

    /// Sends a command to whoever handles its kind, in the same process.
    pub fn send(self, command: C) -> Self {
        self.with(Effect::Send { command, process_id: None, expires_after: None })
    }

    /// Sends a command to another process.
    pub fn send_to(self, process_id: impl Into<String>, command: C) -> Self {
        self.with(Effect::Send { command, process_id: Some(process_id.into()), expires_after: None })
    }

    /// Says how many milliseconds the answer to the last command may take; the host keeps a durable deadline for it.
    /// When it passes before [`answered`](Self::answered) lifts it, the command comes back as [`Trigger::Undelivered`](crate::Trigger::Undelivered);
    /// if it was still waiting to be delivered then, it is withdrawn and has no effect later.
    pub fn expires_after(mut self, ms: u64) -> Self {
        if let Self::Accept { effects, .. } = &mut self
            && let Some(Effect::Send { expires_after, .. }) = effects.last_mut()
        {
            *expires_after = Some(ms);
        }
        self
    }

    /// Sets a timer (in milliseconds since 1970), or moves the one of this name; `data` comes back when it fires, `()` for nothing.
    pub fn set_timer(self, name: impl Into<String>, at: u64, data: impl Into<Value>) -> Self {
        self.with(Effect::SetTimer(Timer { name: name.into(), at, data: data.into().to_string() }))
    }

    /// Clears a timer; clearing one that is not set does nothing.
    pub fn clear_timer(self, name: impl Into<String>) -> Self {
        self.with(Effect::ClearTimer(name.into()))
    }

    /// Lifts the deadline of a command: of the oldest one of this kind that is still open, or of none.
    /// Only the definition knows what counts as an answer, so the host never lifts a deadline by itself before the process has ended.
    ///
    /// # Panics
    /// When `kind` is no command of this process: its deadline would pass although the answer has come.
    pub fn answered(self, kind: &str) -> Self
    where
        C: DeserializeOwned,
    {
        assert!(kinds::of::<C>().contains(&kind), "no command is of the kind that was answered");
        self.clear_timer(deadline::name(kind))
    }

    fn with(mut self, effect: Effect<C>) -> Self {
        if let Self::Accept { effects, .. } = &mut self {
            effects.push(effect);
        }
        self
    }
}

impl<E, C> From<Rejection> for Decision<E, C> {
    fn from(rejection: Rejection) -> Self {
        Self::Reject(rejection)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Words = Decision<&'static str, &'static str>;

    #[test]
    fn a_decision_keeps_the_order_in_which_it_was_told() {
        let told: Words = accept("a").and("b").send("x").expires_after(5).send_to("other", "y").set_timer("t", 9, ()).clear_timer("u");
        let Decision::Accept { events, effects } = told else { panic!("accepted") };
        assert_eq!(events, ["a", "b"]);
        assert_eq!(
            effects,
            [
                Effect::Send { command: "x", process_id: None, expires_after: Some(5) },
                Effect::Send { command: "y", process_id: Some("other".to_owned()), expires_after: None },
                Effect::SetTimer(Timer { name: "t".to_owned(), at: 9, data: "null".to_owned() }),
                Effect::ClearTimer("u".to_owned()),
            ]
        );
    }

    #[derive(Debug, PartialEq, serde::Deserialize)]
    enum Asked {
        Price,
    }

    #[test]
    fn an_answer_lifts_the_deadline_of_its_command() {
        let Decision::Accept { effects, .. } = accept::<_, Asked>("a").answered("Price").send(Asked::Price) else { panic!("accepted") };
        let sent = Effect::Send { command: Asked::Price, process_id: None, expires_after: None };
        assert_eq!(effects, [Effect::ClearTimer("undelivered:Price".to_owned()), sent]);
    }

    #[test]
    #[should_panic(expected = "no command is of the kind that was answered")]
    fn an_answer_to_no_command_is_found_at_once() {
        let _ = accept::<_, Asked>("a").answered("Prize");
    }

    #[test]
    fn what_is_not_accepted_gains_no_effects() {
        let late: Words = ignore("late").and("a").send("x").set_timer("t", 1, ());
        assert_eq!(late, Decision::Ignore("late".to_owned()));
    }
}
