//! Definitions that mean harm inside of a whole host, beside one that means well.
//! Every one of them is told by its name, its process is parked and goes on with a mended module, and the others complete meanwhile.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod support;

use std::time::Duration;

use axum::http::Method;

use procession::engine::flow::inbox::{Move, Operation};
use procession::engine::limits::Limits;
use procession::engine::model::id::{Digest, ProcessId};
use procession::engine::model::process::{DeliveryState, ProcessRow};
use procession::{AskError, Host};
use procession_guests::hostile::{doing, healthy, hostile, mended, saying};
use procession_guests::{Guest, Record, Said, accepted, event};
use serde_json::{Value, json};
use support::api::Api;
use support::server::{Folders, run};

const PATIENCE: Duration = Duration::from_secs(60);

/// A host whose guests have little fuel, so that the loops of a debug build are short.
async fn host(limits: Limits) -> Host {
    let guest_limits = procession_wasm::Limits {
        instances_max: 4_096,
        fuel_per_call: 3_000_000,
        fuel_per_call_max: 3_000_000,
        ..procession_wasm::Limits::default()
    };
    let host = Host::builder().in_memory().limits(limits).guest_limits(guest_limits).start().await.unwrap();
    host.deploy(healthy().component()).await.unwrap();
    host
}

fn start(name: &str) -> String {
    saying(name).starts[0].clone()
}

async fn row(host: &Host, id: &str) -> ProcessRow {
    host.process(id).await.unwrap().unwrap()
}

/// Waits until a process looks so.
async fn until(host: &Host, id: &str, what: &str, looks: impl Fn(&ProcessRow) -> bool) -> ProcessRow {
    let begun = std::time::Instant::now();
    loop {
        let row = row(host, id).await;
        if looks(&row) {
            return row;
        }
        assert!(begun.elapsed() < PATIENCE, "{id} is not {what}: {row:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Others begin, and come to their end.
async fn others_complete(host: &Host, round: &str) {
    for number in 0..10 {
        let id = format!("well-{round}-{number}");
        host.send(&id, &start("healthy"), 1).await.unwrap();
        host.wait(&id, PATIENCE).await.unwrap();
    }
}

async fn moved_and_retried(host: &Host, id: &str, to: Digest) {
    let process = ProcessId::parse(id).unwrap();
    host.engine().operate(process.clone(), Operation::Migrate(Move { from: None, to })).await.unwrap();
    host.engine().retry(process).await.unwrap();
}

#[tokio::test]
async fn a_process_of_a_hostile_definition_is_parked_with_its_name_and_goes_on_when_it_is_mended() {
    let host = host(Limits::default()).await;
    for (name, guest, said) in hostile().into_iter().filter(|(_, _, said)| !said.is_empty()) {
        host.deploy(guest.component()).await.unwrap();
        let id = format!("bad-{name}");
        host.send(&id, &start(name), 1).await.unwrap();
        others_complete(&host, name).await;
        let parked = until(&host, &id, "parked", |row| row.parked.is_some()).await.parked.unwrap();
        assert!(parked.reason.starts_with(&format!("{name}-1.0 (")) && parked.reason.contains(said), "{name}: {}", parked.reason);
        assert!(parked.reason.len() < 8_192 && !parked.reason.contains(char::is_control), "{name}: {}", parked.reason);
        let kept = host.engine().query().undelivered(&ProcessId::parse(&id).unwrap(), 10).await.unwrap();
        assert!(kept.iter().any(|one| one.state == DeliveryState::Dead), "{name}: {kept:?}");

        let to = host.deploy(mended(name).component()).await.unwrap().record.digest;
        moved_and_retried(&host, &id, to).await;
        let row = until(&host, &id, "mended", |row| row.parked.is_none() && row.root().unwrap().version >= 3).await;
        assert_eq!(row.root().unwrap().module, to, "{name}");
    }
    others_complete(&host, "after").await;
    host.stop().await;
}

/// Deploys over HTTP, and answers with the module's digest.
async fn put(api: &Api, guest: Guest) -> String {
    let answer = api.ask(Method::PUT, "/definitions", &[], guest.component()).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    answer.json()["module"].as_str().unwrap().to_owned()
}

/// Begins a process whose timer breaks its definition, and waits until it is parked.
async fn parked(api: &Api, id: &str, name: &str) {
    let begun = api.post(&format!("/processes/{id}"), &json!({ "kind": start(name), "data": 1 }).to_string()).await;
    assert_eq!(begun.status, 202, "{begun:?}");
    shown(api, id, |process| !process["parked"].is_null()).await;
}

/// Looks at a process until it looks so.
async fn shown(api: &Api, id: &str, looks: impl Fn(&Value) -> bool) -> Value {
    support::until(&format!("what {id} is to look like"), || async {
        let process = api.get(&format!("/processes/{id}")).await.json();
        looks(&process).then_some(process)
    })
    .await
}

#[tokio::test]
async fn a_parked_process_is_moved_to_a_mended_module_and_retried_there_over_http_and_from_the_command_line() {
    let folders = Folders::with(&[]);
    let server = folders.serve(&[]);
    let (api, name) = (server.api(), "decide-panics");
    put(&api, doing(name, "unreachable")).await;
    for id in ["over-http", "by-command", "left-alone"] {
        parked(&api, id, name).await;
    }
    let to = put(&api, mended(name)).await;

    let moved = api.post("/processes/over-http/migrate", &json!({ "to": to }).to_string()).await;
    assert_eq!((moved.status, &moved.json()["module"]), (202, &json!(to)), "{moved:?}");
    shown(&api, "over-http", |process| process["module"] == json!(to) && !process["parked"].is_null()).await;
    assert_eq!(api.post("/processes/over-http/retry", "").await.status, 202);

    let command = |arguments: &[&str]| run(&[arguments, &["--url", &server.url]].concat());
    let moved = command(&["process", "migrate", "--id", "by-command", "--to", &to]);
    assert_eq!(moved.code, 0, "{moved:?}");
    let retried = command(&["process", "retry", "by-command"]);
    assert_eq!(retried.code, 0, "{retried:?}");

    for id in ["over-http", "by-command"] {
        let process = shown(&api, id, |process| process["parked"].is_null()).await;
        assert_eq!(process["module"], json!(to), "{process}");
        let kinds: Vec<Value> = api.history(id).await.iter().map(|event| event["kind"].clone()).collect();
        // The mended module answers the move, and then the timer on which the other one broke.
        assert_eq!(kinds, ["Added", "ProcessCategoryChanged", "Added", "Added"], "{id}");
    }
    let left = shown(&api, "left-alone", |_| true).await;
    assert!(!left["parked"].is_null() && left["module"] != json!(to), "{left}");
    server.stop();
    let verified = support::server::run_on(&["verify"], &folders.data());
    assert_eq!(verified.code, 0, "{verified:?}");
}

#[tokio::test]
async fn whoever_asks_a_hostile_definition_hears_who_broke_and_nothing_is_recorded() {
    let host = host(Limits::default()).await;
    for (number, harm) in ["(call $busy)", "(call $deep)", "(call $greedy)", "unreachable"].into_iter().enumerate() {
        let name = ["asked-loops", "asked-recurses", "asked-takes", "asked-panics"][number];
        let guest = Guest { said: saying(name), ..Guest::doing(&format!("{harm} unreachable")) };
        host.deploy(guest.component()).await.unwrap();
        let Err(AskError::Refused(refusal)) = host.send("nothing", &start(name), 1).await else { panic!("{name} was taken") };
        assert!(refusal.to_string().starts_with(&format!("{name}-1.0 (")), "{refusal}");
        assert!(host.process("nothing").await.unwrap().is_none(), "{name}");
    }
    others_complete(&host, "meanwhile").await;
    host.stop().await;
}

#[tokio::test]
async fn what_was_decided_stays_when_a_definition_breaks_after_it() {
    let host = host(Limits::default()).await;
    let good = || mended("look-loops");
    let (looking, freeing) =
        (Guest { before_look: "(call $busy)".to_owned(), ..good() }, Guest { free: "(call $busy)".to_owned(), ..mended("free-loops") });
    let shared = Said { sharing: 1, ..saying("free-loops") };
    host.deploy(looking.component()).await.unwrap();
    host.deploy(Guest { said: shared, ..freeing }.component()).await.unwrap();
    for name in ["look-loops", "free-loops"] {
        host.send(name, &start(name), 1).await.unwrap();
        until(&host, name, "decided twice", |row| row.root().is_some_and(|root| root.version == 2)).await;
        assert!(row(&host, name).await.parked.is_none());
    }
    others_complete(&host, "meanwhile").await;
    host.stop().await;
}

/// Begins 200 more of itself under ids that nobody has used: made of the seed, a letter for every four bits.
fn bomb() -> Guest {
    const CHILDREN: usize = 200;
    let mut guest = Guest { said: saying("bomb"), ..Guest::process() };
    let image = &mut guest.image;
    let (ids, _) = image.raw(&[b'a'; 16 * CHILDREN]);
    let (kind, data) = (image.text("StartBomb"), image.text("1"));
    let child = |number: usize| Record::new(56).span(8, kind).byte(16, 1).span(20, (ids + 16 * number as u32, 16)).span(28, data);
    let children: Vec<Record> = (0..CHILDREN).map(child).collect();
    let event = event(image, "Added", 2, b"1");
    let (events, effects) = (image.list(&[event]), image.list(&children));
    let answer = image.record(&accepted(events, effects));
    let (ends, last) = (ids + 16 * CHILDREN as u32, "(i64.const 15)");
    guest.more = format!(
        "(func $name (param $seed i64) (local $at i32) (local $bits i64) (local $left i32)
            (local.set $at (i32.const {ids}))
            (loop $child
                (local.set $seed (i64.add (i64.mul (local.get $seed) (i64.const 6364136223846793005)) (i64.const 1442695040888963407)))
                (local.set $bits (i64.xor (local.get $seed) (i64.shr_u (local.get $seed) (i64.const 29))))
                (local.set $left (i32.const 16))
                (loop $letter
                    (i32.store8 (local.get $at) (i32.add (i32.const 97) (i32.wrap_i64 (i64.and (local.get $bits) {last}))))
                    (local.set $bits (i64.shr_u (local.get $bits) (i64.const 4)))
                    (local.set $at (i32.add (local.get $at) (i32.const 1)))
                    (local.set $left (i32.sub (local.get $left) (i32.const 1)))
                    (br_if $letter (local.get $left)))
                (br_if $child (i32.lt_u (local.get $at) (i32.const {ends})))))"
    );
    // The seed stands behind the process, its ids, its version and the time.
    guest.decide = format!("(call $name (i64.load offset=40 (local.get $asked_of))) (i32.const {answer})");
    guest
}

#[tokio::test]
async fn a_chain_reaction_burns_out_and_its_processes_are_parked() {
    let host = host(Limits { flood_messages: 1_000, flood_reserve: 100, ..Limits::default() }).await;
    host.deploy(bomb().component()).await.unwrap();
    host.send("first", &start("bomb"), 1).await.unwrap();
    others_complete(&host, "meanwhile").await;
    let begun = std::time::Instant::now();
    let mut seen = (0, 0);
    loop {
        let counters = host.engine().counters();
        let now = [&counters.commits, &counters.dead_letters].map(|counter| counter.load(std::sync::atomic::Ordering::Relaxed));
        if now[1] > 0 && seen == (now[0], now[1]) && host.engine().load().commits_in_flight == 0 {
            break;
        }
        seen = (now[0], now[1]);
        assert!(begun.elapsed() < PATIENCE, "the reaction goes on: {seen:?}");
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    let (commits, dead) = seen;
    assert!(commits < 5_000, "{commits} commits");
    let letters = host.engine().query().dead_letters(None, 10).await.unwrap();
    // Those that it would have begun have no row yet; their letters tell the story.
    let failed = letters.letters[0].failed.clone().unwrap();
    assert!(dead > 100 && failed.definition.starts_with("bomb-1.0 (") && failed.error.contains("chain reaction"), "{dead}: {failed:?}");
    others_complete(&host, "after").await;
    host.stop().await;
}
