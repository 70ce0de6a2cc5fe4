//! Dead letters from outside: an adapter that fails, its whole story, and what an operator does about it over HTTP and on the command line.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod support;

use axum::http::Method;
use procession::Host;
use procession::engine::limits::Limits;
use serde_json::{Value, json};
use support::api::Api;
use support::expected::expected;
use support::server::{Folders, GUESTS, run};
use support::until;
use tokio::sync::Mutex;

const ID: &str = "12EEQ9CS9K10";

/// A program that is being started holds for a moment what its parent has open, a data folder that is just let go of too.
static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

/// A host whose adapters are asked twice, and at once the second time.
async fn host(folders: &Folders, delay: Value) -> (Host, String) {
    let limits = Limits { delivery_attempts_max: 2, retry_first_ms: 1, ..Limits::default() };
    let host = Host::builder().data(folders.data()).definitions(folders.definitions()).limits(limits);
    let host = host.setting("carrier-stub", "delayMs", delay).listen("127.0.0.1:0").start().await.unwrap();
    let url = format!("http://{}", host.address().unwrap());
    (host, url)
}

/// The first dead letter that there is.
async fn letter(api: &Api) -> Value {
    until("a dead letter", || async {
        let list = api.get("/dead-letters").await.json();
        list["items"].as_array().unwrap().first().cloned()
    })
    .await
}

/// A command line in a thread of its own: the host that it asks runs in this one.
async fn ask(words: &str, url: &str) -> support::server::Ended {
    let words: Vec<String> = words.split(' ').map(str::to_owned).chain(["--url".to_owned(), url.to_owned()]).collect();
    tokio::task::spawn_blocking(move || run(&words.iter().map(String::as_str).collect::<Vec<_>>())).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_adapter_leaves_a_dead_letter_with_its_story_which_is_replayed_once_the_adapter_is_mended() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let folders = Folders::with(&GUESTS);
    let (broken, url) = host(&folders, json!("x")).await;
    let api = Api::at(&url);
    assert_eq!(api.post(&format!("/{ID}"), "").await.status, 202);
    let letter = letter(&api).await;
    let id = letter["id"].as_str().unwrap().to_owned();
    assert!(id.starts_with(&format!("{ID}~")), "{letter}");
    let told = ["state", "process", "kind", "source", "cause", "definition"].map(|field| letter[field].as_str().unwrap().to_owned());
    let (stream, cause) = (format!("{ID}-Shipment"), format!("{ID}-Shipment/2"));
    assert_eq!(told, ["dead", ID, "ManifestShipmentWithCarrier", &stream, &cause, "carrier-stub-1.0"]);
    assert_eq!((letter["attempts"].as_u64(), letter["parked"].as_bool()), (Some(2), Some(false)), "{letter}");
    assert!(letter["lastError"].as_str().unwrap().contains("invalid-settings"), "{letter}");
    assert!(letter["data"]["carrierId"].is_string() && letter["module"].is_string() && letter["correlation"].is_string(), "{letter}");
    assert!(letter["firstFailure"].as_str() <= letter["lastFailure"].as_str() && letter["firstFailure"].is_string(), "{letter}");
    assert_eq!(api.get(&format!("/dead-letters/{id}")).await.json(), letter, "the list and the letter tell different stories");

    let process = api.get(&format!("/processes/{ID}")).await.json();
    assert_eq!(process["deadLetters"], json!([id]));
    assert_eq!((process["waiting"][0]["attempts"].as_u64(), process["parked"].is_null()), (Some(2), true), "{process}");
    let notes = api.get(&format!("/processes/{ID}/notes")).await.json();
    assert_eq!(
        (notes["items"][0]["what"].as_str(), notes["items"][0]["kind"].as_str()),
        (Some("died"), Some("ManifestShipmentWithCarrier"))
    );
    let listed = ask("dead-letters list", &url).await;
    assert!(listed.code == 0 && listed.out.contains(&id) && listed.out.contains("carrier-stub-1.0"), "{listed:?}");
    let shown = ask(&format!("dead-letters show {id}"), &url).await;
    assert!(shown.code == 0 && shown.out.contains("lastError") && shown.out.contains(&cause), "{shown:?}");
    assert!(ask(&format!("process show {ID}"), &url).await.out.contains(&format!("dead-letters show {id}")));
    broken.stop().await;

    let (mended, url) = host(&folders, json!(0)).await;
    let api = Api::at(&url);
    let replayed = ask(&format!("dead-letters replay {id} --json"), &url).await;
    assert_eq!(replayed.code, 0, "{replayed:?}");
    let process = api.settled(ID, &expected(ID)).await;
    assert_eq!(process["phase"], "completed");
    expected(ID).check(&api.history(ID).await);
    let notes = ask(&format!("process notes {ID}"), &url).await;
    assert!(notes.code == 0 && notes.out.contains("died") && notes.out.contains("replayed"), "{notes:?}");
    assert_eq!(api.get("/dead-letters").await.json(), json!({ "items": [], "next": null }));
    assert_eq!(ask(&format!("dead-letters show {id}"), &url).await.code, 3);
    assert_eq!(api.post(&format!("/dead-letters/{id}/replay"), "").await.status, 404, "it was replayed twice");
    mended.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_is_edited_and_replayed_and_what_it_carried_before_is_noted() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let folders = Folders::with(&GUESTS);
    let (broken, url) = host(&folders, json!("x")).await;
    let api = Api::at(&url);
    assert_eq!(api.post(&format!("/{ID}"), "").await.status, 202);
    let mut letter = letter(&api).await;
    let id = letter["id"].as_str().unwrap().to_owned();
    broken.stop().await;

    let (mended, url) = host(&folders, json!(0)).await;
    let api = Api::at(&url);
    let (path, before) = (format!("/dead-letters/{id}/replay"), letter["data"].take());
    for (body, status) in [("{", 400), ("{}", 422), (r#"{"dta":1}"#, 422), ("[1]", 422)] {
        assert_eq!(api.post(&path, body).await.status, status, "{body}");
    }
    let large = json!({ "data": "x".repeat(262_200) }).to_string();
    assert_eq!(api.post(&path, &large).await.status, 413, "more than a message may have was taken");
    let mut edited = before.clone();
    edited["leg"]["sender"] = "GB-edited".into();
    let replayed = api.post(&path, &json!({ "data": edited }).to_string()).await;
    assert_eq!(replayed.status, 202, "{replayed:?}");
    assert_eq!(api.settled(ID, &expected(ID)).await["phase"], "completed");
    let notes = api.get(&format!("/processes/{ID}/notes")).await.json();
    let note = notes["items"].as_array().unwrap().iter().find(|note| note["what"] == "edited").cloned().unwrap();
    assert_eq!(note["data"], before, "what it carried before is lost");
    mended.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_nobody_handles_is_dropped_and_its_process_is_told_and_then_stuck() {
    let _alone = ONE_AT_A_TIME.lock().await;
    // Everybody but the carrier.
    let folders = Folders::with(&GUESTS[..5]);
    let (host, url) = host(&folders, json!(0)).await;
    let api = Api::at(&url);
    assert_eq!(api.post(&format!("/{ID}"), "").await.status, 202);
    let letter = letter(&api).await;
    let id = letter["id"].as_str().unwrap().to_owned();
    assert_eq!((letter["state"].as_str(), letter["attempts"].as_u64()), (Some("unhandled"), Some(0)), "{letter}");
    assert_eq!(api.get("/processes?stuck=true").await.json()["items"], json!([]), "a process that waits for a definition is not stuck");
    assert_eq!(ask("process list --stuck", &url).await.code, 0);

    let long = json!({ "reason": "x".repeat(2_000) }).to_string();
    let path = format!("/dead-letters/{id}");
    assert_eq!(api.ask(Method::DELETE, &path, &[], long).await.status, 422);
    let dropped = ask(&format!("dead-letters drop {id} --reason obsolete"), &url).await;
    assert_eq!(dropped.code, 0, "{dropped:?}");
    assert_eq!(api.ask(Method::DELETE, &format!("{path}?reason=twice"), &[], "").await.status, 404);
    let notes = api.get(&format!("/processes/{ID}/notes")).await.json();
    let note = &notes["items"][0];
    assert_eq!(
        (note["what"].as_str(), note["reason"].as_str(), &note["data"]),
        (Some("dropped"), Some("obsolete"), &letter["data"]),
        "{notes}"
    );

    // The 1.0 of the example has no way to go on without its carrier, and nothing else is under way.
    let stuck = api.get("/processes?stuck=true").await.json();
    assert_eq!((stuck["items"][0]["id"].as_str(), stuck["items"].as_array().unwrap().len()), (Some(ID), 1), "{stuck}");
    assert_eq!(api.get("/processes?stuck=true&phase=compensating").await.json()["items"], json!([]));
    let listed = ask("process list --stuck", &url).await;
    assert!(listed.code == 5 && listed.out.contains(ID) && listed.err.contains("1 stuck"), "{listed:?}");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_dead_letters_goes_on_where_its_page_ended() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let folders = Folders::with(&GUESTS[..5]);
    let (host, url) = host(&folders, json!(0)).await;
    let api = Api::at(&url);
    let event = |number: usize| json!({ "specversion": "1.0", "id": number.to_string(), "source": "/test", "type": "Whatever", "subject": format!("A{number}"), "data": number });
    for number in 1..=3 {
        assert_eq!(api.post("/messages", &event(number).to_string()).await.status, 202);
    }
    let (mut path, mut seen) = ("/dead-letters?limit=2".to_owned(), Vec::new());
    loop {
        let page = api.get(&path).await.json();
        seen.extend(page["items"].as_array().unwrap().iter().map(|letter| letter["data"].as_u64().unwrap()));
        match page["next"].as_str() {
            Some(next) => path = format!("/dead-letters?limit=2&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, [1, 2, 3]);
    for (path, status) in
        [("/dead-letters/A1", 422), ("/dead-letters/A1~99", 404), ("/dead-letters?cursor=x", 422), ("/dead-letters?limt=1", 422)]
    {
        assert_eq!(api.get(path).await.status, status, "{path}");
    }
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wish_to_cancel_is_answered_like_a_message_and_noted_where_it_is_turned_down() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let folders = Folders::with(&GUESTS);
    let server = folders.serve(&["--set", "carrier-stub.delayMs=600000"]);
    let api = server.api();
    assert_eq!(api.post("/processes/A1/cancel", "").await.status, 404);
    assert_eq!(api.post(&format!("/{ID}"), "").await.status, 202);
    let delayed = until("the carrier's answer to be on its way", || async {
        let process = api.get(&format!("/processes/{ID}")).await.json();
        process["delayed"][0]["kind"].as_str().map(str::to_owned)
    });
    assert_eq!(delayed.await, "ShipmentManifestedWithCarrier");
    let path = format!("/processes/{ID}/cancel");
    assert_eq!(api.post(&path, r#"{"why":"x"}"#).await.status, 422);
    // The 1.0 of the example cannot be cancelled, and says so.
    let answer = api.ask(Method::POST, &path, &[("idempotency-key", "k")], r#"{"reason":"changed my mind"}"#).await;
    assert_eq!((answer.status, answer.json()["code"].as_str()), (409, Some("cancel-not-supported")), "{answer:?}");
    let refused = ask(&format!("process cancel {ID} --reason again"), &server.url).await;
    assert!(refused.code == 3 && refused.err.contains("cannot be cancelled"), "{refused:?}");
    let notes = api.get(&format!("/processes/{ID}/notes")).await.json();
    let kinds: Vec<&Value> = notes["items"].as_array().unwrap().iter().map(|note| &note["kind"]).collect();
    assert_eq!(kinds, ["Cancel", "Cancel"], "{notes}");
    assert_eq!(api.get("/processes/A1/notes").await.status, 404);
    server.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_can_be_cancelled_undoes_what_was_done_and_ends() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let folders = Folders::with(&GUESTS);
    ["international-1.1", "manifestation-and-documents-1.1", "collection-booking-1.1", "carrier-stub-1.1"]
        .iter()
        .for_each(|name| folders.drop_in(name));
    let server = folders.serve(&["--set", "carrier-stub.delayMs=600000"]);
    let api = server.api();
    let id = "V74YCBYHC8A0";
    assert_eq!(api.post(&format!("/{id}"), "").await.status, 202);
    until("an answer with a deadline", || async {
        let process = api.get(&format!("/processes/{id}")).await.json();
        let expected =
            process["deadlines"].as_array().is_some_and(|deadlines| deadlines.iter().all(|deadline| deadline["due"].is_string()));
        expected.then_some(())
    })
    .await;
    let shown = ask(&format!("process show {id}"), &server.url).await;
    assert!(shown.out.contains("expects") && shown.out.contains("the answer to"), "{shown:?}");
    let body = r#"{"reason":"changed my mind"}"#;
    let wish = [("idempotency-key", "k")];
    let path = format!("/processes/{id}/cancel");
    let taken = api.ask(Method::POST, &path, &wish, body).await;
    assert_eq!((taken.status, taken.json()["status"].as_str()), (202, Some("accepted")), "{taken:?}");
    let again = api.ask(Method::POST, &path, &wish, body).await;
    assert_eq!((again.status, &again.text), (200, &taken.text), "the same wish has another receipt");
    let history = api.history(id).await;
    let asked = history.iter().find(|event| event["kind"] == "ShipmentProcessCancellationRequested").unwrap();
    assert_eq!(asked["data"]["reason"], "changed my mind", "{asked}");
    let phase = api.get(&format!("/processes/{id}")).await.json()["phase"].as_str().unwrap().to_owned();
    assert!(["compensating", "cancelled"].contains(&phase.as_str()), "{phase}");
    server.stop();
}
