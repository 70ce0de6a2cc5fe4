//! What the engine's tests share: native definitions, a clock that is set by hand, and a host that is stepped by hand.
//! No test sleeps and no test depends on the order of threads.

#![allow(dead_code, unreachable_pub, reason = "every test file uses another part of this")]
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

pub mod held;
mod replayed;
mod runtime;
pub mod slow;

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context as TaskContext, Poll, Waker};

use procession_engine::engine::{Parts, Standing};
use procession_engine::error::Refusal;
use procession_engine::flow::inbox::{Answer, Operation, Request, Unhandled};
use procession_engine::gate::GateMode;
use procession_engine::limits::Limits;
use procession_engine::model::commit::{Commit, Receipt, Snapshot};
use procession_engine::model::decision::{Command, Context, Decision, Effect, Rejection, RejectionReason, Reply, Start, Trigger};
use procession_engine::model::event::{Event, RecordedEvent, StreamEvent};
use procession_engine::model::id::{Category, Kind, MessageId, ProcessId, StreamName, Suffix};
use procession_engine::model::json::Json;
use procession_engine::model::manifest::{EventSchema, Manifest, Sharing};
use procession_engine::model::message::Message;
use procession_engine::model::note::Note;
use procession_engine::model::process::{ProcessRow, Timer, TimerKey, Undelivered};
use procession_engine::model::time::Timestamp;
use procession_engine::model::view::{Phase, View};
use procession_engine::ports::clock::Clock;
use procession_engine::ports::definition::{Classifier, Connector, Decider, Definition, GuestError, Pace, Role, Runtime};
use procession_engine::ports::store::{CommitError, Direction, Done, EventStore, Scope, StoreError};
use procession_engine::registry::Origin;
use procession_store_memory::MemoryStore;

pub use runtime::NativeRuntime;

pub type Decide = fn(&[StreamEvent], &Context, &Trigger) -> Result<Decision, GuestError>;
pub type Look = fn(&[StreamEvent]) -> Phase;

/// A clock that stands still until it is set.
#[derive(Default)]
pub struct SetClock(AtomicU64);

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

pub fn kind(text: &str) -> Kind {
    Kind::parse(text).unwrap()
}

pub fn kinds(texts: &[&str]) -> Vec<Kind> {
    texts.iter().map(|text| kind(text)).collect()
}

pub fn manifest(category: &str) -> Manifest {
    Manifest {
        category: Category::parse(category).unwrap(),
        stream: None,
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

pub fn records(texts: &[&str]) -> Vec<EventSchema> {
    texts.iter().map(|text| EventSchema { kind: kind(text), schema: 1 }).collect()
}

pub fn event(text: &str) -> Event {
    Event { kind: kind(text), schema: 1, data: Json::parse("{}").unwrap() }
}

pub fn send(text: &str) -> Effect {
    Effect::Send(Command { kind: kind(text), process: None, data: Json::parse("{}").unwrap(), expires_after_ms: None })
}

pub fn accept(events: &[&str], effects: Vec<Effect>) -> Result<Decision, GuestError> {
    Ok(Decision::Accept { events: events.iter().map(|text| event(text)).collect(), effects })
}

pub fn reject(code: &str) -> Result<Decision, GuestError> {
    let reason = RejectionReason::NotApplicable;
    Ok(Decision::Reject(Rejection { reason, code: code.to_owned(), message: "not now".to_owned() }))
}

pub fn happened(events: &[StreamEvent], text: &str) -> bool {
    events.iter().any(|event| event.event.kind.as_str() == text)
}

/// What a trigger says, as one word.
pub fn word(trigger: &Trigger) -> String {
    match trigger {
        Trigger::Start(message) | Trigger::Message(message) => message.kind.to_string(),
        Trigger::Recorded(event) => format!("own:{}", event.event.kind),
        Trigger::Timer { name, .. } => format!("timer:{name}"),
        Trigger::Undelivered { kind, .. } => format!("undelivered:{kind}"),
        Trigger::Cancel(_) => "cancel".to_owned(),
        Trigger::Migrated(from) => format!("migrated:{from}"),
    }
}

/// A native definition: its state is the events themselves.
pub struct Native {
    pub decide: Decide,
    pub look: Look,
}

struct Folded {
    events: Vec<StreamEvent>,
    decide: Decide,
    look: Look,
}

impl Definition for Native {
    fn restore(&self, _snapshot: Option<&Json>) -> Result<Box<dyn Decider>, GuestError> {
        Ok(Box::new(Folded { events: Vec::new(), decide: self.decide, look: self.look }))
    }
}

impl Decider for Folded {
    fn evolve(&mut self, events: &[StreamEvent]) -> Result<(), GuestError> {
        for event in events {
            // The host's own event of a move is not shown, so after one a version is passed over.
            let (last, moved) = self.events.last().map_or((0, false), |last| (last.version, last.decided_by != event.decided_by));
            let next = if moved { last + 1..=last + 2 } else { last + 1..=last + 1 };
            assert!(next.contains(&event.version), "a definition was given a gap or a twin: {} after {last}", event.version);
            self.events.push(event.clone());
        }
        Ok(())
    }

    fn decide(&mut self, context: &Context, trigger: &Trigger) -> Result<Decision, GuestError> {
        let last = self.events.last().map_or(0, |last| last.version);
        // Where a history is decided again by another version, a move may lie behind what bears its own name.
        let changed = self.events.iter().any(|event| event.decided_by != context.category);
        // And where it is decided again by the version before the move, nothing that was folded tells of it.
        let replays = std::thread::current().name().is_some_and(|name| name.starts_with("procession-replay"));
        let moved = changed || replays || matches!(trigger, Trigger::Migrated(_));
        assert!(context.version == last || (moved && context.version == last + 1), "the context does not say what was folded");
        (self.decide)(&self.events, context, trigger)
    }

    fn look(&mut self) -> Result<View, GuestError> {
        let last = self.events.last().map(|event| event.event.kind.to_string());
        Ok(View { phase: (self.look)(&self.events), step: last, outcome: None, tags: Vec::new() })
    }

    fn snapshot(&mut self) -> Result<Option<Json>, GuestError> {
        Ok(None)
    }
}

pub struct NativeRouter(pub fn(&Message) -> Result<Start, Rejection>, pub slow::IsSlow);

impl Classifier for NativeRouter {
    fn classify(
        &self,
        _: &Json,
        _: &Context,
        request: &Message,
        _: &[Category],
        pace: Pace,
    ) -> Result<Result<Start, Rejection>, GuestError> {
        slow::in_time(self.1, pace, "classify")?;
        Ok((self.0)(request))
    }
}

pub struct NativeAdapter(pub fn(&Json, &Message) -> Result<Vec<Reply>, GuestError>, pub slow::IsSlow);

impl Connector for NativeAdapter {
    fn handle(&self, settings: &Json, _: &Context, command: &Message, pace: Pace) -> Result<Vec<Reply>, GuestError> {
        slow::in_time(self.1, pace, "handle")?;
        (self.0)(settings, command)
    }
}

pub fn reply(text: &str, after_ms: u64) -> Reply {
    Reply { kind: kind(text), data: Json::parse("{}").unwrap(), after_ms }
}

/// A host that is stepped by hand.
pub struct Bench {
    pub store: MemoryStore,
    pub runtime: Arc<NativeRuntime>,
    pub clock: Arc<SetClock>,
    pub settings: HashMap<String, Json>,
    pub limits: Limits,
    pub standing: Standing,
    /// Which calls of the processes that are deployed from now on take longer than a slice.
    pub is_slow: slow::IsSlow,
}

impl Bench {
    pub fn new() -> Self {
        Self::with(Limits { workers: 2, ..Limits::default() })
    }

    pub fn with(limits: Limits) -> Self {
        let (store, runtime, clock) =
            (MemoryStore::new(), Arc::new(NativeRuntime::default()), Arc::new(SetClock(AtomicU64::new(1_000_000))));
        let standing = stand(&store, Arc::new(store.clone()), &runtime, &clock, &HashMap::new(), &limits);
        Self { store, runtime, clock, settings: HashMap::new(), limits, standing, is_slow: |_| false }
    }

    /// The same contents under a new engine, as after a crash: what only the old one had in memory is gone.
    pub fn restart(&mut self) {
        self.standing = stand(&self.store, Arc::new(self.store.clone()), &self.runtime, &self.clock, &self.settings, &self.limits);
        self.standing.recover().unwrap();
        self.standing.settle();
    }

    /// The same contents behind another store, such as one that fails.
    pub fn restart_behind(&mut self, store: Arc<dyn EventStore>) {
        self.standing = stand(&self.store, store, &self.runtime, &self.clock, &self.settings, &self.limits);
        self.standing.recover().unwrap();
        self.standing.settle();
    }

    pub fn process(&self, name: &str, manifest: Manifest, decide: Decide, look: Look) {
        let inner: Arc<dyn Definition> = Arc::new(Native { decide, look });
        self.runtime.add(name, manifest, Role::Process(Arc::new(slow::Slow { inner, is_slow: self.is_slow })));
        self.standing.engine().deploy(name.as_bytes(), &Origin::Request).unwrap();
    }

    pub fn router(&self, name: &str, manifest: Manifest, classify: fn(&Message) -> Result<Start, Rejection>) {
        self.runtime.add(name, manifest, Role::Router(Arc::new(NativeRouter(classify, self.is_slow))));
        self.standing.engine().deploy(name.as_bytes(), &Origin::Request).unwrap();
    }

    pub fn adapter(&self, name: &str, manifest: Manifest, handle: fn(&Json, &Message) -> Result<Vec<Reply>, GuestError>) {
        self.runtime.add(name, manifest, Role::Adapter(Arc::new(NativeAdapter(handle, self.is_slow))));
        self.standing.engine().deploy(name.as_bytes(), &Origin::Request).unwrap();
    }

    pub fn ask(&mut self, request: Request) -> Result<Answer, Refusal> {
        self.ask_all(vec![request]).pop().unwrap()
    }

    /// Hands all requests in before any of them is looked at.
    pub fn ask_all(&mut self, requests: Vec<Request>) -> Vec<Result<Answer, Refusal>> {
        let engine = Arc::clone(self.standing.engine());
        let waker = &mut TaskContext::from_waker(Waker::noop());
        let mut asked: Vec<_> = requests.into_iter().map(|request| Box::pin(engine.request(request))).collect();
        let early: Vec<_> = asked.iter_mut().map(|asked| asked.as_mut().poll(waker)).collect();
        self.standing.settle();
        let late = asked.into_iter().zip(early).map(|(mut asked, early)| if early.is_ready() { early } else { asked.as_mut().poll(waker) });
        late.map(|answer| if let Poll::Ready(answer) = answer { answer } else { panic!("a request was not answered") }).collect()
    }

    pub fn retry(&mut self, process: &str) -> Result<(), Refusal> {
        self.operate(process, Operation::Retry)
    }

    /// Does what an operator asks for.
    pub fn operate(&mut self, process: &str, operation: Operation) -> Result<(), Refusal> {
        let engine = Arc::clone(self.standing.engine());
        self.wait_for(engine.operate(ProcessId::parse(process).unwrap(), operation))
    }

    /// Lets the host work until this is answered.
    pub fn wait_for<T>(&mut self, asked: impl Future<Output = T>) -> T {
        let waker = &mut TaskContext::from_waker(Waker::noop());
        let mut asked = Box::pin(asked);
        if let Poll::Ready(answer) = asked.as_mut().poll(waker) {
            return answer;
        }
        self.standing.settle();
        if let Poll::Ready(answer) = asked.as_mut().poll(waker) { answer } else { panic!("nothing was answered") }
    }

    pub fn cancel(&mut self, process: &str, reason: &str) -> Result<Answer, Refusal> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let which = NEXT.fetch_add(1, Ordering::SeqCst).to_string();
        self.ask(Request::cancel(ProcessId::parse(process).unwrap(), &which, reason, None))
    }

    /// What is kept undelivered for a process.
    pub fn kept(&self, process: &str) -> Vec<Undelivered> {
        self.store.undelivered(Some(&ProcessId::parse(process).unwrap()), None, 100).unwrap()
    }

    /// What happened to a process and is no decision: a word and the kind of the message.
    pub fn notes(&self, process: &str) -> Vec<String> {
        let notes = self.store.notes(&ProcessId::parse(process).unwrap()).unwrap();
        notes.into_iter().map(|note| format!("{} {}", note.what.as_str(), note.kind)).collect()
    }

    /// The kinds of a stream, in order; asserts that versions are dense.
    pub fn stream(&self, name: &str) -> Vec<String> {
        let events = self.events(name);
        assert!(events.iter().zip(1..).all(|(event, version)| event.version == version), "{events:?}");
        events.into_iter().map(|event| event.event.kind.to_string()).collect()
    }

    pub fn events(&self, name: &str) -> Vec<RecordedEvent> {
        self.store.read(&Scope::Stream(StreamName::parse(name).unwrap()), 1, Direction::Forward, 10_000).unwrap()
    }

    pub fn row(&self, process: &str) -> ProcessRow {
        self.store.process(&ProcessId::parse(process).unwrap()).unwrap().unwrap()
    }

    pub fn advance(&mut self, ms: u64) {
        self.clock.0.fetch_add(ms, Ordering::SeqCst);
        self.standing.settle();
    }
}

fn stand(
    shelf: &MemoryStore,
    store: Arc<dyn EventStore>,
    runtime: &Arc<NativeRuntime>,
    clock: &Arc<SetClock>,
    settings: &HashMap<String, Json>,
    limits: &Limits,
) -> Standing {
    Standing::new(Parts {
        store,
        log: Arc::new(shelf.clone()),
        shelf: Arc::new(shelf.clone()),
        runtime: Arc::clone(runtime) as Arc<dyn Runtime>,
        clock: Arc::clone(clock) as Arc<dyn Clock>,
        settings: settings.clone(),
        limits: limits.clone(),
        gate: GateMode::Warn,
        entropy: 7,
    })
    .unwrap()
}

/// A request without a key.
pub fn request(process: &str, text: &str) -> Request {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let id = format!("message-{}", NEXT.fetch_add(1, Ordering::SeqCst));
    Request {
        process: ProcessId::parse(process).unwrap(),
        id: MessageId::parse(&id).unwrap(),
        key: None,
        kind: kind(text),
        data: Json::null(),
        category: None,
        source: None,
        unhandled: Unhandled::Refuse,
    }
}

/// The suffix of a stream.
pub fn suffix(text: &str) -> Option<Suffix> {
    Some(Suffix::parse(text).unwrap())
}

/// An order: placed, paid through an adapter, shipped by a subprocess, with a payment timeout.
pub fn order(bench: &Bench) {
    let order = Manifest {
        stream: suffix("Order"),
        starts: kinds(&["PlaceOrder"]),
        handles: kinds(&["PaymentTaken", "PaymentRefused", "ParcelSent", "Remark"]),
        reacts_to: kinds(&["OrderPlaced", "OrderPaid"]),
        records: records(&["OrderPlaced", "PaymentAsked", "OrderPaid", "ShippingAsked", "OrderShipped", "OrderFailed", "Remarked"]),
        sends: kinds(&["TakePayment", "SendParcel"]),
        ..manifest("order-1.0")
    };
    bench.process("order", order, decide_order, look_order);
    let parcel = Manifest {
        stream: suffix("Parcel"),
        starts: kinds(&["SendParcel"]),
        records: records(&["ParcelPacked", "ParcelSent"]),
        reacts_to: kinds(&["ParcelPacked"]),
        ..manifest("parcel-1.0")
    };
    bench.process("parcel", parcel, decide_parcel, |events| if happened(events, "ParcelSent") { Phase::Completed } else { Phase::Running });
    let bank = Manifest { handles: kinds(&["TakePayment"]), sends: kinds(&["PaymentTaken"]), ..manifest("bank-1.0") };
    bench.adapter("bank", bank, |settings, _| Ok(vec![reply("PaymentTaken", if settings.as_str() == "{}" { 0 } else { 500 })]));
}

fn decide_order(events: &[StreamEvent], context: &Context, trigger: &Trigger) -> Result<Decision, GuestError> {
    match word(trigger).as_str() {
        "PlaceOrder" if !events.is_empty() => Ok(Decision::Ignore("placed already".to_owned())),
        "PlaceOrder" => accept(&["OrderPlaced"], Vec::new()),
        "own:OrderPlaced" => {
            let timeout = Effect::SetTimer { name: "payment".to_owned(), at: context.now.plus_ms(10_000), data: Json::null() };
            accept(&["PaymentAsked"], vec![send("TakePayment"), timeout])
        }
        "PaymentTaken" if happened(events, "OrderPaid") => Ok(Decision::Ignore("paid already".to_owned())),
        "PaymentTaken" => accept(&["OrderPaid"], vec![Effect::ClearTimer("payment".to_owned())]),
        "own:OrderPaid" => accept(&["ShippingAsked"], vec![send("SendParcel")]),
        "ParcelSent" => accept(&["OrderShipped"], Vec::new()),
        "timer:payment" => accept(&["OrderFailed"], Vec::new()),
        "Remark" if !happened(events, "OrderPaid") => Ok(Decision::Defer("not paid yet".to_owned())),
        "Remark" => accept(&["Remarked"], Vec::new()),
        _ => reject("not-expected"),
    }
}

fn look_order(events: &[StreamEvent]) -> Phase {
    match (happened(events, "OrderShipped"), happened(events, "OrderFailed")) {
        (true, _) => Phase::Completed,
        (_, true) => Phase::Failed,
        _ => Phase::Running,
    }
}

fn decide_parcel(_: &[StreamEvent], _: &Context, trigger: &Trigger) -> Result<Decision, GuestError> {
    match word(trigger).as_str() {
        "SendParcel" => accept(&["ParcelPacked"], Vec::new()),
        "own:ParcelPacked" => accept(&["ParcelSent"], Vec::new()),
        _ => reject("not-expected"),
    }
}

type Submit = Box<dyn Fn(&MemoryStore, Commit, Done) + Send + Sync>;

/// A memory store whose commits go through a hook: to fail, or to wait.
pub struct Hooked {
    store: MemoryStore,
    submit: Submit,
    /// Set where the store shows what it could not sync.
    pub barrier_fails: AtomicBool,
}

impl Hooked {
    pub fn new(store: &MemoryStore, submit: impl Fn(&MemoryStore, Commit, Done) + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self { store: store.clone(), submit: Box::new(submit), barrier_fails: false.into() })
    }
}

impl EventStore for Hooked {
    fn submit(&self, commit: Commit, done: Done) {
        (self.submit)(&self.store, commit, done);
    }
    fn barrier(&self, done: Done) {
        if self.barrier_fails.load(Ordering::SeqCst) {
            return done(Err(CommitError::Store(StoreError::Closed("the sync failed".to_owned()))));
        }
        self.store.barrier(done);
    }
    fn process(&self, id: &ProcessId) -> Result<Option<ProcessRow>, StoreError> {
        self.store.process(id)
    }
    fn receipt(&self, id: &ProcessId, key: &str) -> Result<Option<Receipt>, StoreError> {
        self.store.receipt(id, key)
    }
    fn read(&self, scope: &Scope, from: u64, direction: Direction, limit: usize) -> Result<Vec<RecordedEvent>, StoreError> {
        self.store.read(scope, from, direction, limit)
    }
    fn undelivered(
        &self,
        owner: Option<&ProcessId>,
        after: Option<(ProcessId, u64)>,
        limit: usize,
    ) -> Result<Vec<Undelivered>, StoreError> {
        self.store.undelivered(owner, after, limit)
    }
    fn timers(&self, until: Timestamp, after: Option<&TimerKey>, limit: usize) -> Result<Vec<Timer>, StoreError> {
        self.store.timers(until, after, limit)
    }
    fn processes(&self, phase: Option<Phase>, after: Option<&ProcessId>, limit: usize) -> Result<Vec<ProcessRow>, StoreError> {
        self.store.processes(phase, after, limit)
    }
    fn notes(&self, id: &ProcessId) -> Result<Vec<Note>, StoreError> {
        self.store.notes(id)
    }
    fn snapshot(&self, stream: &StreamName) -> Result<Option<Snapshot>, StoreError> {
        self.store.snapshot(stream)
    }
}
