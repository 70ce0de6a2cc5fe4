//! Lanes that are not in order: commits that failed and are made again, parked processes that are taken up again.
//! Native definitions, the memory store, and a store whose commits wait or fail.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod support;

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::task::{Context, Waker};

use procession_engine::flow::inbox::{Answer, Request, Unhandled};
use procession_engine::limits::Limits;
use procession_engine::model::decision::{Command, Decision, Effect, Trigger};
use procession_engine::model::event::Event;
use procession_engine::model::id::{MessageId, ProcessId};
use procession_engine::model::json::Json;
use procession_engine::model::manifest::Manifest;
use procession_engine::model::view::Phase;
use procession_engine::ports::definition::GuestError;
use support::held::{Asked, Held, ask, poll};
use support::{Bench, accept, event, happened, kind, kinds, manifest, order, records, reject, reply, request, send, suffix, word};

static BAD: [AtomicBool; 8] = [const { AtomicBool::new(true) }; 8];

fn fragile<const N: usize>(bench: &Bench) {
    let m = Manifest {
        stream: suffix("Fragile"),
        starts: kinds(&["Begin"]),
        handles: kinds(&["Answer", "One", "Two"]),
        records: records(&["Begun", "Answered", "Oned", "Twoed", "Rung"]),
        sends: kinds(&["Question"]),
        ..manifest("fragile-1.0")
    };
    bench.process(
        "fragile",
        m,
        |_, c, t| match word(t).as_str() {
            "Begin" => {
                accept(&["Begun"], vec![send("Question"), Effect::SetTimer { name: "t".into(), at: c.now.plus_ms(10), data: Json::null() }])
            }
            "Answer" if BAD[N].load(Ordering::SeqCst) => Err(GuestError::Trap("x".into())),
            "Answer" => accept(&["Answered"], vec![]),
            "One" => accept(&["Oned"], vec![]),
            "timer:t" => accept(&["Rung"], vec![]),
            _ => accept(&["Twoed"], vec![]),
        },
        |_| Phase::Running,
    );
    bench.adapter("oracle", Manifest { handles: kinds(&["Question"]), sends: kinds(&["Answer"]), ..manifest("oracle-1.0") }, |_, _| {
        Ok(vec![reply("Answer", 0)])
    });
}

#[test]
fn many_requests_behind_a_retry_are_answered_and_nobody_elses_wait_for_them() {
    let mut bench = Bench::with(Limits { workers: 1, commits_in_flight_max: 4, ..Limits::default() });
    fragile::<1>(&bench);
    bench.ask(request("F1", "Begin")).unwrap();
    assert!(bench.row("F1").parked.is_some());
    BAD[1].store(false, Ordering::SeqCst);
    let engine = Arc::clone(bench.standing.engine());
    let mut cx = Context::from_waker(Waker::noop());
    let mut retry = Box::pin(engine.retry(ProcessId::parse("F1").unwrap()));
    assert!(retry.as_mut().poll(&mut cx).is_pending());
    let mut asked: Vec<_> = (0..8).map(|_| Box::pin(engine.request(request("F1", "Two")))).collect();
    for a in &mut asked {
        assert!(a.as_mut().poll(&mut cx).is_pending());
    }
    // Somebody else's request on the same worker, too.
    let mut other = Box::pin(engine.request(request("G1", "Begin")));
    assert!(other.as_mut().poll(&mut cx).is_pending());
    for _ in 0..1000 {
        bench.standing.settle();
    }
    assert!(other.as_mut().poll(&mut cx).is_ready(), "the worker is stuck: another process's request is not answered");
    for a in &mut asked {
        assert!(a.as_mut().poll(&mut cx).is_ready());
    }
}

fn sink(bench: &Bench) {
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
}
fn fan(bench: &Bench) {
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
                (0..6)
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
}

#[test]
fn deliveries_that_are_made_again_keep_their_order() {
    let mut bench = Bench::with(Limits { workers: 1, ..Limits::default() });
    sink(&bench);
    fan(&bench);
    let held = Held::behind(&mut bench);
    // An earlier request to T is in flight, and the six deliveries build on it.
    let _f = ask(&mut bench, request("F1", "Begin"));
    let _p = ask(&mut bench, Request { data: Json::parse("99").unwrap(), ..request("T", "P") });
    // F1's commit is done, T's stays: T's first commit then fails.
    held.release_first();
    bench.standing.settle();
    // In flight now: 99 and the six.
    held.release(1);
    bench.standing.settle();
    held.release_all(&mut bench);
    let got: Vec<_> = bench.events("T-Sink").iter().map(|e| e.event.data.as_str().to_owned()).collect();
    assert_eq!(got, ["0", "1", "2", "3", "4", "5"]);
}

static GO: AtomicBool = AtomicBool::new(true);
#[test]
fn a_command_to_another_process_does_not_wait_for_the_parked_one_and_reaches_its_own_worker() {
    // B lives on the other worker than A; A's command to B is parked along with A.
    let mut bench = Bench::with(Limits { workers: 2, ..Limits::default() });
    let a = Manifest {
        stream: suffix("A"),
        starts: kinds(&["Begin"]),
        reacts_to: vec![],
        handles: kinds(&["Answer"]),
        records: records(&["Begun", "Answered"]),
        sends: kinds(&["Ask", "Pay"]),
        ..manifest("a-1.0")
    };
    bench.process(
        "a",
        a,
        |_, c, t| match word(t).as_str() {
            // Begun is offered to the watcher stream W, which breaks; the command to B comes behind.
            "Begin" => accept(
                &["Begun"],
                vec![Effect::Send(Command {
                    kind: kind("Pay"),
                    process: Some(ProcessId::parse(&format!("{}x", c.process)).unwrap()),
                    data: Json::null(),
                    expires_after_ms: None,
                })],
            ),
            _ => reject("no"),
        },
        |_| Phase::Running,
    );
    let w = Manifest { stream: suffix("W"), starts: kinds(&["Begun"]), records: records(&["Seen"]), ..manifest("w-1.0") };
    bench.process(
        "w",
        w,
        |_, _, _| if GO.load(Ordering::SeqCst) { Err(GuestError::Trap("x".into())) } else { accept(&["Seen"], vec![]) },
        |_| Phase::Running,
    );
    let b = Manifest {
        stream: suffix("B"),
        starts: kinds(&["Open"]),
        handles: kinds(&["Pay", "Ship"]),
        records: records(&["Opened", "Paid", "Shipped"]),
        ..manifest("b-1.0")
    };
    bench.process(
        "b",
        b,
        |e, _, t| match word(t).as_str() {
            "Open" => accept(&["Opened"], vec![]),
            "Pay" => accept(&["Paid"], vec![]),
            "Ship" if happened(e, "Paid") => accept(&["Shipped"], vec![]),
            _ => reject("not-paid"),
        },
        |_| Phase::Running,
    );
    GO.store(true, Ordering::SeqCst);
    for i in 0..16 {
        bench.ask(request(&format!("A{i}x"), "Open")).unwrap();
    }
    for i in 0..16 {
        bench.ask(request(&format!("A{i}"), "Begin")).unwrap();
        assert!(bench.row(&format!("A{i}")).parked.is_some());
    }
    GO.store(false, Ordering::SeqCst);
    for i in 0..16 {
        bench.retry(&format!("A{i}")).unwrap();
    }
    bench.standing.settle();
    let mut wrong = vec![];
    for i in 0..16 {
        assert_eq!(bench.stream(&format!("A{i}x-B")), ["Opened", "Paid"]);
        let answer = bench.ask(request(&format!("A{i}x"), "Ship"));
        if answer.is_err() {
            wrong.push((i, answer));
        }
    }
    assert!(wrong.is_empty(), "paid and durable, yet refused: {} of 16: {:?}", wrong.len(), wrong[0]);
}

#[test]
fn a_timer_that_comes_due_while_its_process_is_taken_up_again_waits_for_that() {
    let mut bench = Bench::with(Limits { workers: 1, ..Limits::default() });
    fragile::<4>(&bench);
    bench.ask(request("F1", "Begin")).unwrap();
    let held = Held::behind(&mut bench);
    BAD[4].store(false, Ordering::SeqCst);
    let engine = Arc::clone(bench.standing.engine());
    let mut cx = Context::from_waker(Waker::noop());
    let mut retry = Box::pin(engine.retry(ProcessId::parse("F1").unwrap()));
    assert!(retry.as_mut().poll(&mut cx).is_pending());
    bench.standing.settle();
    bench.advance(10); // the commit of the retry is on its way to the disk
    held.release_all(&mut bench);
}

#[test]
fn a_source_from_outside_that_reads_like_a_stream_hides_nothing_from_that_stream() {
    let mut bench = Bench::new();
    order(&bench);
    let _p = bench.ask(request("A1", "PlaceOrder"));
    let answer = bench.ask(Request {
        source: Some("A1-Order".into()),
        unhandled: Unhandled::Keep,
        key: Some("A1-Order 7".into()),
        id: MessageId::parse("A1-Order 7").unwrap(),
        ..request("A1", "Remark")
    });
    assert!(matches!(answer, Ok(Answer::Taken(_))), "{answer:?}");
}

static SAW: AtomicU32 = AtomicU32::new(0);
#[test]
fn a_stranger_cannot_make_a_timer() {
    let mut bench = Bench::new();
    let m = Manifest {
        stream: suffix("Alarm"),
        starts: kinds(&["Begin", "Timer"]),
        records: records(&["Begun", "Rung"]),
        ..manifest("alarm-1.0")
    };
    bench.process(
        "alarm",
        m,
        |_, _, t| match word(t).as_str() {
            "Begin" => accept(&["Begun"], vec![]),
            "Timer" => Ok(Decision::Defer("later".into())),
            w => {
                if w == "timer:forged" {
                    SAW.fetch_add(1, Ordering::SeqCst);
                }
                accept(&["Rung"], vec![])
            }
        },
        |_| Phase::Running,
    );
    let _a = bench.ask(Request {
        source: Some("T1-Alarm".into()),
        unhandled: Unhandled::Keep,
        key: Some("k".into()),
        data: Json::parse("{\"name\":\"forged\",\"due\":1,\"data\":null}").unwrap(),
        ..request("T1", "Timer")
    });
    bench.ask(request("T1", "Begin")).unwrap();
    assert_eq!(SAW.load(Ordering::SeqCst), 0, "a forged timer fired");
}

#[test]
fn a_request_that_is_made_again_is_not_overtaken_by_a_later_one() {
    let mut bench = Bench::with(Limits { workers: 1, ..Limits::default() });
    sink(&bench);
    let held = Held::behind(&mut bench);
    let data = |i: u32| Request { data: Json::parse(format!("{i}")).unwrap(), ..request("T", "P") };
    let _a = ask(&mut bench, data(0));
    let _b = ask(&mut bench, data(1));
    let _c = ask(&mut bench, data(2));
    held.release(1); // 0 fails, so 1 and 2 fail
    let mut late = {
        let e = Arc::clone(bench.standing.engine());
        let r = data(3);
        Box::pin(async move { e.request(r).await }) as Asked
    };
    assert!(poll(&mut late).is_none());
    bench.standing.settle();
    held.release_all(&mut bench);
    let got: Vec<_> = bench.events("T-Sink").iter().map(|e| e.event.data.as_str().to_owned()).collect();
    assert_eq!(got, ["1", "2", "3"]);
}
