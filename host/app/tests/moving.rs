//! Running processes are moved to another module and back, from outside: one by one, many at once, and while shipments are in flight.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod support;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::http::Method;
use procession::Host;
use procession::engine::limits::Limits;
use serde_json::{Value, json};
use support::api::Api;
use support::server::{Folders, GUESTS, Server, run};
use support::{Random, guest, until};
use tokio::sync::Semaphore;

/// Asks for a migration, and answers with its lines and its summary.
async fn migrate(api: &Api, wish: &Value) -> (Vec<Value>, Value) {
    let answer = api.post("/migrations", &wish.to_string()).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/x-ndjson"), "{answer:?}");
    let mut lines: Vec<Value> = answer.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let last = lines.pop().unwrap();
    assert!(last["summary"]["brokeOff"].is_null(), "{last}");
    (lines, last["summary"].clone())
}

/// Process, result and code of each line, in order of process.
fn told(lines: &[Value]) -> Vec<(String, String, String)> {
    let text = |line: &Value, field: &str| line[field].as_str().unwrap_or("").to_owned();
    let mut told: Vec<_> = lines.iter().map(|line| (text(line, "process"), text(line, "result"), text(line, "code"))).collect();
    told.sort();
    told
}

fn one(process: &str, result: &str, code: &str) -> (String, String, String) {
    (process.to_owned(), result.to_owned(), code.to_owned())
}

async fn deploy(api: &Api, bytes: Vec<u8>) -> String {
    let answer = api.ask(Method::PUT, "/definitions", &[], bytes).await;
    assert!([200, 201].contains(&answer.status), "{answer:?}");
    answer.json()["module"].as_str().unwrap().to_owned()
}

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(guest(name)).unwrap()
}

/// A guest with other bytes that do the same: a custom section at its end.
fn with_a_note(name: &str) -> Vec<u8> {
    [bytes(name), vec![0, 5, 4, b'n', b'o', b't', b'e']].concat()
}

async fn tell(api: &Api, id: &str, kind: &str, data: Value) {
    let answer = api.post(&format!("/processes/{id}"), &json!({ "kind": kind, "data": data }).to_string()).await;
    assert_eq!(answer.status, 202, "{answer:?}");
}

async fn kinds(api: &Api, id: &str) -> Vec<String> {
    api.history(id).await.iter().map(|event| event["kind"].as_str().unwrap().to_owned()).collect()
}

/// A server with tickets of 1.0: two that are open, one that is answered.
async fn with_tickets() -> (Folders, Server, Api) {
    let folders = Folders::with(&["ticket-1.0"]);
    let server = folders.serve(&[]);
    let api = server.api();
    for id in ["T1", "T2", "T3"] {
        tell(&api, id, "OpenTicket", json!({ "title": "printer on fire" })).await;
    }
    tell(&api, "T3", "AnswerTicket", json!({ "answer": "use water" })).await;
    (folders, server, api)
}

#[tokio::test]
async fn tickets_move_to_a_version_with_other_events_and_their_streams_say_so_and_nothing_else() {
    let (_folders, server, api) = with_tickets().await;
    deploy(&api, bytes("ticket-2.0")).await;
    let before = api.history("T1").await;
    let wish = json!({ "from": "ticket-1.0", "to": "ticket-2.0" });

    let rehearsal = json!({ "from": "ticket-1.0", "to": "ticket", "dryRun": true });
    let (lines, summary) = migrate(&api, &rehearsal).await;
    assert_eq!(told(&lines), [one("T1", "would-move", ""), one("T2", "would-move", "")]);
    assert_eq!((summary["wouldMove"].as_u64(), summary["moved"].as_u64(), &summary["to"]), (Some(2), Some(0), &json!("ticket-2.0")));
    assert_eq!(api.history("T1").await, before, "a rehearsal has recorded something");

    let (lines, summary) = migrate(&api, &wish).await;
    assert_eq!(told(&lines), [one("T1", "moved", ""), one("T2", "moved", "")]);
    assert_eq!((summary["moved"].as_u64(), summary["stay"].as_u64()), (Some(2), Some(0)), "{summary}");
    let after = api.history("T1").await;
    assert_eq!(after[..1], before[..], "what is recorded never changes");
    assert_eq!((after[1]["kind"].as_str(), after[1]["category"].as_str()), (Some("ProcessCategoryChanged"), Some("ticket-2.0")));
    assert_eq!((after[1]["data"]["from"].as_str(), after[1]["data"]["to"].as_str()), (Some("ticket-1.0"), Some("ticket-2.0")));

    let (lines, summary) = migrate(&api, &wish).await;
    assert_eq!((lines.len(), summary["alreadyThere"].as_u64()), (0, Some(2)), "asking again goes on where it ended: {summary}");

    // It is told what 1.0 never heard of.
    tell(&api, "T1", "AnswerTicket", json!({ "answer": "use sand" })).await;
    tell(&api, "T1", "ReopenTicket", json!({ "why": "still burning" })).await;
    assert_eq!(kinds(&api, "T1").await, ["TicketOpened", "ProcessCategoryChanged", "TicketAnswered", "TicketReopened"]);
    let (lines, _) = migrate(&api, &json!({ "to": "ticket-2.0", "ids": ["T3", "T1", "T9"] })).await;
    assert_eq!(told(&lines), [one("T1", "already-there", ""), one("T3", "moved", ""), one("T9", "stays", "unknown-process")]);
    let closed = api.get("/processes/T3").await.json();
    assert_eq!(
        (closed["phase"].as_str(), closed["step"].as_str(), &closed["outcome"]),
        (Some("completed"), Some("closed"), &json!("use water"))
    );
    server.stop();
}

#[tokio::test]
async fn a_move_is_undone_the_same_way_also_to_a_drained_module_as_long_as_its_history_folds_there() {
    let (folders, server, api) = with_tickets().await;
    let old = api.get("/definitions/ticket-1.0").await.json()["module"].as_str().unwrap().to_owned();
    deploy(&api, bytes("ticket-2.0")).await;
    migrate(&api, &json!({ "from": "ticket-1.0", "to": "ticket-2.0" })).await;
    tell(&api, "T1", "AnswerTicket", json!({ "answer": "use sand" })).await;
    tell(&api, "T9", "OpenTicket", json!({ "title": "new" })).await;
    std::fs::remove_file(folders.definitions().join("ticket-1.0.wasm")).unwrap();
    until("the drain", || async {
        let old = api.get(&format!("/definitions/{old}")).await.json();
        (old["state"] != "active").then_some(())
    })
    .await;
    let undo = ["process", "migrate", "--url", &server.url, "--from", "ticket-2.0", "--to", &old];
    let rehearsed = run(&[&undo[..], &["--dry-run"]].concat());
    assert_eq!(rehearsed.code, 5, "{rehearsed:?}");
    let undone = run(&undo);
    assert_eq!(undone.code, 5, "{undone:?}");
    for (rehearsed, verb) in [(&rehearsed.out, "would move"), (&undone.out, "moved")] {
        let line = |id: &str| rehearsed.lines().find(|line| line.starts_with(id)).unwrap_or_else(|| panic!("{rehearsed}")).to_owned();
        assert!(line("T1").contains("does not fold at event 3 (TicketAnswered)"), "{rehearsed}");
        assert!(line("T2").contains("ticket-2.0"), "{rehearsed}");
        assert!(line("T9").contains("does not say in `takes-over`"), "{rehearsed}");
        assert!(rehearsed.contains(&format!("1 {verb} to ticket-1.0, 2 stay, 0 were there already")), "{rehearsed}");
    }
    assert_eq!(undone.err, "2 processes stay where they are\n");
    assert_eq!(kinds(&api, "T2").await, ["TicketOpened", "ProcessCategoryChanged", "ProcessCategoryChanged"]);
    tell(&api, "T2", "AnswerTicket", json!({ "answer": "use water" })).await;
    let answered = api.get("/processes/T2").await.json();
    assert_eq!((answered["phase"].as_str(), answered["category"].as_str()), (Some("completed"), Some("ticket-1.0")));
    assert_eq!(api.get("/processes/T1").await.json()["category"], "ticket-2.0");
    server.stop();
    let verified = run(&["verify", "--data", folders.data().to_str().unwrap()]);
    assert_eq!(verified.code, 0, "{verified:?}");
}

#[tokio::test]
async fn one_process_is_moved_by_its_own_route_and_a_refusal_says_why() {
    let (_folders, server, api) = with_tickets().await;
    let new = deploy(&api, bytes("ticket-2.0")).await;
    let post = |id: &'static str, wish: Value| {
        let api = api.clone();
        async move { api.post(&format!("/processes/{id}/migrate"), &wish.to_string()).await }
    };
    let rehearsed = post("T1", json!({ "to": "ticket-2.0", "dryRun": true })).await;
    assert_eq!((rehearsed.status, rehearsed.json()["result"].as_str()), (200, Some("would-move")), "{rehearsed:?}");
    let moved = post("T1", json!({ "to": new })).await;
    assert_eq!((moved.status, &moved.json()["module"]), (202, &json!(new)), "{moved:?}");
    tell(&api, "T1", "AnswerTicket", json!({ "answer": "use sand" })).await;
    for (id, wish, status, code) in [
        ("T1", json!({ "to": "ticket-2.0" }), 409, "already-there"),
        ("T1", json!({ "to": "ticket-1.0" }), 409, "does-not-fold"),
        ("T2", json!({ "to": "ticket-2.0", "from": "ticket-2.0" }), 409, "elsewhere"),
        ("T9", json!({ "to": "ticket-2.0" }), 404, "unknown-process"),
        ("T2", json!({ "to": "ticket-3.0" }), 404, "unknown-definition"),
        ("T2", json!({ "dryRun": true }), 422, "invalid-body"),
    ] {
        let refused = post(id, wish.clone()).await;
        assert_eq!((refused.status, refused.json()["code"].as_str()), (status, Some(code)), "{wish}: {refused:?}");
    }
    for (wish, status, code) in [
        (json!({ "to": "ticket-2.0" }), 422, "invalid-body"),
        (json!({ "to": "ticket-2.0", "from": "ticket" }), 422, "invalid-body"),
        (json!({ "to": "ticket-2.0", "from": "ticket-3.0" }), 404, "unknown-definition"),
        (json!({ "to": new, "from": new }), 422, "invalid-body"),
        (json!({ "to": "ticket-2.0", "from": "ticket-1.0", "phase": "sad" }), 422, "invalid-parameter"),
        (json!({ "to": "ticket-2.0", "ids": ["no good"] }), 422, "invalid-name"),
    ] {
        let refused = api.post("/migrations", &wish.to_string()).await;
        assert_eq!((refused.status, refused.json()["code"].as_str()), (status, Some(code)), "{wish}: {refused:?}");
    }
    server.stop();
}

#[tokio::test]
async fn a_ticket_with_snapshots_moves_over_modules_and_formats_and_back_and_everything_verifies() {
    let folders = Folders::with(&["ticket-1.0"]);
    let limits = Limits { snapshot_every: 4, ..Limits::default() };
    let open =
        || Host::builder().data(folders.data()).definitions(folders.definitions()).limits(limits.clone()).listen("127.0.0.1:0").start();
    let mut host = open().await.unwrap();
    let mut api = Api::at(&format!("http://{}", host.address().unwrap()));
    tell(&api, "T1", "OpenTicket", json!({ "title": "printer on fire" })).await;
    deploy(&api, bytes("ticket-2.0")).await;
    let mut expected = vec!["TicketOpened".to_owned()];
    // Another format, other bytes of the same category, and back.
    let (first, second) = (deploy(&api, bytes("ticket-2.0")).await, deploy(&api, with_a_note("ticket-2.0")).await);
    for to in ["ticket-2.0", &first, &second, &first] {
        let (lines, _) = migrate(&api, &json!({ "to": to, "ids": ["T1"] })).await;
        assert_eq!(told(&lines), [one("T1", "moved", "")], "{to}");
        expected.push("ProcessCategoryChanged".to_owned());
        for _ in 0..3 {
            tell(&api, "T1", "AnswerTicket", json!({ "answer": to })).await;
            tell(&api, "T1", "ReopenTicket", json!({ "why": "still burning" })).await;
            expected.extend(["TicketAnswered", "TicketReopened"].map(str::to_owned));
        }
        host.stop().await;
        let mut damages = Vec::new();
        let data = folders.data();
        let (found, told) =
            tokio::task::spawn_blocking(move || (procession::verify(&data, &mut |damage| damages.push(damage)).unwrap(), damages))
                .await
                .unwrap();
        assert_eq!(found.damages, 0, "{told:?}");
        // Cold, so that it is folded from its snapshot or, where that is another module's, from its events.
        host = open().await.unwrap();
        api = Api::at(&format!("http://{}", host.address().unwrap()));
        tell(&api, "T1", "AnswerTicket", json!({ "answer": to })).await;
        expected.push("TicketAnswered".to_owned());
        let process = api.get("/processes/T1").await.json();
        assert_eq!((process["step"].as_str(), process["outcome"].as_str()), (Some("answered"), Some(to)), "{process}");
        tell(&api, "T1", "ReopenTicket", json!({ "why": "still burning" })).await;
        expected.push("TicketReopened".to_owned());
        assert_eq!(kinds(&api, "T1").await, expected);
    }
    host.stop().await;
}

/// Begins shipments, many at once; every one must be taken.
async fn begin(api: &Api, ids: Vec<String>) {
    let connections = Arc::new(Semaphore::new(64));
    let mut tasks = tokio::task::JoinSet::new();
    for id in ids {
        let (api, connections) = (api.clone(), Arc::clone(&connections));
        tasks.spawn(async move {
            let _connection = connections.acquire().await.unwrap();
            let begun = api.post(&format!("/processes/{id}"), "").await;
            assert_eq!(begun.status, 202, "{begun:?}");
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
}

/// Checks that every event of a stream was decided where the stream was, and that it is where its last event says.
fn stays_in_order(id: &str, history: &[Value], modules: &BTreeMap<String, String>) -> usize {
    let stream = format!("{id}-Process");
    let (mut here, mut moves): (Option<&str>, usize) = (None, 0);
    for event in history.iter().filter(|event| event["stream"] == stream.as_str()) {
        let category = event["category"].as_str().unwrap();
        if event["kind"] == "ProcessCategoryChanged" {
            let [from, to] = ["from", "to"].map(|field| event["data"][field].as_str().unwrap());
            assert_eq!((Some(from), to), (here, category), "{id}: {event}");
            moves += 1;
        } else {
            assert!(here.is_none_or(|here| here == category), "{id} was decided elsewhere: {event}");
        }
        assert_eq!(event["module"].as_str(), modules.get(category).map(String::as_str), "{id}: {event}");
        here = Some(category);
    }
    moves
}

#[tokio::test(flavor = "multi_thread")]
async fn shipments_are_moved_there_and_back_while_256_are_in_flight() {
    let folders = Folders::with(&GUESTS);
    let server = folders.serve(&["--set", "carrier-stub.delayMs=700"]);
    let api = server.api();
    let mut random = Random(16);
    let ids: Vec<String> = (0..256).map(|_| format!("1{}0", &random.shipment()[1..11])).collect();
    begin(&api, ids[..128].to_vec()).await;
    folders.drop_in("domestic-1.1");
    let mut modules = BTreeMap::new();
    for name in ["domestic-1.0", "domestic-1.1"] {
        let definition = until(name, || async {
            let answer = api.get(&format!("/definitions/{name}")).await;
            (answer.status == 200).then(|| answer.json())
        })
        .await;
        modules.insert(name.to_owned(), definition["module"].as_str().unwrap().to_owned());
    }
    let began = tokio::spawn({
        let (api, ids) = (api.clone(), ids[128..].to_vec());
        async move { begin(&api, ids).await }
    });
    let (mut moved, mut stayed) = (0, 0);
    for (from, to) in [("domestic-1.0", "domestic-1.1"), ("domestic-1.1", "domestic-1.0"), ("domestic-1.0", "domestic-1.1")] {
        let (lines, summary) = migrate(&api, &json!({ "from": from, "to": to })).await;
        for line in lines.iter().filter(|line| line["result"] != "moved") {
            // Those that began on the new version have never been on the old one.
            assert_eq!((to, line["code"].as_str()), ("domestic-1.0", Some("not-taken-over")), "{line}");
        }
        moved += summary["moved"].as_u64().unwrap();
        stayed += summary["stay"].as_u64().unwrap();
    }
    began.await.unwrap();
    assert!(moved > 128, "only {moved} were moved, so that nothing was shown ({stayed} stayed)");
    let mut moves = 0;
    for id in &ids {
        let process = until(&format!("the end of {id}"), || async {
            let process = api.ask(Method::GET, &format!("/processes/{id}"), &[("prefer", "wait=30")], "").await.json();
            (process["phase"] != "running").then_some(process)
        })
        .await;
        let history = api.history(id).await;
        assert_eq!(process["phase"], "completed", "{process} {history:?}");
        moves += stays_in_order(id, &history, &modules) as u64;
        assert_eq!(process["module"].as_str(), modules.get(process["category"].as_str().unwrap()).map(String::as_str));
        let outcome = &process["outcome"];
        let found = |field: &str| !outcome[field].is_null();
        assert!(found("trackingNumbers") && found("collectionBookingReference") && found("collectionDate"), "{outcome}");
        for kind in ["ShipmentProcessStarted", "ShipmentManifestationCompleted", "ShipmentProcessCompleted", "CollectionBooked"] {
            assert_eq!(history.iter().filter(|event| event["kind"] == kind).count(), 1, "{kind} of {id}");
        }
    }
    assert_eq!(moves, moved, "the streams and the answers tell different stories");
    server.stop();
    let verified = run(&["verify", "--data", folders.data().to_str().unwrap()]);
    assert_eq!(verified.code, 0, "{verified:?}");
}
