//! Events of older versions in the words of a newer one: what a process adds that takes over from a version with other events.
//!
//! What is recorded never changes. The host asks each time that it folds such a history, and only for events that this version does not record.

use serde::de::DeserializeOwned;

use crate::contract::{self, Fault, Manifest, RecordedEvent};
use crate::wire;
use crate::{Process, Recorded};

/// A process that reads events which it would not record itself. Export it with `export_process!(Ticket, upcasts)`.
pub trait Upcasts: Process {
    /// What an event of another version says: nothing, one event or several of this version, or that `evolve` reads it as it is.
    /// It depends on its event alone.
    ///
    /// # Errors
    /// A fault where the event cannot be read; the history then does not fold on this version.
    fn upcast(old: &OldEvent<'_>) -> Result<Upcasted<Self::Event>, Fault>;
}

/// An event whose kind and schema are not among those that this version records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OldEvent<'a> {
    /// Its kind.
    pub kind: &'a str,
    /// The version of the shape of its data.
    pub schema: u32,
    /// Where it stands, and who decided it.
    pub recorded: Recorded<'a>,
    data: &'a str,
}

impl OldEvent<'_> {
    /// Its data in the type that it had then.
    ///
    /// # Errors
    /// A fault that names the event, where the data does not fit.
    pub fn data<T: DeserializeOwned>(&self) -> Result<T, Fault> {
        serde_json::from_str(self.data).map_err(|error| self.unreadable(&error.to_string()))
    }

    /// The fault of an event that nobody here has heard of: the last answer of an `upcast` that reads all that there ever was.
    #[must_use]
    pub fn unknown(&self) -> Fault {
        self.unreadable("this definition knows no such kind and schema")
    }

    fn unreadable(&self, why: &str) -> Fault {
        let message = format!("event {} ({} with schema {}) cannot be read: {why}", self.recorded.version, self.kind, self.schema);
        Fault { code: "broken-history".to_owned(), message }
    }
}

/// What an old event says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Upcasted<E> {
    /// `evolve` reads it as it was recorded.
    Unchanged,
    /// These events of this version, each in the place of the old one; none where it means nothing any more.
    Into(Vec<E>),
}

/// An old event says this.
pub fn into<E>(events: impl IntoIterator<Item = E>) -> Upcasted<E> {
    Upcasted::Into(events.into_iter().collect())
}

/// Whether a version would record such an event itself; the host asks nothing about those.
#[must_use]
pub fn is_known(manifest: &Manifest, event: &contract::Event) -> bool {
    manifest.records.iter().any(|known| known.kind == event.kind && known.schema == event.schema)
}

/// What the host's call comes down to: one translation for each event.
///
/// # Errors
/// The author's fault, or one that says that an event cannot be written.
pub fn hosted<P: Upcasts>(events: &[RecordedEvent]) -> Result<Vec<Upcasted<contract::Event>>, Fault> {
    events.iter().map(one::<P>).collect()
}

fn one<P: Upcasts>(event: &RecordedEvent) -> Result<Upcasted<contract::Event>, Fault> {
    let recorded = Recorded { version: event.version, time: event.time, decided_by: &event.decided_by };
    let old = OldEvent { kind: &event.event.kind, schema: event.event.schema, recorded, data: &event.event.data };
    let said = match P::upcast(&old)? {
        Upcasted::Unchanged => return Ok(Upcasted::Unchanged),
        Upcasted::Into(said) => said,
    };
    let written = |event: &P::Event| {
        let (kind, data) = wire::write(event).map_err(|why| old.unreadable(&why))?;
        Ok(contract::Event { kind: kind.to_owned(), schema: P::schema(kind), data })
    };
    said.iter().map(written).collect::<Result<_, Fault>>().map(Upcasted::Into)
}
