//! The trait that an author of a process writes.
//!
//! No JSON and no bindings appear here; `hosted` stands between this trait and the contract.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::contract::{Context, Manifest, View};
use crate::{Decision, Trigger};

/// A process: two pure functions over a stream of events, and how its state looks from outside.
pub trait Process: 'static {
    /// What has been decided so far, folded. It is a cache of the events and nothing more.
    type State: Default + Serialize + DeserializeOwned;
    /// What it records. An enum; the names of its variants are the kinds.
    type Event: Serialize + DeserializeOwned;
    /// What it takes from others, the messages that begin it included. An enum.
    type Message: DeserializeOwned;
    /// What it sends. An enum; [`Nothing`](crate::Nothing) for a process that sends nothing.
    type Command: Serialize + DeserializeOwned;

    /// What the definition says of itself; begin with [`Manifest::process`].
    fn manifest() -> Manifest;

    /// Takes a recorded event in. Must not decide anything: what is recorded has happened.
    fn evolve(state: &mut Self::State, event: Self::Event, recorded: &Recorded<'_>);

    /// Answers a trigger from the state, the context and the trigger alone.
    fn decide(state: &Self::State, ctx: &Context, trigger: Trigger<Self::Message, Self::Event>) -> Decision<Self::Event, Self::Command>;

    /// What a query sees of a state.
    fn look(state: &Self::State) -> View;

    /// Fields that every event carries, so that an event read alone tells whose it is.
    ///
    /// They are written before the event's own fields; an event whose first field has the name of the first one here
    /// is taken to write all of them itself.
    #[must_use]
    fn stamp(_ctx: &Context) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    /// The version of the shape of a kind of event, from 1.
    #[must_use]
    fn schema(_kind: &str) -> u32 {
        1
    }

    /// The state as text; nothing for a process whose history is too short to be worth it.
    #[must_use]
    fn snapshot(state: &Self::State) -> Option<String> {
        serde_json::to_string(state).ok()
    }

    /// The state that a snapshot holds; nothing where it cannot be read.
    #[must_use]
    fn restore(snapshot: &str) -> Option<Self::State> {
        serde_json::from_str(snapshot).ok()
    }
}

/// Where an event stands in its stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recorded<'a> {
    /// Its place, from 1.
    pub version: u64,
    /// When it was decided, in milliseconds since 1970.
    pub time: u64,
    /// The category that decided it.
    pub decided_by: &'a str,
}
