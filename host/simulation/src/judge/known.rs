//! One stream as the judge knows it: what is durable of it, folded by the judge itself.
//! The engine's own rows and caches are compared with this, never taken over.

use std::collections::{BTreeMap, BTreeSet};

use procession_engine::model::event::Event;
use procession_engine::model::id::{Kind, MessageId};
use procession_engine::model::json::Json;
use procession_engine::model::time::Timestamp;
use procession_engine::model::view::View;

use crate::definitions::Story;

/// A stream.
#[derive(Default)]
pub(super) struct Known {
    pub(super) story: Story,
    /// Version of its last event, the host's own included.
    pub(super) version: u64,
    /// What it took.
    pub(super) causes: BTreeSet<MessageId>,
    pub(super) events: Vec<KnownEvent>,
    /// Timers that are set, by name, as its recorded effects say.
    pub(super) armed: BTreeMap<String, Armed>,
    /// Commands that wait for an answer, oldest first.
    pub(super) deadlines: Vec<Awaited>,
    pub(super) view: Option<View>,
}

/// A command whose answer may take so long and no longer.
#[derive(Clone, Debug)]
pub(super) struct Awaited {
    pub(super) kind: Kind,
    pub(super) command: MessageId,
    pub(super) due: Timestamp,
    pub(super) seq: Option<u64>,
}

/// An event.
pub(super) struct KnownEvent {
    pub(super) event: Event,
    pub(super) cause: MessageId,
    pub(super) correlation: MessageId,
}

/// A timer that is set.
#[derive(Clone, Debug)]
pub(super) struct Armed {
    pub(super) due: Timestamp,
    pub(super) data: Json,
    /// The number that the store knows it by; none until the commit that sets it was looked at as a whole.
    pub(super) seq: Option<u64>,
}
