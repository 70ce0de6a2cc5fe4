//! What one recorded shipment says: the message that began it, and the events that it came to.

use procession_engine::model::decision::{Context, Trigger};
use procession_engine::model::event::{RecordedEvent, StreamEvent};
use procession_engine::model::id::StreamName;
use procession_engine::model::message::Message;
use procession_engine::ports::log::{Bounds, Log};
use procession_engine::ports::store::{Direction, EventStore, Scope};

/// The main stream of a shipment.
pub struct Way {
    /// What the first decision was told.
    pub context: Context,
    /// What the first decision answered.
    pub start: Trigger,
    /// What every decision recorded.
    pub events: Vec<StreamEvent>,
}

impl Way {
    /// Reads the way of a shipment that has come to its end.
    ///
    /// # Errors
    /// Where the store cannot be read, or knows no such shipment.
    pub fn of(store: &(impl EventStore + Log), id: &str) -> anyhow::Result<Self> {
        let stream = StreamName::parse(&format!("{id}-Process"))?;
        let first = store.entries(Some(&stream), 1, Direction::Forward, Bounds { entries_max: 1, bytes_max: usize::MAX })?;
        let placed = first.first().ok_or_else(|| anyhow::anyhow!("nothing is recorded of {stream}"))?;
        let (entry, decision) = (&placed.entry, &placed.entry.decisions[0]);
        let context = Context {
            process: stream.process.clone(),
            category: entry.pins[decision.pin].category.clone(),
            version: 0,
            now: entry.time,
            seed: decision.seed,
        };
        let events = store.read(&Scope::Stream(stream), 1, Direction::Forward, 1_000)?;
        let events = events.into_iter().map(RecordedEvent::into_stream_event).collect();
        Ok(Self { context, start: Trigger::Start(Message::clone(&entry.input)), events })
    }

    /// What the first decision recorded.
    #[must_use]
    pub fn first(&self) -> &[StreamEvent] {
        &self.events[..1]
    }
}
