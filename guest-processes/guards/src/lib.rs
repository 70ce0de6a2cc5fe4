//! What must hold in every state that a shipment component can reach, whatever comes; for tests.
//!
//! What a component decides otherwise is shown by its own scenarios.
#![cfg(not(target_arch = "wasm32"))]

mod process;

use std::collections::BTreeSet;

use procession_sdk::contract::{Phase, RecordedEvent};
use procession_sdk::scenario::Exploration;
use procession_sdk::{Process, Scenario};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// What a stream may still record once it has ended, and what it may record more than once.
#[derive(Debug, Clone, Copy)]
pub struct Guard {
    /// Kinds that may follow when it has completed.
    pub after_completed: &'static [&'static str],
    /// Kinds that may follow when it has failed.
    pub after_failed: &'static [&'static str],
    /// Kinds that may follow when it was cancelled.
    pub after_cancelled: &'static [&'static str],
    /// Kinds that stand for one promise of a carrier each, so that there may be several for a leg or a collection.
    pub for_each_promise: &'static [&'static str],
    /// Kinds that may come any number of times.
    pub any_number: &'static [&'static str],
    /// Whether a state that has not ended must have a timer or a deadline.
    pub waiting: Waiting,
}

/// What a state that has not ended may wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waiting {
    /// For an answer without a limit, as in the versions before deadlines.
    Forever,
    /// Never longer than a timer or a deadline says.
    WithinLimits,
    /// The same, except at these steps, where it waits for its own process, which has a deadline for it.
    ForItsProcess(&'static [&'static str]),
}

impl Guard {
    /// Nothing may follow an end, nothing may come twice, and nothing limits the waiting.
    pub const STRICT: Self = Self {
        after_completed: &[],
        after_failed: &[],
        after_cancelled: &[],
        for_each_promise: &[],
        any_number: &[],
        waiting: Waiting::Forever,
    };

    /// Walks through every state, offers everything that can come, and checks each step.
    ///
    /// # Panics
    /// When something does not hold.
    pub fn walk<P: Process>(self, from: Scenario<P>, messages: &[P::Message]) -> Exploration
    where
        P::Message: Serialize + DeserializeOwned,
    {
        from.explore(messages, |before, after| {
            self.nothing_contradicts_the_end(before, after);
            self.nothing_is_recorded_twice(before, after);
            self.no_carrier_is_asked_twice_at_once(before, after);
            numbers_are_never_replaced(before, after);
            self.something_ends_the_waiting(after);
        })
    }

    fn nothing_contradicts_the_end<P: Process>(self, before: &Scenario<P>, after: &Scenario<P>) {
        let allowed = match before.view().phase {
            Phase::Running | Phase::Compensating => return,
            Phase::Completed => self.after_completed,
            Phase::Failed => self.after_failed,
            Phase::Cancelled => self.after_cancelled,
        };
        for new in new(before, after) {
            assert!(allowed.contains(&new.event.kind.as_str()), "{} after the end {:?}:\n{}", new.event.kind, before.view(), story(after));
        }
    }

    fn nothing_is_recorded_twice<P: Process>(self, before: &Scenario<P>, after: &Scenario<P>) {
        for (place, recorded) in after.history().iter().enumerate().skip(before.history().len()) {
            let kind = recorded.event.kind.as_str();
            if self.any_number.contains(&kind) {
                continue;
            }
            let about = |other: &RecordedEvent| {
                let data = data(&other.event.data);
                let promise = self.for_each_promise.contains(&kind).then(|| promise(&data));
                (leg(&data), data["attempt"].to_string(), promise)
            };
            let mut earlier = after.history()[..place].iter().filter(|earlier| earlier.event.kind == kind);
            let again = earlier.any(|earlier| about(earlier) == about(recorded));
            assert!(!again, "{kind} was recorded twice:\n{}", story(after));
        }
    }

    /// Where commands have deadlines, an open one is a question that is open; without them every command may be sent once.
    fn no_carrier_is_asked_twice_at_once<P: Process>(self, before: &Scenario<P>, after: &Scenario<P>) {
        let questions: Vec<_> = after.deadlines().iter().map(|deadline| (&deadline.kind, leg(&data(&deadline.data)))).collect();
        let different: BTreeSet<_> = questions.iter().collect();
        assert_eq!(different.len(), questions.len(), "asked twice at once: {questions:?}\n{}", story(after));
        for command in after.sent() {
            let limited = command.expires_after.is_some();
            assert_eq!(limited, self.waiting != Waiting::Forever, "{} and its deadline\n{}", command.kind, story(after));
            assert!(limited || !before.has_sent(command), "{} was sent twice\n{}", command.kind, story(after));
        }
    }

    fn something_ends_the_waiting<P: Process>(self, after: &Scenario<P>) {
        let view = after.view();
        let ended = !matches!(view.phase, Phase::Running | Phase::Compensating);
        let step = view.step.unwrap_or_default();
        let free = match self.waiting {
            Waiting::Forever => true,
            Waiting::WithinLimits => false,
            Waiting::ForItsProcess(steps) => steps.contains(&step.as_str()),
        };
        let limited = !after.timers().is_empty() || !after.deadlines().is_empty();
        assert!(ended || free || limited || after.history().is_empty(), "nothing ends the waiting at `{step}`:\n{}", story(after));
    }
}

/// What the outcome tells may grow and may be taken back, but is never replaced by something else.
fn numbers_are_never_replaced<P: Process>(before: &Scenario<P>, after: &Scenario<P>) {
    let outcome = |scenario: &Scenario<P>| scenario.view().outcome.map_or(Value::Null, |text| data(&text));
    let (was, is) = (outcome(before), outcome(after));
    for field in ["trackingNumbers", "collectionBookingReference"] {
        if let (Some(was), Some(is)) = (was[field].as_str(), is[field].as_str()) {
            assert!(is.starts_with(was), "{field} was `{was}` and is `{is}`:\n{}", story(after));
        }
    }
}

fn new<'a, P: Process>(before: &Scenario<P>, after: &'a Scenario<P>) -> &'a [RecordedEvent] {
    &after.history()[before.history().len()..]
}

fn data(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

/// Which leg something is about; `null` for a thing without legs.
fn leg(data: &Value) -> String {
    [&data["legIndex"], &data["promise"]["legIndex"]].map(Value::to_string).join(" ")
}

fn promise(data: &Value) -> String {
    [&data["promise"], &data["trackingNumber"], &data["bookingReference"]].map(Value::to_string).join(" ")
}

fn story<P: Process>(scenario: &Scenario<P>) -> String {
    let line = |recorded: &RecordedEvent| format!("{:>3} {} {}\n", recorded.version, recorded.event.kind, recorded.event.data);
    scenario.history().iter().map(line).collect()
}
