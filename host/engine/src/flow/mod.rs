//! The way of a message, in reading order: inbox, mailbox, worker, lanes, chain, turn, outbox, timers.
//! Only the worker submits commits; only what is durable is told to the outside.

pub(crate) mod flood;
pub mod inbox;
pub(crate) mod mailbox;
pub(crate) mod rest;
pub(crate) mod shared;
pub(crate) mod watchers;
pub(crate) mod worker;

pub(crate) mod apart;
mod asking;
mod chain;
mod history;
mod lanes;
pub(crate) mod moving;
mod outbox;
pub(crate) mod repeats;
mod timers;
pub(crate) mod turn;
