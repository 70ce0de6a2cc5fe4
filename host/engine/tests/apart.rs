//! Turns that take longer than a slice are made apart: nobody else waits for them, and what they lead to is the same.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod support;

use std::sync::atomic::Ordering;

use procession_engine::error::Refusal;
use procession_engine::flow::inbox::Answer;
use procession_engine::limits::Limits;
use procession_engine::model::decision::{Decision, Start};
use procession_engine::model::json::Json;
use procession_engine::model::manifest::Manifest;
use procession_engine::model::view::Phase;
use procession_engine::ports::definition::GuestError;
use support::held::{Held, hand_in, poll};
use support::slow::IsSlow;
use support::{Bench, accept, happened, kind, kinds, manifest, order, records, request, suffix, word};

fn bench(limits: &Limits, is_slow: IsSlow) -> Bench {
    let mut bench = Bench::with(Limits { workers: 1, ..limits.clone() });
    bench.is_slow = is_slow;
    bench
}

/// Records what it is told, in order, and ends when it is told so.
fn diary(bench: &Bench, name: &str) {
    let diary = Manifest {
        stream: suffix("Diary"),
        starts: kinds(&[&format!("{name}Begin")]),
        handles: kinds(&["Slowly", "Quickly", "End", "Break"]),
        records: records(&["Begun", "Slowly", "Quickly", "Ended"]),
        ..manifest(&format!("{name}-1.0").to_lowercase())
    };
    bench.process(
        name,
        diary,
        |events, _, trigger| match word(trigger).as_str() {
            "Slowly" => accept(&["Slowly"], Vec::new()),
            "Quickly" => accept(&["Quickly"], Vec::new()),
            "End" => accept(&["Ended"], Vec::new()),
            "Break" => Err(GuestError::Limit("fuel".to_owned())),
            _ if events.is_empty() => accept(&["Begun"], Vec::new()),
            _ => Ok(Decision::Ignore("begun already".to_owned())),
        },
        |events| if happened(events, "Ended") { Phase::Completed } else { Phase::Running },
    );
}

fn counted(bench: &Bench) -> (u64, u64) {
    let counters = bench.standing.engine().counters();
    (counters.cut_off.load(Ordering::Relaxed), counters.made_apart.load(Ordering::Relaxed))
}

#[test]
fn whichever_calls_take_long_an_order_comes_to_the_same_end() {
    let is_slow: [IsSlow; 10] = [
        |_| true,
        |call| call == "evolve",
        |call| call == "handle",
        |call| call == "look",
        |call| call == "restore",
        |call| call == "snapshot",
        |call| call.starts_with("decide"),
        |call| call == "decide PlaceOrder",
        |call| call == "decide SendParcel" || call == "decide PaymentTaken",
        |call| call == "decide own:OrderPaid" || call == "decide timer:payment",
    ];
    for (which, is_slow) in is_slow.into_iter().enumerate() {
        for delay_ms in [0, 500, 20_000] {
            let [fast, slow] = [|_: &str| false, is_slow].map(|is_slow: IsSlow| {
                let mut bench = bench(&Limits { snapshot_every: 2, audit_one_in: 2, ..Limits::default() }, is_slow);
                bench.settings.insert("bank".to_owned(), Json::parse(format!("{{\"delayMs\":{delay_ms}}}")).unwrap());
                if delay_ms > 0 {
                    bench.restart();
                }
                order(&bench);
                assert!(matches!(bench.ask(request("A1", "PlaceOrder")), Ok(Answer::Taken(_))));
                drop(bench.ask(request("A1", "Remark")));
                bench.advance(10_000);
                bench.advance(10_000);
                let row = bench.row("A1");
                assert!(row.parked.is_none() && bench.kept("A1").is_empty(), "{which}: {row:?}");
                let mut streams = ["A1-Order", "A1-Parcel"].map(|name| bench.stream(name));
                // A remark that was put off is for nobody else to wait for, so it may come before or after the parcel.
                streams[0].retain(|kind| kind != "Remarked");
                (streams, row.root().unwrap().view.phase, row.has_ended())
            });
            assert_eq!(fast, slow, "calls {which}, {delay_ms} ms");
        }
    }
}

#[test]
fn others_go_on_while_a_turn_is_made_apart_and_what_is_for_its_process_waits_in_order() {
    let mut bench = bench(&Limits::default(), |call| call == "decide Slowly");
    diary(&bench, "A");
    for process in ["P1", "P2"] {
        bench.ask(request(process, "ABegin")).unwrap();
    }
    let mut slow = hand_in(&bench, request("P1", "Slowly"));
    let mut behind = hand_in(&bench, request("P1", "Quickly"));
    let mut other = hand_in(&bench, request("P2", "Quickly"));
    while bench.standing.step(0) {}
    assert!(poll(&mut slow).is_none() && poll(&mut behind).is_none(), "it did not wait");
    assert!(matches!(poll(&mut other), Some(Ok(Answer::Taken(_)))), "it waited for another process");
    assert_eq!(bench.stream("P1-Diary"), ["Begun"]);
    assert!(bench.standing.step_apart() && !bench.standing.step_apart());
    bench.standing.settle();
    assert!(matches!((poll(&mut slow), poll(&mut behind)), (Some(Ok(_)), Some(Ok(_)))));
    assert_eq!(bench.stream("P1-Diary"), ["Begun", "Slowly", "Quickly"]);
    assert_eq!(counted(&bench), (1, 1));
}

#[test]
fn a_turn_that_builds_on_a_commit_which_failed_meanwhile_is_made_again() {
    let mut bench = bench(&Limits::default(), |call| call == "decide Slowly");
    diary(&bench, "A");
    bench.ask(request("P1", "ABegin")).unwrap();
    let held = Held::behind(&mut bench);
    let mut first = hand_in(&bench, request("P1", "Quickly"));
    let mut slow = hand_in(&bench, request("P1", "Slowly"));
    while bench.standing.step(0) {}
    held.release(1);
    while bench.standing.step(0) {}
    assert!(matches!(poll(&mut first), Some(Err(Refusal::Store(_)))));
    bench.standing.settle();
    held.release_all(&mut bench);
    assert!(matches!(poll(&mut slow), Some(Ok(Answer::Taken(_)))));
    assert_eq!(bench.stream("P1-Diary"), ["Begun", "Slowly"]);
}

#[test]
fn a_definition_that_is_cut_off_too_often_is_not_tried_on_a_worker_for_a_while() {
    let mut bench = bench(&Limits { cut_off_max: 2, apart_ms: 60_000, ..Limits::default() }, |call| call == "decide Slowly");
    diary(&bench, "A");
    bench.ask(request("P1", "ABegin")).unwrap();
    for _ in 0..5 {
        bench.ask(request("P1", "Slowly")).unwrap();
    }
    assert_eq!(counted(&bench), (3, 5), "it was tried again and again");
    bench.ask(request("P1", "Quickly")).unwrap();
    assert_eq!(counted(&bench), (3, 6), "all its turns are made apart");
    bench.advance(60_000);
    bench.ask(request("P1", "Quickly")).unwrap();
    assert_eq!(counted(&bench), (3, 6));
    assert_eq!(bench.stream("P1-Diary").len(), 8);
}

#[test]
fn one_that_comes_to_nothing_apart_parks_its_process_after_one_attempt_and_is_kept_off_the_workers() {
    let mut bench = bench(&Limits::default(), |call| call == "decide Break");
    diary(&bench, "A");
    bench.ask(request("P1", "ABegin")).unwrap();
    bench.restart();
    let Err(Refusal::Guest { source: GuestError::Limit(_), .. }) = bench.ask(request("P1", "Break")) else { panic!("taken") };
    assert_eq!(counted(&bench), (1, 1));
    bench.ask(request("P1", "Quickly")).unwrap();
    assert_eq!(counted(&bench), (1, 2), "it was tried on a worker");
    assert_eq!(bench.stream("P1-Diary"), ["Begun", "Quickly"]);
}

#[test]
fn where_too_many_turns_wait_callers_hear_that_the_host_is_busy() {
    let mut bench = bench(&Limits { apart_waiting_max: 1, cut_off_max: 0, ..Limits::default() }, |call| call.starts_with("decide"));
    diary(&bench, "A");
    let mut first = hand_in(&bench, request("P1", "ABegin"));
    let mut second = hand_in(&bench, request("P2", "ABegin"));
    while bench.standing.step(0) {}
    assert!(poll(&mut first).is_none() && matches!(poll(&mut second), Some(Err(Refusal::Busy))));
    bench.standing.settle();
    assert!(matches!(poll(&mut first), Some(Ok(Answer::Taken(_)))));
    assert!(matches!(bench.ask(request("P2", "ABegin")), Ok(Answer::Taken(_))));
}

#[test]
fn a_router_that_takes_long_is_asked_apart_and_so_is_what_it_chooses() {
    for is_slow in [|call: &str| call == "classify", |call: &str| call == "classify" || call == "decide ABegin"] {
        let mut bench = bench(&Limits::default(), is_slow);
        diary(&bench, "A");
        let chooser = Manifest { handles: kinds(&["Begin"]), ..manifest("chooser-1.0") };
        bench.router("chooser", chooser, |request| {
            Ok(Start { category: "a-1.0".to_owned(), kind: kind("ABegin"), data: request.data.clone() })
        });
        let mut asked = hand_in(&bench, request("P1", "Begin"));
        while bench.standing.step(0) {}
        assert!(poll(&mut asked).is_none(), "it did not wait");
        bench.advance(500);
        assert!(matches!(poll(&mut asked), Some(Ok(Answer::Taken(_)))));
        assert_eq!(bench.stream("P1-Diary"), ["Begun"]);
        assert_eq!(counted(&bench).0, counted(&bench).1, "something was made twice");
    }
}

#[test]
fn a_turn_that_a_crash_cut_off_is_made_after_it() {
    let mut bench = bench(&Limits::default(), |call| call == "decide SendParcel" || call == "decide PaymentTaken");
    order(&bench);
    let mut asked = hand_in(&bench, request("A1", "PlaceOrder"));
    while bench.standing.step(0) {}
    assert!(poll(&mut asked).is_some_and(|answer| answer.is_ok()));
    bench.restart();
    assert_eq!(bench.row("A1").root().unwrap().view.phase, Phase::Completed);
    assert_eq!(bench.stream("A1-Order").len(), 5);
}

#[test]
fn whoever_waits_for_a_turn_hears_when_the_host_stops() {
    let bench = bench(&Limits::default(), |call| call.starts_with("decide"));
    diary(&bench, "A");
    let mut asked = hand_in(&bench, request("P1", "ABegin"));
    let mut bench = bench;
    while bench.standing.step(0) {}
    bench.standing.engine().stop();
    while bench.standing.step(0) {}
    assert!(poll(&mut asked).is_none());
    bench.restart();
    assert!(matches!(poll(&mut asked), Some(Err(Refusal::Stopping))));
}
