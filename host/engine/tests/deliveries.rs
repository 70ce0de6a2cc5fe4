//! What is delivered, when, how often and in which order.
//! Native definitions, the memory store, and a store whose commits wait or fail.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use std::future::Future;
use std::task::{Context, Poll, Waker};

use procession_engine::flow::inbox::{Answer, Request, Unhandled};
use procession_engine::limits::Limits;
use procession_engine::model::decision::{Command, Decision, Effect, Trigger};
use procession_engine::model::event::Event;
use procession_engine::model::id::ProcessId;
use procession_engine::model::json::Json;
use procession_engine::model::manifest::Manifest;
use procession_engine::model::view::Phase;
use procession_engine::ports::definition::GuestError;
use procession_engine::ports::store::{CommitError, EventStore, StoreError};
use support::held::{Held, ask};
use support::{Bench, Decide, Hooked, accept, event, happened, kind, kinds, manifest, records, reject, reply, request, send, suffix, word};

static BROKEN: AtomicBool = AtomicBool::new(true);
static BAD: AtomicBool = AtomicBool::new(true);
static BROKE: AtomicBool = AtomicBool::new(true);
static BAD2: AtomicBool = AtomicBool::new(true);

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

#[test]
fn a_timer_that_breaks_its_definition_fires_again_at_a_retry() {
    let mut bench = Bench::new();
    alarm(&bench, |_, c, t| match word(t).as_str() {
        "Begin" => accept(&["Begun"], vec![Effect::SetTimer { name: "t".into(), at: c.now.plus_ms(10), data: Json::null() }]),
        "timer:t" if BROKEN.load(Ordering::SeqCst) => Err(GuestError::Trap("x".into())),
        "timer:t" => accept(&["Rung"], vec![]),
        _ => reject("no"),
    });
    bench.ask(request("T1", "Begin")).unwrap();
    bench.advance(10);
    assert!(bench.row("T1").parked.is_some());
    BROKEN.store(false, Ordering::SeqCst);
    bench.retry("T1").unwrap();
    assert_eq!(bench.stream("T1-Alarm"), ["Begun", "Rung"]);
}

#[test]
fn a_timer_that_is_put_off_is_offered_again_after_the_next_event() {
    let mut bench = Bench::new();
    alarm(&bench, |e, c, t| match word(t).as_str() {
        "Begin" => accept(&["Begun"], vec![Effect::SetTimer { name: "t".into(), at: c.now.plus_ms(10), data: Json::null() }]),
        "timer:t" if !happened(e, "Poked") => Ok(Decision::Defer("not yet".into())),
        "timer:t" => accept(&["Rung"], vec![]),
        "Poke" => accept(&["Poked"], vec![]),
        _ => reject("no"),
    });
    bench.ask(request("T1", "Begin")).unwrap();
    bench.advance(10);
    bench.ask(request("T1", "Poke")).unwrap();
    assert_eq!(bench.stream("T1-Alarm"), ["Begun", "Poked", "Rung"]);
}

#[test]
fn workers_that_send_each_other_much_do_not_block_each_other() {
    let mut bench = Bench::with(Limits { workers: 2, waiting_max: 4, commits_in_flight_max: 4, ..Limits::default() });
    let m = Manifest {
        stream: suffix("Fan"),
        starts: kinds(&["Begin", "Ping"]),
        records: records(&["Begun", "Pinged"]),
        sends: kinds(&["Ping"]),
        ..manifest("fan-1.0")
    };
    bench.process(
        "fan",
        m,
        |_, c, t| match word(t).as_str() {
            // To ids of many processes on both workers.
            "Begin" => accept(
                &["Begun"],
                (0..40)
                    .map(|i| {
                        Effect::Send(Command {
                            kind: kind("Ping"),
                            process: Some(ProcessId::parse(&format!("{}x{i}", c.process)).unwrap()),
                            data: Json::null(),
                            expires_after_ms: None,
                        })
                    })
                    .collect(),
            ),
            "Ping" => accept(&["Pinged"], vec![]),
            _ => reject("no"),
        },
        |_| Phase::Running,
    );
    for a in bench.ask_all((0..4).map(|i| request(&format!("F{i}"), "Begin")).collect()) {
        a.unwrap();
    }
    bench.standing.settle();
    assert_eq!(bench.store.processes(None, None, 1_000).unwrap().len(), 4 + 4 * 40);
    assert_eq!(bench.store.undelivered(None, None, 1000).unwrap().len(), 0);
}

#[test]
fn what_waits_for_a_stream_is_delivered_when_that_begins() {
    let mut bench = Bench::new();
    alarm(&bench, |_, _, t| match word(t).as_str() {
        "Begin" => accept(&["Begun"], vec![]),
        "Poke" => accept(&["Poked"], vec![]),
        _ => reject("no"),
    });
    let early = bench.ask(Request { unhandled: Unhandled::Keep, ..request("T1", "Poke") });
    assert!(matches!(early, Ok(Answer::Waiting(_, _))));
    bench.ask(request("T1", "Begin")).unwrap();
    bench.advance(100_000);
    assert_eq!(bench.stream("T1-Alarm"), ["Begun", "Poked"]);
}

#[test]
fn a_message_delivered_twice_and_put_off_the_second_time_has_one_effect() {
    let mut bench = Bench::new();
    let held = Held::behind(&mut bench);
    let _k = ask(&mut bench, Request { unhandled: Unhandled::Keep, ..request("T1", "Poke") });
    held.release_all(&mut bench);
    let m = Manifest {
        stream: suffix("Alarm"),
        starts: kinds(&["Poke"]),
        handles: kinds(&["Go"]),
        records: records(&["Poked", "Gone"]),
        ..manifest("alarm-1.0")
    };
    // A poke is taken, and while one is worked on, the next is put off.
    bench.process(
        "alarm",
        m,
        |e, _, t| match (e.last().map(|e| e.event.kind.to_string()).as_deref(), word(t).as_str()) {
            (Some("Poked"), "Poke") => Ok(Decision::Defer("busy".into())),
            (_, "Poke") => accept(&["Poked"], vec![]),
            (_, "Go") => accept(&["Gone"], vec![]),
            _ => reject("no"),
        },
        |_| Phase::Running,
    );
    bench.standing.settle();
    // Another definition comes while the delivery is on its way to the disk.
    bench.process(
        "other",
        Manifest { stream: suffix("Other"), starts: kinds(&["Other"]), ..manifest("other-1.0") },
        |_, _, _| reject("no"),
        |_| Phase::Running,
    );
    bench.standing.settle();
    assert_eq!(held.release(0), 2, "both deliveries were on their way");
    bench.standing.settle();
    held.release_all(&mut bench);
    let _g = ask(&mut bench, request("T1", "Go"));
    held.release_all(&mut bench);
    assert_eq!(bench.stream("T1-Alarm"), ["Poked", "Gone"]);
}

#[test]
fn what_is_kept_while_its_definition_comes_is_delivered() {
    let mut bench = Bench::new();
    let held = Held::behind(&mut bench);
    let _k = ask(&mut bench, Request { unhandled: Unhandled::Keep, ..request("T1", "Begin") });
    alarm(&bench, |_, _, t| match word(t).as_str() {
        "Begin" => accept(&["Begun"], vec![]),
        _ => reject("no"),
    });
    bench.standing.settle();
    held.release_all(&mut bench);
    bench.advance(100_000);
    held.release_all(&mut bench);
    assert_eq!(bench.stream("T1-Alarm"), ["Begun"]);
}

#[test]
fn new_requests_do_not_overtake_what_is_parked() {
    let mut bench = Bench::new();
    let m = Manifest {
        stream: suffix("Fragile"),
        starts: kinds(&["Begin"]),
        handles: kinds(&["Answer", "One", "Two"]),
        records: records(&["Begun", "Answered", "Oned", "Twoed"]),
        sends: kinds(&["Question"]),
        ..manifest("fragile-1.0")
    };
    bench.process(
        "fragile",
        m,
        |_, _, t| match word(t).as_str() {
            "Begin" => accept(&["Begun"], vec![send("Question")]),
            "Answer" if BAD.load(Ordering::SeqCst) => Err(GuestError::Trap("x".into())),
            "Answer" => accept(&["Answered"], vec![]),
            "One" => accept(&["Oned"], vec![]),
            _ => accept(&["Twoed"], vec![]),
        },
        |_| Phase::Running,
    );
    bench.adapter("oracle", Manifest { handles: kinds(&["Question"]), sends: kinds(&["Answer"]), ..manifest("oracle-1.0") }, |_, _| {
        Ok(vec![reply("Answer", 0)])
    });
    bench.ask(request("F1", "Begin")).unwrap();
    assert!(matches!(bench.ask(request("F1", "One")), Ok(Answer::Waiting(_, _))));
    assert!(bench.row("F1").parked.is_some());
    BAD.store(false, Ordering::SeqCst);
    let engine = Arc::clone(bench.standing.engine());
    let mut cx = Context::from_waker(Waker::noop());
    let mut retry = Box::pin(engine.retry(ProcessId::parse("F1").unwrap()));
    assert!(retry.as_mut().poll(&mut cx).is_pending());
    let _two = ask(&mut bench, request("F1", "Two"));
    assert!(matches!(retry.as_mut().poll(&mut cx), Poll::Ready(Ok(()))));
    assert_eq!(bench.stream("F1-Fragile"), ["Begun", "Answered", "Oned", "Twoed"]);
}

#[test]
fn what_one_stream_put_off_reaches_it_once_although_the_other_broke_on_it() {
    let mut bench = Bench::new();
    let m = |c: &str, s: &str| Manifest {
        stream: suffix(s),
        starts: kinds(&[&format!("Begin{s}")]),
        handles: kinds(&["News", "Free"]),
        records: records(&["Begun", "Newsed", "Freed"]),
        sends: kinds(&["Ask"]),
        ..manifest(c)
    };
    bench.process(
        "one",
        m("one-1.0", "One"),
        |e, _, t| match word(t).as_str() {
            "BeginOne" => accept(&["Begun"], vec![]),
            "News" if !happened(e, "Freed") => Ok(Decision::Defer("later".into())),
            "News" => accept(&["Newsed"], vec![]),
            "Free" => accept(&["Freed"], vec![]),
            _ => reject("no"),
        },
        |_| Phase::Running,
    );
    bench.process(
        "two",
        m("two-1.0", "Two"),
        |_, _, t| match word(t).as_str() {
            "BeginTwo" => accept(&["Begun"], vec![send("Ask")]),
            "News" if BROKE.load(Ordering::SeqCst) => Err(GuestError::Trap("x".into())),
            "News" => accept(&["Newsed"], vec![]),
            "Free" => Ok(Decision::Ignore("".into())),
            _ => reject("no"),
        },
        |_| Phase::Running,
    );
    bench.adapter("oracle", Manifest { handles: kinds(&["Ask"]), sends: kinds(&["News"]), ..manifest("oracle-1.0") }, |_, _| {
        Ok(vec![reply("News", 0)])
    });
    bench.ask(request("M1", "BeginOne")).unwrap();
    bench.ask(request("M1", "BeginTwo")).unwrap();
    BROKE.store(false, Ordering::SeqCst);
    assert!(bench.row("M1").parked.is_some());
    bench.retry("M1").unwrap();
    bench.ask(request("M1", "Free")).unwrap();
    assert_eq!(bench.stream("M1-Two"), ["Begun", "Newsed"]);
    assert_eq!(bench.stream("M1-One"), ["Begun", "Freed", "Newsed"]);
}

#[test]
fn messages_to_another_worker_keep_their_order() {
    let mut bench = Bench::with(Limits { workers: 2, waiting_max: 2, commits_in_flight_max: 64, ..Limits::default() });
    let m = Manifest {
        stream: suffix("Fan"),
        starts: kinds(&["Begin"]),
        records: records(&["Begun"]),
        sends: kinds(&["P"]),
        ..manifest("fan-1.0")
    };
    bench.process(
        "fan",
        m,
        |_, _, _| {
            accept(
                &["Begun"],
                (0..9)
                    .map(|i| {
                        Effect::Send(Command {
                            kind: kind("P"),
                            process: Some(ProcessId::parse("T").unwrap()),
                            data: Json::parse(format!("{i}")).unwrap(),
                            expires_after_ms: None,
                        })
                    })
                    .collect(),
            )
        },
        |_| Phase::Running,
    );
    let m = Manifest { stream: suffix("Sink"), starts: kinds(&["P"]), records: records(&["Got"]), ..manifest("sink-1.0") };
    bench.process(
        "sink",
        m,
        |_, _, t| match t {
            Trigger::Start(m) | Trigger::Message(m) => {
                Ok(Decision::Accept { events: vec![Event { data: m.data.clone(), ..event("Got") }], effects: vec![] })
            }
            _ => reject("x"),
        },
        |_| Phase::Running,
    );
    for i in 0..8 {
        bench.ask(request(&format!("F{i}"), "Begin")).unwrap();
    }
    let got: Vec<_> = bench.events("T-Sink").iter().map(|e| (e.correlation.to_string(), e.event.data.as_str().to_owned())).collect();
    assert_eq!(got.len(), 72);
    for c in got.iter().map(|g| g.0.clone()).collect::<std::collections::BTreeSet<_>>() {
        let of: Vec<_> = got.iter().filter(|g| g.0 == c).map(|g| g.1.clone()).collect();
        assert!(of.is_sorted(), "{of:?}");
    }
}

#[test]
fn a_crash_after_unparking_loses_nothing() {
    let mut bench = Bench::new();
    let m = Manifest {
        stream: suffix("Fragile"),
        starts: kinds(&["Begin"]),
        handles: kinds(&["Answer", "One"]),
        records: records(&["Begun", "Answered", "Oned"]),
        sends: kinds(&["Question"]),
        ..manifest("fragile-1.0")
    };
    bench.process(
        "fragile",
        m,
        |_, _, t| match word(t).as_str() {
            "Begin" => accept(&["Begun"], vec![send("Question")]),
            "Answer" if BAD2.load(Ordering::SeqCst) => Err(GuestError::Trap("x".into())),
            "Answer" => accept(&["Answered"], vec![]),
            _ => accept(&["Oned"], vec![]),
        },
        |_| Phase::Running,
    );
    bench.adapter("oracle", Manifest { handles: kinds(&["Question"]), sends: kinds(&["Answer"]), ..manifest("oracle-1.0") }, |_, _| {
        Ok(vec![reply("Answer", 0)])
    });
    bench.ask(request("F1", "Begin")).unwrap();
    bench.ask(request("F1", "One")).unwrap();
    BAD2.store(false, Ordering::SeqCst);
    let takes = Arc::new(AtomicU32::new(1));
    bench.restart_behind(Hooked::new(&bench.store, move |s, c, d| {
        if takes.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)).is_ok() {
            s.submit(c, d)
        } else {
            d(Err(CommitError::Store(StoreError::Io("full".into()))))
        }
    }));
    bench.retry("F1").unwrap();
    assert_eq!(bench.stream("F1-Fragile"), ["Begun"], "what was parked was delivered before the crash");
    assert!(bench.row("F1").parked.is_none());
    bench.restart();
    assert_eq!(bench.stream("F1-Fragile"), ["Begun", "Answered", "Oned"]);
}
