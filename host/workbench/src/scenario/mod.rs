//! The format of scenario files: given / when / then as JSON, for definitions in any language.
//! What a file asks for is played in `run`; here it is only read and written.
//!
//! `docs/testing-a-process.md` is the reference for authors.

mod expect;
mod file;
mod words;

pub use expect::{
    ExpectedCommand, ExpectedEffect, ExpectedEvent, ExpectedRejection, ExpectedReply, ExpectedStart, ExpectedTimer, Fault, Look, Then,
};
pub use file::{File, Given, MessageIn, Scenario, Step, TimerIn, UndeliveredIn, Unreadable, When};
pub use words::{Data, Moment, Name, Seed, Span, Wanted, matches_text};
