//! What a definition says of itself, taken from its types as far as they know it.

use serde::de::DeserializeOwned;

use crate::contract::{EventSchema, Limits, Manifest, Sharing};
use crate::{Adapter, Process, Router, kinds};

impl Manifest {
    /// The manifest of a process that writes the stream `{process-id}-{suffix}`.
    ///
    /// It records every kind of `P::Event`, sends every kind of `P::Command` and handles every kind of `P::Message`;
    /// what begins a stream and which own events come back to `decide` is left to say with [`starts`](Self::starts) and [`reacts_to`](Self::reacts_to).
    #[must_use]
    pub fn process<P: Process>(category: &str, suffix: &str) -> Self {
        let records =
            kinds::of::<P::Event>().iter().map(|kind| EventSchema { kind: (*kind).to_owned(), schema: P::schema(kind) }).collect();
        Self {
            stream_suffix: Some(suffix.to_owned()),
            handles: owned::<P::Message>(),
            records,
            sends: owned::<P::Command>(),
            state_format: 1,
            ..Self::named(category)
        }
    }

    /// The manifest of a router that classifies every kind of `R::Request`.
    #[must_use]
    pub fn router<R: Router>(category: &str) -> Self {
        Self { handles: owned::<R::Request>(), ..Self::named(category) }
    }

    /// The manifest of an adapter that carries out every kind of `A::Command` and answers with the kinds of `A::Reply`.
    #[must_use]
    pub fn adapter<A: Adapter>(category: &str) -> Self {
        Self { handles: owned::<A::Command>(), sends: owned::<A::Reply>(), ..Self::named(category) }
    }

    /// The kinds of messages that begin a stream.
    #[must_use]
    pub fn starts<const N: usize>(mut self, kinds: [&str; N]) -> Self {
        self.handles.retain(|kind| !kinds.contains(&kind.as_str()));
        self.starts = kinds.map(str::to_owned).to_vec();
        self
    }

    /// The kinds of its own events that are offered to `decide` again in the same commit.
    #[must_use]
    pub fn reacts_to<const N: usize>(mut self, kinds: [&str; N]) -> Self {
        self.reacts_to = kinds.map(str::to_owned).to_vec();
        self
    }

    /// The kinds of events that it can still read but never records: they come from a version that it takes over from.
    #[must_use]
    pub fn only_reads<const N: usize>(mut self, kinds: [&str; N]) -> Self {
        self.records.retain(|event| !kinds.contains(&event.kind.as_str()));
        self
    }

    /// The categories whose running processes it can carry on.
    #[must_use]
    pub fn takes_over<const N: usize>(mut self, categories: [&str; N]) -> Self {
        self.takes_over = categories.map(str::to_owned).to_vec();
        self
    }

    /// The version of the state's text; raise it whenever the state's type changes, so that old snapshots are dropped.
    #[must_use]
    pub const fn state_format(mut self, version: u32) -> Self {
        self.state_format = version;
        self
    }

    /// How its processes share instances.
    #[must_use]
    pub const fn sharing(mut self, sharing: Sharing) -> Self {
        self.sharing = sharing;
        self
    }

    /// The limits that it wishes for.
    #[must_use]
    pub const fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    fn named(category: &str) -> Self {
        Self {
            category: category.to_owned(),
            stream_suffix: None,
            starts: Vec::new(),
            handles: Vec::new(),
            reacts_to: Vec::new(),
            records: Vec::new(),
            sends: Vec::new(),
            state_format: 0,
            takes_over: Vec::new(),
            sharing: Sharing::PerProcess,
            limits: Limits { memory_bytes: None, fuel_per_call: None },
        }
    }
}

fn owned<T: DeserializeOwned>() -> Vec<String> {
    kinds::of::<T>().iter().map(|kind| (*kind).to_owned()).collect()
}
