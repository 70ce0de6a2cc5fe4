//! What the events of one stream tell: the folded state of every definition here.
//! It has nothing that its events do not have.

use procession_engine::model::event::StreamEvent;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// The events of a stream, folded.
#[derive(Clone, Debug, Default)]
pub struct Story {
    events: Vec<StreamEvent>,
    digest: u64,
}

impl Story {
    /// Takes an event in.
    pub fn take(&mut self, event: &StreamEvent) {
        let text = format!("{} {} {} {} {}", event.version, event.time.0, event.decided_by, event.event.kind, event.event.data.as_str());
        self.digest = xxh3_64_with_seed(text.as_bytes(), self.digest);
        self.events.push(event.clone());
    }

    /// A number that stands for all events and their order.
    #[must_use]
    pub fn digest(&self) -> u64 {
        self.digest
    }

    /// Version of its last event.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.events.len() as u64
    }

    /// Its last event.
    #[must_use]
    pub fn last(&self) -> Option<&StreamEvent> {
        self.events.last()
    }

    /// Whether nothing has happened yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// Whether this has happened.
    #[must_use]
    pub fn has(&self, kind: &str) -> bool {
        self.events.iter().any(|event| event.event.kind.as_str() == kind)
    }

    /// How often this has happened.
    #[must_use]
    pub fn count(&self, kind: &str) -> u64 {
        self.of(kind).count() as u64
    }

    /// The events of this kind.
    pub fn of<'a>(&'a self, kind: &'a str) -> impl DoubleEndedIterator<Item = &'a StreamEvent> {
        self.events.iter().filter(move |event| event.event.kind.as_str() == kind)
    }

    /// The first event.
    #[must_use]
    pub fn first(&self) -> Option<&StreamEvent> {
        self.events.first()
    }
}
