//! The definitions of the simulated world: pure rules over the events of one stream.
//! How they break is said in `runtime`; the rules themselves never do.

mod counter;
mod order;
mod parcel;
mod reminder;
mod runtime;
mod shipment;
mod small;
mod story;

use std::sync::Arc;

use procession_engine::model::decision::{Command, Context, Decision, Effect, Rejection, RejectionReason, Start, Trigger};
use procession_engine::model::event::Event;
use procession_engine::model::id::{Category, Digest, Kind, ProcessId, Suffix};
use procession_engine::model::json::Json;
use procession_engine::model::manifest::{EventSchema, Manifest, Sharing};
use procession_engine::model::message::Message;
use procession_engine::model::view::Phase;

pub(crate) use runtime::view;
pub use runtime::{POISON, SimRuntime};
pub use story::Story;

/// A definition, an adapter or a router, by what it is deployed as.
#[derive(Clone)]
pub struct Module {
    /// What its bytes are, and what its digest is made of.
    pub bytes: &'static str,
    /// What it says of itself.
    pub manifest: Arc<Manifest>,
    /// What it does.
    pub part: Part,
}

/// What a module does.
#[derive(Clone, Copy)]
pub enum Part {
    /// Decides.
    Rules(Rules),
    /// Stands for the outside world.
    Outside,
    /// Chooses a category for a bare start.
    Router(fn(&Message) -> Start),
}

/// The two functions of a definition.
#[derive(Clone, Copy)]
pub struct Rules {
    /// Answers a trigger.
    pub decide: fn(&Story, &Context, &Trigger) -> Decision,
    /// Says where the process is.
    pub phase: fn(&Story) -> Phase,
}

impl Module {
    /// The digest of these bytes.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let mut digest = [0; 32];
        digest[..self.bytes.len()].copy_from_slice(self.bytes.as_bytes());
        Digest(digest)
    }
}

/// Everything that can be deployed in a run.
#[must_use]
pub fn catalogue() -> Vec<Module> {
    let mut all = order::modules();
    all.extend([parcel::module(), counter::module(), reminder::module(), shipment::module()]);
    all.extend(small::modules());
    all
}

/// What a trigger says, as one word: a kind, `own:` or `back:` and a kind, or `timer:` and a name.
fn word(trigger: &Trigger) -> String {
    match trigger {
        Trigger::Start(message) | Trigger::Message(message) => message.kind.to_string(),
        Trigger::Recorded(event) => format!("own:{}", event.event.kind),
        Trigger::Timer { name, .. } => format!("timer:{name}"),
        Trigger::Undelivered { kind, .. } => format!("back:{kind}"),
        Trigger::Cancel(_) => "Cancel".to_owned(),
        Trigger::Migrated(_) => "Migrated".to_owned(),
    }
}

/// What a trigger carries.
fn data(trigger: &Trigger) -> Json {
    match trigger {
        Trigger::Start(message) | Trigger::Message(message) => message.data.clone(),
        Trigger::Recorded(event) => event.event.data.clone(),
        Trigger::Timer { data, .. } | Trigger::Undelivered { data, .. } => data.clone(),
        Trigger::Cancel(_) | Trigger::Migrated(_) => Json::null(),
    }
}

/// A number in a small document of ours; 0 where it is not there.
#[must_use]
pub fn number(data: &Json, name: &str) -> u64 {
    serde_json::from_str::<serde_json::Value>(data.as_str()).ok().and_then(|data| data.get(name)?.as_u64()).unwrap_or(0)
}

fn kind(text: &str) -> Kind {
    Kind::parse(text).expect("the rules use valid kinds")
}

fn json(text: String) -> Json {
    Json::parse(text).expect("the rules write JSON")
}

fn empty() -> Json {
    json("{}".to_owned())
}

fn event(text: &str) -> Event {
    event_with(text, empty())
}

fn event_with(text: &str, data: Json) -> Event {
    Event { kind: kind(text), schema: 1, data }
}

fn send(text: &str, data: Json) -> Effect {
    Effect::Send(Command { kind: kind(text), process: None, data, expires_after_ms: None })
}

/// A command whose answer may take so long and no longer.
fn ask(text: &str, data: Json, expires_after_ms: u64) -> Effect {
    Effect::Send(Command { kind: kind(text), process: None, data, expires_after_ms: Some(expires_after_ms) })
}

/// The answer to the oldest command of this kind is here.
fn answered(text: &str) -> Effect {
    clear(&format!("undelivered:{text}"))
}

/// A command to the counter that a process reports to.
fn count(context: &Context, what: &str) -> Effect {
    // Several processes share a counter, so that its stream grows long and its commands come from many.
    let counter = format!("T{}", context.process.as_str().len() % 2);
    let process = ProcessId::parse(&counter).expect("a valid process id");
    let data = json(format!("{{\"what\":\"{what}\"}}"));
    Effect::Send(Command { kind: kind("Count"), process: Some(process), data, expires_after_ms: None })
}

fn timer(name: &str, context: &Context, after_ms: u64) -> Effect {
    let data = json(format!("{{\"set\":{}}}", context.seed % 1_000));
    Effect::SetTimer { name: name.to_owned(), at: context.now.plus_ms(after_ms), data }
}

fn clear(name: &str) -> Effect {
    Effect::ClearTimer(name.to_owned())
}

fn accept(events: Vec<Event>, effects: Vec<Effect>) -> Decision {
    Decision::Accept { events, effects }
}

fn ignore(why: &str) -> Decision {
    Decision::Ignore(why.to_owned())
}

fn reject(code: &str) -> Decision {
    let (reason, code) = (RejectionReason::NotApplicable, code.to_owned());
    Decision::Reject(Rejection { reason, code, message: "not in this state".to_owned() })
}

fn kinds(texts: &[&str]) -> Vec<Kind> {
    texts.iter().map(|text| kind(text)).collect()
}

fn records(texts: &[&str]) -> Vec<EventSchema> {
    texts.iter().map(|text| EventSchema { kind: kind(text), schema: 1 }).collect()
}

fn manifest(category: &str, suffix: Option<&str>) -> Manifest {
    Manifest {
        category: Category::parse(category).expect("a valid category"),
        stream: suffix.map(|suffix| Suffix::parse(suffix).expect("a valid suffix")),
        starts: Vec::new(),
        handles: Vec::new(),
        reacts_to: Vec::new(),
        records: Vec::new(),
        sends: Vec::new(),
        state_format: 1,
        takes_over: Vec::new(),
        sharing: Sharing::PerProcess,
        memory_bytes: None,
        fuel_per_call: None,
    }
}
