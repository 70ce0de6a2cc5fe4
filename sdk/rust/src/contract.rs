//! The types of the contract, as the host sees them: a typed envelope around JSON text.
//!
//! Authors meet a few of them (`Context`, `Manifest`, `View`); the rest is for the exports and for tests that play the host.

pub use crate::bindings::definition::procession::process::types::{
    Accepted, Command, Context, Decision, Effect, Event, EventSchema, Fault, Limits, Manifest, Message, Phase, RecordedEvent, Rejection,
    RejectionReason, Reply, Sharing, Start, Tag, Timer, TimerFired, Trigger, Undelivered, View,
};
