//! What leaves the host, and that all it rests on is durable by then.
//! Native definitions, the memory store, and a store whose commits wait or fail.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod support;

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use std::future::Future;
use std::task::{Context, Poll, Waker};

use procession_engine::error::Refusal;
use procession_engine::flow::inbox::{Answer, Request};
use procession_engine::model::decision::{Decision, Trigger};
use procession_engine::model::id::{Digest, MessageId, ProcessId};
use procession_engine::model::json::Json;
use procession_engine::model::manifest::Manifest;
use procession_engine::model::view::Phase;
use procession_engine::ports::definition::Role;
use procession_engine::ports::shelf::{ModuleRecord, Shelf, Tally};
use procession_engine::ports::store::{CommitError, Done, EventStore, StoreError};
use procession_engine::registry::{Origin, Outcome, Registry};
use procession_store_memory::MemoryStore;
use support::held::{Held, ask, poll};
use support::{Bench, Decide, Hooked, Native, accept, kinds, manifest, order, records, reject, request, send, suffix, word};

static CALLED: AtomicU32 = AtomicU32::new(0);

fn alarm(bench: &Bench, decide: Decide) {
    let m = Manifest {
        stream: suffix("Alarm"),
        starts: kinds(&["Begin"]),
        handles: kinds(&["Poke"]),
        records: records(&["Begun", "Rung", "Poked"]),
        ..manifest("alarm-1.0")
    };
    bench.process("alarm", m, decide, |_| Phase::Running);
}

struct Half {
    store: MemoryStore,
    puts: AtomicU32,
}
impl Shelf for Half {
    fn modules(&self) -> Result<Vec<ModuleRecord>, StoreError> {
        self.store.modules()
    }
    fn bytes(&self, m: &Digest) -> Result<Option<Vec<u8>>, StoreError> {
        self.store.bytes(m)
    }
    fn put(&self, r: &ModuleRecord, b: Option<&[u8]>) -> Result<(), StoreError> {
        if self.puts.fetch_sub(1, Ordering::SeqCst) == 0 {
            return Err(StoreError::Closed("crash".into()));
        }
        self.store.put(r, b)
    }
    fn remove(&self, r: &ModuleRecord) -> Result<bool, StoreError> {
        if self.puts.fetch_sub(1, Ordering::SeqCst) == 0 {
            return Err(StoreError::Closed("crash".into()));
        }
        self.store.remove(r)
    }
    fn tallies(&self) -> Result<Vec<(Digest, Tally)>, StoreError> {
        self.store.tallies()
    }
}

#[test]
fn that_a_message_is_ignored_is_not_said_before_what_that_rests_on_is_durable() {
    let mut bench = Bench::new();
    bench.settings.insert("bank".to_owned(), Json::parse("{\"delayMs\":500}").unwrap());
    order(&bench);
    let held = Held::behind(&mut bench);
    let _p = ask(&mut bench, request("A1", "PlaceOrder"));
    held.release_all(&mut bench);
    let _paid = ask(&mut bench, request("A1", "PaymentTaken"));
    let mut again = ask(&mut bench, request("A1", "PaymentTaken"));
    let early = poll(&mut again);
    held.release(1);
    bench.standing.settle();
    assert!(early.is_none());
    // The payment that it was a repetition of is lost, so it is the first one now.
    held.release_all(&mut bench);
    assert!(matches!(poll(&mut again), Some(Ok(Answer::Taken(_)))));
}

#[test]
fn a_duplicate_is_not_acknowledged_while_the_first_is_not_durable() {
    let mut bench = Bench::new();
    order(&bench);
    let hooked = Hooked::new(&bench.store, |store, c, d| {
        store.submit(c, Box::new(|_| {}));
        d(Err(CommitError::Store(StoreError::Io("sync failed".into()))))
    });
    hooked.barrier_fails.store(true, Ordering::SeqCst);
    bench.restart_behind(hooked.clone());
    let r = Request { key: Some("k".into()), ..request("A1", "PlaceOrder") };
    assert!(matches!(bench.ask(r.clone()), Err(Refusal::Store(StoreError::Io(_)))));
    assert!(matches!(bench.ask(r.clone()), Err(Refusal::Store(StoreError::Closed(_)))));
    hooked.barrier_fails.store(false, Ordering::SeqCst);
    assert!(matches!(bench.ask(r), Ok(Answer::Duplicate(_))));
}

#[test]
fn another_start_is_not_answered_with_the_receipt_of_the_first() {
    let mut bench = Bench::new();
    alarm(&bench, |_, _, t| match word(t).as_str() {
        "Begin" if matches!(t, Trigger::Start(m) if m.data == Json::null()) => Ok(Decision::Defer("early".into())),
        "Begin" => accept(&["Begun"], vec![]),
        _ => reject("no"),
    });
    assert!(matches!(bench.ask(request("T1", "Begin")), Ok(Answer::Waiting(_, _))));
    let second = bench.ask(Request { data: Json::parse("1").unwrap(), ..request("T1", "Begin") });
    assert!(matches!(second, Ok(Answer::Taken(_))));
}

#[test]
fn a_message_with_the_id_start_is_not_taken_for_the_start() {
    let mut bench = Bench::new();
    alarm(&bench, |_, _, t| match word(t).as_str() {
        "Begin" => accept(&["Begun"], vec![]),
        "Poke" => accept(&["Poked"], vec![]),
        _ => reject("no"),
    });
    bench.ask(request("T1", "Begin")).unwrap();
    bench.ask(Request { id: MessageId::parse("start").unwrap(), ..request("T1", "Poke") }).unwrap();
    assert_eq!(bench.stream("T1-Alarm"), ["Begun", "Poked"]);
}

#[test]
fn an_adapter_that_comes_is_not_called_for_a_command_that_is_not_durable() {
    let mut bench = Bench::new();
    let m = Manifest {
        stream: suffix("S"),
        starts: kinds(&["Begin"]),
        records: records(&["Begun"]),
        sends: kinds(&["Ask"]),
        ..manifest("s-1.0")
    };
    bench.process("s", m, |_, _, _| accept(&["Begun"], vec![send("Ask")]), |_| Phase::Running);
    // Applied at once, durable later.
    let waiting: Arc<Mutex<Vec<Done>>> = Arc::default();
    let w = Arc::clone(&waiting);
    let hooked = Hooked::new(&bench.store, move |s, c, d| {
        s.submit(c, Box::new(|_| {}));
        w.lock().unwrap().push(d);
    });
    bench.restart_behind(hooked.clone());
    // What reads see is not durable either.
    hooked.barrier_fails.store(true, Ordering::SeqCst);
    let mut a = ask(&mut bench, request("S1", "Begin"));
    bench.adapter("oracle", Manifest { handles: kinds(&["Ask"]), ..manifest("oracle-1.0") }, |_, _| {
        CALLED.fetch_add(1, Ordering::SeqCst);
        Ok(vec![])
    });
    bench.standing.settle();
    assert!(poll(&mut a).is_none());
    assert_eq!(CALLED.load(Ordering::SeqCst), 0);
    hooked.barrier_fails.store(false, Ordering::SeqCst);
    let reports = std::mem::take(&mut *waiting.lock().unwrap());
    reports.into_iter().for_each(|done| done(Ok(())));
    bench.standing.settle();
    assert_eq!(CALLED.load(Ordering::SeqCst), 1, "the adapter is called once the command is durable");
}

#[test]
fn whoever_waits_for_an_end_hears_that_the_host_stops() {
    let mut bench = Bench::new();
    alarm(&bench, |_, _, t| match word(t).as_str() {
        "Begin" => accept(&["Begun"], vec![]),
        _ => reject("no"),
    });
    bench.ask(request("T1", "Begin")).unwrap();
    let e = Arc::clone(bench.standing.engine());
    let id = ProcessId::parse("T1").unwrap();
    let mut w = Box::pin(e.ended(&id));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(w.as_mut().poll(&mut cx).is_pending());
    e.stop();
    bench.standing.settle();
    assert!(matches!(w.as_mut().poll(&mut cx), Poll::Ready(Err(Refusal::Stopping))));
}

#[test]
fn a_crash_within_a_deploy_does_not_bring_the_old_module_back() {
    let mut bench = Bench::new();
    let def = |bench: &Bench, name: &str| {
        bench.runtime.add(
            name,
            Manifest { stream: suffix("A"), starts: kinds(&["Begin"]), ..manifest("a-1.0") },
            Role::Process(Arc::new(Native { decide: |_, _, _| reject("x"), look: |_| Phase::Running })),
        )
    };
    def(&bench, "one");
    def(&bench, "two");
    let shelf = Arc::new(Half { store: bench.store.clone(), puts: AtomicU32::new(2) });
    let reg = Registry::open(shelf.clone(), bench.runtime.clone(), bench.clock.clone()).unwrap();
    reg.deploy(b"one", &Origin::File("a.wasm".into())).unwrap();
    bench.advance(5);
    assert!(reg.deploy(b"two", &Origin::File("a.wasm".into())).is_err());
    // restart
    shelf.puts.store(1000, Ordering::SeqCst);
    let reg = Registry::open(shelf, bench.runtime.clone(), bench.clock.clone()).unwrap();
    reg.files_present(&["a.wasm".to_owned()]).unwrap();
    assert_eq!(reg.deploy(b"two", &Origin::File("a.wasm".into())).unwrap().outcome, Outcome::Unchanged);
    let two = reg.snapshot().resolve("a-1.0").unwrap().digest;
    reg.drain(&two).unwrap();
    assert!(
        reg.snapshot().resolve("a-1.0").is_none(),
        "the superseded module takes new processes again: {:?}",
        reg.snapshot().resolve("a-1.0").unwrap().digest
    );
}

#[test]
fn a_crash_within_a_requested_deploy_does_not_free_the_overruled_file() {
    let bench = Bench::new();
    for name in ["one", "two"] {
        bench.runtime.add(
            name,
            Manifest { stream: suffix("A"), starts: kinds(&["Begin"]), ..manifest("a-1.0") },
            Role::Process(Arc::new(Native { decide: |_, _, _| reject("x"), look: |_| Phase::Running })),
        );
    }
    let shelf = Arc::new(Half { store: bench.store.clone(), puts: AtomicU32::new(2) });
    let reg = Registry::open(shelf.clone(), bench.runtime.clone(), bench.clock.clone()).unwrap();
    reg.deploy(b"one", &Origin::File("a.wasm".into())).unwrap();
    assert!(reg.deploy(b"two", &Origin::Request).is_err());
    shelf.puts.store(1000, Ordering::SeqCst);
    let reg = Registry::open(shelf, bench.runtime.clone(), bench.clock.clone()).unwrap();
    let two = reg.snapshot().resolve("a-1.0").unwrap().digest;
    reg.files_present(&["a.wasm".to_owned()]).unwrap();
    reg.deploy(b"one", &Origin::File("a.wasm".into())).unwrap();
    assert_eq!(reg.snapshot().resolve("a-1.0").unwrap().digest, two, "the unchanged file undid the later deploy");
}
