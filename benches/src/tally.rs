//! The smallest process: every message is one event with its data, and the state is how many there were.
//! With it come the parts of an engine that runs nothing else, and its message.

use std::collections::HashMap;
use std::sync::Arc;

use procession::SystemClock;
use procession_engine::engine::Parts;
use procession_engine::flow::inbox::Request;
use procession_engine::gate::GateMode;
use procession_engine::limits::Limits;
use procession_engine::model::decision::{Context, Decision, Trigger};
use procession_engine::model::event::{Event, StreamEvent};
use procession_engine::model::id::{Category, Digest, Kind, Suffix};
use procession_engine::model::json::Json;
use procession_engine::model::manifest::{EventSchema, Manifest, Sharing};
use procession_engine::model::view::{Phase, View};
use procession_engine::ports::definition::{Decider, Definition, GuestError, LoadError, Module, Role, Runtime};
use procession_engine::ports::log::Log;
use procession_engine::ports::shelf::Shelf;
use procession_engine::ports::store::EventStore;

use crate::asked::asked;

/// The kind of the message that begins one.
pub const BEGIN: &str = "Begin";
/// The kind of every further one.
pub const COUNT: &str = "Count";
const COUNTED: &str = "Counted";

/// The parts of an engine on this store that knows the tally only.
pub fn parts<S>(store: &Arc<S>, limits: Limits) -> Parts
where
    S: EventStore + Log + Shelf + 'static,
{
    Parts {
        store: Arc::clone(store) as Arc<_>,
        log: Arc::clone(store) as Arc<_>,
        shelf: Arc::clone(store) as Arc<_>,
        runtime: Arc::new(OnlyTally),
        clock: Arc::new(SystemClock::default()),
        settings: HashMap::new(),
        limits,
        gate: GateMode::Off,
        entropy: 7,
    }
}

/// A message to a tally, with a number that no other message to it has.
///
/// # Errors
/// Where this is no id or no kind.
pub fn message(kind: &str, process: &str, number: u64, data: Json) -> anyhow::Result<Request> {
    asked(process, &format!("message-{number}"), Kind::parse(kind)?, data)
}

/// A runtime to which all bytes are the tally.
struct OnlyTally;

struct Tally;
struct Counted(u64);

impl Runtime for OnlyTally {
    fn load(&self, _: &[u8]) -> Result<Module, LoadError> {
        let wrong = |error: &dyn ToString| LoadError::Manifest(error.to_string());
        let counted = EventSchema { kind: Kind::parse(COUNTED).map_err(|error| wrong(&error))?, schema: 1 };
        let manifest = Manifest {
            category: Category::parse("tally-1.0").map_err(|error| wrong(&error))?,
            stream: Some(Suffix::parse("Tally").map_err(|error| wrong(&error))?),
            starts: vec![Kind::parse(BEGIN).map_err(|error| wrong(&error))?],
            handles: vec![Kind::parse(COUNT).map_err(|error| wrong(&error))?],
            reacts_to: Vec::new(),
            records: vec![counted],
            sends: Vec::new(),
            state_format: 1,
            takes_over: Vec::new(),
            sharing: Sharing::PerProcess,
            memory_bytes: None,
            fuel_per_call: None,
        };
        Ok(Module { digest: Digest([1; 32]), manifest: Arc::new(manifest), role: Role::Process(Arc::new(Tally)) })
    }
}

impl Definition for Tally {
    fn restore(&self, snapshot: Option<&Json>) -> Result<Box<dyn Decider>, GuestError> {
        let count = snapshot.map_or(Ok(0), |text| text.as_str().parse());
        Ok(Box::new(Counted(count.map_err(|error| GuestError::Contract(format!("a snapshot is no number: {error}")))?)))
    }
}

impl Decider for Counted {
    fn evolve(&mut self, events: &[StreamEvent]) -> Result<(), GuestError> {
        self.0 += events.len() as u64;
        Ok(())
    }

    fn decide(&mut self, _: &Context, trigger: &Trigger) -> Result<Decision, GuestError> {
        let (Trigger::Start(message) | Trigger::Message(message)) = trigger else { return Ok(Decision::Ignore("no message".to_owned())) };
        let kind = Kind::parse(COUNTED).map_err(|error| GuestError::Contract(error.to_string()))?;
        let counted = Event { kind, schema: 1, data: message.data.clone() };
        Ok(Decision::Accept { events: vec![counted], effects: Vec::new() })
    }

    fn look(&mut self) -> Result<View, GuestError> {
        Ok(View { phase: Phase::Running, step: None, outcome: None, tags: Vec::new() })
    }

    fn snapshot(&mut self) -> Result<Option<Json>, GuestError> {
        Json::parse(self.0.to_string()).map(Some).map_err(|error| GuestError::Contract(error.to_string()))
    }
}
