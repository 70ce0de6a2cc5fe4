//! Long streams: folded from a snapshot where one fits, and from the events wherever none does.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use procession_engine::flow::inbox::{Move, Operation};
use procession_engine::limits::Limits;
use procession_engine::model::decision::{Context, Decision, Trigger};
use procession_engine::model::event::StreamEvent;
use procession_engine::model::id::{Category, Digest, StreamName};
use procession_engine::model::json::Json;
use procession_engine::model::manifest::Manifest;
use procession_engine::model::view::{Phase, View};
use procession_engine::ports::definition::{Decider, Definition, GuestError, Role};
use procession_engine::ports::store::EventStore;
use procession_engine::registry::Origin;
use support::{Bench, accept, kinds, manifest, records, request, suffix};

/// Counts, and counts how many events it was shown.
#[derive(Default)]
struct Counting {
    shown: Arc<AtomicU64>,
    snapshots_are_broken: bool,
}

struct Count {
    shown: Arc<AtomicU64>,
    count: u64,
}

impl Definition for Counting {
    fn restore(&self, snapshot: Option<&Json>) -> Result<Box<dyn Decider>, GuestError> {
        if snapshot.is_some() && self.snapshots_are_broken {
            return Err(GuestError::Trap("a snapshot of old".to_owned()));
        }
        let count = snapshot.map_or(0, |text| text.as_str().parse().unwrap());
        Ok(Box::new(Count { shown: Arc::clone(&self.shown), count }))
    }
}

impl Decider for Count {
    fn evolve(&mut self, events: &[StreamEvent]) -> Result<(), GuestError> {
        self.shown.fetch_add(events.len() as u64, Ordering::SeqCst);
        for event in events {
            self.count += 1;
            assert_eq!(event.version, self.count, "a gap or a twin");
        }
        Ok(())
    }

    fn decide(&mut self, context: &Context, _: &Trigger) -> Result<Decision, GuestError> {
        assert_eq!(context.version, self.count);
        accept(&["Counted"], vec![])
    }

    fn look(&mut self) -> Result<View, GuestError> {
        Ok(View { phase: Phase::Running, step: Some(self.count.to_string()), outcome: None, tags: vec![] })
    }

    fn snapshot(&mut self) -> Result<Option<Json>, GuestError> {
        Ok(Some(Json::parse(self.count.to_string()).unwrap()))
    }
}

fn deploy(bench: &Bench, name: &str, state_format: u32, counting: Counting) {
    let manifest = Manifest {
        stream: suffix("Count"),
        starts: kinds(&["Begin"]),
        handles: kinds(&["Next"]),
        records: records(&["Counted"]),
        state_format,
        ..manifest("count-1.0")
    };
    bench.runtime.add(name, manifest, Role::Process(Arc::new(counting)));
    bench.standing.engine().deploy(name.as_bytes(), &Origin::Request).unwrap();
}

fn counted(limits: Limits, counting: Counting) -> Bench {
    let mut bench = Bench::with(limits);
    deploy(&bench, "count", 1, counting);
    bench.ask(request("C1", "Begin")).unwrap();
    for _ in 1..1_000 {
        bench.ask(request("C1", "Next")).unwrap();
    }
    bench
}

#[test]
fn a_long_stream_is_folded_from_its_last_snapshot() {
    let shown = Arc::new(AtomicU64::new(0));
    let mut bench =
        counted(Limits { workers: 1, audit_one_in: 0, ..Limits::default() }, Counting { shown: Arc::clone(&shown), ..Counting::default() });
    let kept = bench.store.snapshot(&StreamName::parse("C1-Count").unwrap()).unwrap().unwrap();
    assert_eq!((kept.version, kept.state.as_str()), (768, "768"));
    bench.restart();
    shown.store(0, Ordering::SeqCst);
    bench.ask(request("C1", "Next")).unwrap();
    assert_eq!(shown.load(Ordering::SeqCst), 1_000 - 768 + 1);
    assert_eq!(bench.row("C1").root().unwrap().view.step.as_deref(), Some("1001"));
}

#[test]
fn an_audit_folds_the_whole_stream_and_finds_the_same() {
    let shown = Arc::new(AtomicU64::new(0));
    let counting = Counting { shown: Arc::clone(&shown), ..Counting::default() };
    let bench = counted(Limits { workers: 1, audit_one_in: 1, ..Limits::default() }, counting);
    assert!(shown.load(Ordering::SeqCst) > 400_000, "an audit used a snapshot");
    assert_eq!(bench.standing.engine().counters().audit_differences.load(Ordering::SeqCst), 0);
}

#[test]
fn a_snapshot_that_cannot_be_restored_is_passed_over() {
    let counting = Counting { snapshots_are_broken: true, ..Counting::default() };
    let mut bench = counted(Limits { workers: 1, ..Limits::default() }, counting);
    bench.restart();
    bench.ask(request("C1", "Next")).unwrap();
    assert_eq!(bench.stream("C1-Count").len(), 1_001);
}

fn snapshot(bench: &Bench) -> (u64, String) {
    let kept = bench.store.snapshot(&StreamName::parse("C1-Count").unwrap()).unwrap().unwrap();
    (kept.version, kept.module.to_string())
}

fn digest_of(name: &str) -> Digest {
    let mut digest = [0; 32];
    digest[..name.len()].copy_from_slice(name.as_bytes());
    Digest(digest)
}

/// Counts what it is shown; the host's own events are not among it.
struct Lenient(Arc<AtomicU64>);

impl Definition for Lenient {
    fn restore(&self, snapshot: Option<&Json>) -> Result<Box<dyn Decider>, GuestError> {
        let count =
            snapshot.map_or(Ok(0), |text| text.as_str().trim_matches('"').parse()).map_err(|_| GuestError::Trap("of old".to_owned()))?;
        Ok(Box::new(LenientCount(Count { shown: Arc::clone(&self.0), count })))
    }
}

struct LenientCount(Count);

impl Decider for LenientCount {
    fn evolve(&mut self, events: &[StreamEvent]) -> Result<(), GuestError> {
        self.0.shown.fetch_add(events.len() as u64, Ordering::SeqCst);
        self.0.count += events.len() as u64;
        Ok(())
    }

    fn decide(&mut self, _: &Context, trigger: &Trigger) -> Result<Decision, GuestError> {
        if matches!(trigger, Trigger::Migrated(_)) { Ok(Decision::Ignore("so be it".to_owned())) } else { accept(&["Counted"], vec![]) }
    }

    fn look(&mut self) -> Result<View, GuestError> {
        self.0.look()
    }

    /// A text that no other definition here reads.
    fn snapshot(&mut self) -> Result<Option<Json>, GuestError> {
        Ok(Some(Json::parse(format!("\"{}\"", self.0.count)).unwrap()))
    }
}

#[test]
fn a_move_leaves_the_snapshot_of_the_old_module_behind_and_keeps_one_of_the_new() {
    let shown = Arc::new(AtomicU64::new(0));
    let mut bench = Bench::with(Limits { workers: 1, audit_one_in: 0, ..Limits::default() });
    for (name, category, state_format) in [("old", "count-1.0", 1), ("new", "count-1.1", 2)] {
        let manifest = Manifest {
            stream: suffix("Count"),
            starts: kinds(&["Begin"]),
            handles: kinds(&["Next"]),
            records: records(&["Counted"]),
            state_format,
            takes_over: vec![Category::parse("count-1.0").unwrap()],
            ..manifest(category)
        };
        bench.runtime.add(name, manifest, Role::Process(Arc::new(Lenient(Arc::clone(&shown)))));
    }
    bench.standing.engine().deploy(b"old", &Origin::Request).unwrap();
    bench.ask(request("C1", "Begin")).unwrap();
    for _ in 1..300 {
        bench.ask(request("C1", "Next")).unwrap();
    }
    assert_eq!(snapshot(&bench), (256, digest_of("old").to_string()));
    bench.standing.engine().deploy(b"new", &Origin::Request).unwrap();
    bench.operate("C1", Operation::Migrate(Move::to(digest_of("new")))).unwrap();
    assert_eq!(snapshot(&bench), (301, digest_of("new").to_string()), "the old one would be of no use");
    bench.restart();
    shown.store(0, Ordering::SeqCst);
    bench.ask(request("C1", "Next")).unwrap();
    assert_eq!(shown.load(Ordering::SeqCst), 1, "it is folded from the snapshot that was kept with the move");
    bench.operate("C1", Operation::Migrate(Move::to(digest_of("old")))).unwrap();
    assert_eq!(snapshot(&bench), (303, digest_of("old").to_string()));
    bench.restart();
    bench.ask(request("C1", "Next")).unwrap();
    let root = bench.row("C1").root().unwrap().clone();
    assert_eq!((root.version, root.view.step.as_deref()), (304, Some("302")), "two of its events are the host's");
}
