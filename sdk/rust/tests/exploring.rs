//! Walking through every state of a small process: what is found, and what is not overlooked.

use procession_sdk::contract::{Context, Manifest, Phase, View};
use procession_sdk::scenario::Exploration;
use procession_sdk::{Decision, Nothing, Process, Recorded, Scenario, Trigger, accept, ignore};
use serde::{Deserialize, Serialize};

/// Counts to three; at the end it panics, says nothing or keeps quiet, as its process id says.
struct Counter;

#[derive(Default, Serialize, Deserialize)]
struct State {
    count: u8,
}

#[derive(Serialize, Deserialize)]
enum Event {
    Counted,
}

#[derive(Serialize, Deserialize)]
enum Message {
    Count,
}

impl Process for Counter {
    type State = State;
    type Event = Event;
    type Message = Message;
    type Command = Nothing;

    fn manifest() -> Manifest {
        Manifest::process::<Self>("counter-1.0", "Counter").starts(["Count"])
    }

    fn evolve(state: &mut State, _: Event, _: &Recorded<'_>) {
        state.count += 1;
    }

    fn decide(state: &State, ctx: &Context, trigger: Trigger<Message, Event>) -> Decision<Event, Nothing> {
        match (state.count, trigger, ctx.process_id.as_str()) {
            (0..3, Trigger::Start(_) | Trigger::Timer(_), _) => accept(Event::Counted).set_timer("count", ctx.now + 1_000, ()),
            (3, Trigger::Cancel(_), "breaks") => panic!("ouch"),
            (3, Trigger::Cancel(_), "says-nothing") => ignore(""),
            (_, Trigger::Start(_), "endless") => accept(Event::Counted),
            _ => ignore("it does not count any more"),
        }
    }

    fn look(_: &State) -> View {
        View::new(Phase::Running)
    }
}

fn explore(process_id: &str) -> Exploration {
    Scenario::<Counter>::new(process_id).explore(&[Message::Count], |_, _| ())
}

#[test]
fn every_state_is_reached_once() {
    // 0 to 3 with and without the timer that is set with each count; the first timer was not set before.
    assert_eq!(explore("fine").states, 5);
}

#[test]
fn each_step_is_shown_with_what_was_before_it() {
    let mut steps = 0;
    Scenario::<Counter>::new("fine").explore(&[Message::Count], |before, after| {
        steps += 1;
        let new = after.history().len() - before.history().len();
        assert_eq!(usize::from(after.state().count - before.state().count), new);
    });
    assert!(steps > 3, "{steps}");
}

#[test]
#[should_panic(expected = "ouch")]
fn a_panic_in_the_last_state_is_found() {
    let _ = explore("breaks");
}

#[test]
#[should_panic(expected = "turned down without a reason")]
fn a_refusal_without_a_reason_is_found() {
    let _ = explore("says-nothing");
}

#[test]
#[should_panic(expected = "attempt to add with overflow")]
fn a_state_that_counts_without_a_bound_is_found() {
    let _ = explore("endless");
}
