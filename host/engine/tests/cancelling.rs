//! Cancelling, and processes that nothing will move again: neither happens in silence.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod support;

use procession_engine::error::Refusal;
use procession_engine::flow::inbox::{Answer, Request};
use procession_engine::model::decision::{Decision, Effect, Trigger};
use procession_engine::model::event::StreamEvent;
use procession_engine::model::id::ProcessId;
use procession_engine::model::json::Json;
use procession_engine::model::manifest::Manifest;
use procession_engine::model::view::Phase;
use procession_engine::ports::definition::GuestError;
use procession_engine::query::Survey;
use support::{Bench, accept, happened, kinds, manifest, records, reject, request, suffix, word};

/// A task that can be cancelled, waits with a timer where it is told to, and breaks on `Break`.
fn task(bench: &Bench) {
    let manifest = Manifest {
        stream: suffix("Task"),
        starts: kinds(&["Begin", "Wait"]),
        handles: kinds(&["Break", "Cancel"]),
        records: records(&["Begun", "Cancelled", "Rung"]),
        ..manifest("task-1.0")
    };
    let look = |events: &[StreamEvent]| if happened(events, "Cancelled") { Phase::Cancelled } else { Phase::Running };
    bench.process(
        "task",
        manifest,
        |events, context, trigger| match (word(trigger).as_str(), trigger) {
            ("Begin", _) => accept(&["Begun"], vec![]),
            ("Wait", _) => {
                let timer = Effect::SetTimer { name: "ring".to_owned(), at: context.now.plus_ms(100), data: Json::null() };
                accept(&["Begun"], vec![timer])
            }
            ("timer:ring", _) if happened(events, "Rung") => Err(GuestError::Trap("rung twice".to_owned())),
            ("timer:ring", _) => accept(&["Rung"], vec![]),
            ("Break", _) => Err(GuestError::Trap("broken".to_owned())),
            ("cancel", _) if happened(events, "Cancelled") => Ok(Decision::Ignore("it is cancelled already".to_owned())),
            ("cancel", Trigger::Cancel(reason)) if reason == "wanted" => accept(&["Cancelled"], vec![]),
            _ => reject("no"),
        },
        look,
    );
}

fn with_a_task(first: &str) -> Bench {
    let mut bench = Bench::new();
    task(&bench);
    bench.ask(request("T1", first)).unwrap();
    bench
}

fn stuck(bench: &mut Bench) -> Vec<String> {
    let query = bench.standing.engine().query().clone();
    let page = bench.wait_for(query.stuck(None, 10)).unwrap();
    page.rows.into_iter().map(|row| row.id.to_string()).collect()
}

#[test]
fn the_wish_to_cancel_reaches_the_stream_that_began_and_ends_it() {
    let mut bench = with_a_task("Begin");
    assert!(matches!(bench.cancel("T1", "wanted"), Ok(Answer::Taken(_))));
    assert_eq!(bench.row("T1").root().unwrap().view.phase, Phase::Cancelled);
    assert!(matches!(bench.cancel("T1", "wanted"), Ok(Answer::Ignored(_))));
    assert_eq!(bench.stream("T1-Task"), ["Begun", "Cancelled"]);
}

#[test]
fn a_wish_that_the_definition_turns_down_is_told_and_noted() {
    let mut bench = with_a_task("Begin");
    assert!(matches!(bench.cancel("T1", "a whim"), Err(Refusal::Rejected { .. })));
    assert_eq!(bench.notes("T1"), ["rejected Cancel"]);
    assert!(matches!(bench.cancel("T9", "wanted"), Err(Refusal::UnknownProcess(_))));
}

#[test]
fn the_same_wish_under_one_key_is_taken_once() {
    let mut bench = with_a_task("Begin");
    let wish = |which| Request::cancel(ProcessId::parse("T1").unwrap(), which, "wanted", Some("k".to_owned()));
    assert!(matches!(bench.ask(wish("1")), Ok(Answer::Taken(_))));
    assert!(matches!(bench.ask(wish("2")), Ok(Answer::Duplicate(_))));
}

#[test]
fn a_message_of_that_kind_from_outside_is_no_wish_to_cancel() {
    let mut bench = with_a_task("Begin");
    let forged = Request { data: Json::parse("\"wanted\"").unwrap(), ..request("T1", "Cancel") };
    assert!(matches!(bench.ask(forged), Err(Refusal::Rejected { .. })));
    assert_eq!(bench.stream("T1-Task"), ["Begun"]);
}

#[test]
fn a_parked_process_is_cancelled_when_it_goes_on() {
    let mut bench = with_a_task("Wait");
    // The second ring breaks it.
    bench.advance(100);
    let breaks = Request { unhandled: procession_engine::flow::inbox::Unhandled::Keep, ..request("T1", "Break") };
    assert!(matches!(bench.ask(breaks), Err(Refusal::Guest { .. })), "a caller hears of it, and nothing is parked");
    assert!(matches!(bench.cancel("T1", "wanted"), Ok(Answer::Taken(_))));
}

#[test]
fn a_process_that_nothing_will_move_is_listed_as_stuck() {
    let mut bench = with_a_task("Begin");
    assert_eq!(stuck(&mut bench), ["T1"]);
    bench.cancel("T1", "wanted").unwrap();
    assert_eq!(stuck(&mut bench), Vec::<String>::new());
}

#[test]
fn a_process_that_waits_for_a_timer_is_not_stuck_until_that_has_fired() {
    let mut bench = with_a_task("Wait");
    assert_eq!(stuck(&mut bench), Vec::<String>::new());
    bench.advance(100);
    assert_eq!((bench.stream("T1-Task").len(), stuck(&mut bench)), (2, vec!["T1".to_owned()]));
}

#[test]
fn stuck_processes_are_listed_page_by_page_and_counted_a_bounded_number_at_a_time() {
    let mut bench = with_a_task("Begin");
    // More than the store is asked for at once; every second one rings later, so it is not stuck.
    for number in 2..=1_100 {
        let first = if number % 2 == 0 { "Wait" } else { "Begin" };
        bench.ask(request(&format!("T{number}"), first)).unwrap();
    }
    let query = bench.standing.engine().query().clone();
    let (mut after, mut listed) = (None, Vec::new());
    loop {
        let page = bench.wait_for(query.stuck(after.as_ref(), 100)).unwrap();
        listed.extend(page.rows.into_iter().map(|row| row.id));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(listed.len(), 550);
    assert!(listed.is_sorted() && listed.windows(2).all(|pair| pair[0] != pair[1]), "not in order, or one twice");

    let mut survey = Survey::default();
    query.survey(&mut survey, 1).unwrap();
    assert!(!survey.is_complete() && survey.running < 1_100, "one look has counted everything: {survey:?}");
    while !survey.is_complete() {
        query.survey(&mut survey, 1).unwrap();
    }
    assert_eq!((survey.running, survey.compensating, survey.stuck, survey.parked, survey.dead), (1_100, 0, 550, 0, 0));
}
