//! What the events of one stream tell: the folded state of every definition here.
//! It has nothing that its events do not have.

use procession_engine::model::event::{Event, StreamEvent};
use procession_engine::model::id::{Category, Kind};
use procession_engine::model::json::Json;
use procession_engine::model::time::Timestamp;
use serde_json::{Value, json};
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

    /// Version of its last event; the host's own events are not folded, so it may be behind the stream.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.events.last().map_or(0, |event| event.version)
    }

    /// The story as text.
    #[must_use]
    pub fn written(&self) -> Json {
        let events = self.events.iter().map(|event| {
            let (kind, data) = (event.event.kind.as_str(), event.event.data.as_str());
            json!({ "version": event.version, "time": event.time.0, "by": event.decided_by.to_string(), "kind": kind, "data": data })
        });
        Json::parse(Value::from_iter(events).to_string()).expect("a value is well-formed")
    }

    /// The other way round; none where the text is not a story.
    #[must_use]
    pub fn read(text: &Json) -> Option<Self> {
        let events: Vec<Value> = serde_json::from_str(text.as_str()).ok()?;
        let mut story = Self::default();
        for event in &events {
            let word = |name: &str| event.get(name)?.as_str();
            let number = |name: &str| event.get(name)?.as_u64();
            let (kind, data) = (Kind::parse(word("kind")?).ok()?, Json::parse(word("data")?).ok()?);
            story.take(&StreamEvent {
                version: number("version")?,
                time: Timestamp(number("time")?),
                decided_by: Category::parse(word("by")?).ok()?,
                event: Event { kind, schema: 1, data },
            });
        }
        Some(story)
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
