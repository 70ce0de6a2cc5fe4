//! `kill -9` at random moments, with definitions dropped, replaced and removed meanwhile: everything that was acknowledged reaches its end.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use support::api::Api;
use support::expected::{expected, without_receipt};
use support::server::{Folders, GUESTS};
use support::{Random, guest, until};

/// At least so many kills (`make kill ROUNDS=200`), and more where the machine is slow, until enough shipments were acknowledged.
const ROUNDS: &str = "PROCESSION_KILL_ROUNDS";
const ROUNDS_BY_DEFAULT: usize = 20;
/// Shipments that are acknowledged in a round, at least and taken over all; slow machines get up to five times the rounds.
const SHIPMENTS_PER_ROUND_MIN: usize = 15;
const CALLERS: usize = 32;
const SEED: u64 = 20_261_123;

/// Ids by what their callers heard.
#[derive(Default)]
struct Heard {
    acknowledged: BTreeSet<String>,
    asked: BTreeSet<String>,
}

/// Triggers one shipment after the other until the server is gone.
async fn call(api: Api, mut random: Random, heard: Arc<Mutex<Heard>>) {
    loop {
        let id = random.shipment();
        heard.lock().unwrap().asked.insert(id.clone());
        match api.try_ask(axum::http::Method::POST, &format!("/{id}"), &[], "").await {
            Ok(answer) if answer.status == 202 => heard.lock().unwrap().acknowledged.insert(id),
            Ok(answer) => panic!("{answer:?}"),
            Err(_) => return,
        };
    }
}

/// Changes the definitions folder once: the next version comes or goes, or a version gets other bytes that do the same.
fn change_definitions(folders: &Folders, random: &mut Random) {
    let file = |name: &str| folders.definitions().join(format!("{name}.wasm"));
    match random.below(3) {
        0 if file("domestic-1.1").exists() => std::fs::remove_file(file("domestic-1.1")).unwrap(),
        0 => folders.drop_in("domestic-1.1"),
        _ => {
            let name = ["domestic-1.0", "international-1.0", "collection-booking-1.0"][random.below(3)];
            let mut bytes = std::fs::read(guest(name)).unwrap();
            // A custom section with a letter; a few different ones, so that bytes also come back.
            bytes.extend([0, 2, 1, b'a' + random.below(4) as u8]);
            std::fs::write(file(name), bytes).unwrap();
        }
    }
}

/// A round: a server, callers, changes of its definitions, and an end at any moment.
async fn round(folders: &Folders, flags: &[&str], random: &mut Random, heard: &Arc<Mutex<Heard>>) {
    let server = folders.serve(flags);
    let callers: Vec<_> =
        (0..CALLERS).map(|_| tokio::spawn(call(server.api(), Random(random.below(usize::MAX) as u64), Arc::clone(heard)))).collect();
    for _ in 0..random.below(4) {
        change_definitions(folders, random);
        // Not waits for something: the moments of changes and of the kill are the matter of this test.
        tokio::time::sleep(Duration::from_millis(random.below(150) as u64)).await;
    }
    tokio::time::sleep(Duration::from_millis(50 + random.below(350) as u64)).await;
    server.kill();
    for caller in callers {
        caller.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_reaches_its_end_although_the_host_is_killed_at_any_moment() {
    let rounds = std::env::var(ROUNDS).map_or(ROUNDS_BY_DEFAULT, |text| text.parse().unwrap());
    let folders = Folders::with(&GUESTS);
    let flags = ["--set", "carrier-stub.delayMs=50"];
    let heard = Arc::new(Mutex::new(Heard::default()));
    let mut random = Random(SEED);
    let mut kills = 0;
    while kills < rounds || (kills < 5 * rounds && heard.lock().unwrap().acknowledged.len() < rounds * SHIPMENTS_PER_ROUND_MIN) {
        round(&folders, &flags, &mut random, &heard).await;
        kills += 1;
    }
    let server = folders.serve(&flags);
    let api = server.api();
    let heard = std::mem::take(&mut *heard.lock().unwrap());
    println!("{kills} kills, {} acknowledged, {} asked", heard.acknowledged.len(), heard.asked.len());
    let least = rounds * SHIPMENTS_PER_ROUND_MIN;
    assert!(heard.acknowledged.len() >= least, "only {} were acknowledged: the kills came too early", heard.acknowledged.len());
    let mut categories = BTreeMap::<String, u64>::new();
    for id in &heard.asked {
        // One that was not acknowledged may be there or not; half of it may not.
        if !heard.acknowledged.contains(id) && api.get(&format!("/{id}")).await.status == 404 {
            continue;
        }
        *categories.entry(check(&api, id).await).or_default() += 1;
    }
    println!("{categories:?}");
    assert_definitions(&api, &folders).await;
    server.stop();
}

/// A shipment has exactly its streams, each by one module; says by which category.
async fn check(api: &Api, id: &str) -> String {
    let row = api.get(&format!("/processes/{id}")).await.json();
    let expected = if row["category"] == "domestic-1.1" { without_receipt(id) } else { expected(id) };
    let process = api.settled(id, &expected).await;
    assert_eq!(process["phase"], expected.phase, "seed {SEED}: {process}");
    let history = api.history(id).await;
    expected.check(&history);
    for suffix in ["Process", "Shipment", "Collection"] {
        let stream = format!("{id}-{suffix}");
        let modules: BTreeSet<&str> =
            history.iter().filter(|event| event["stream"] == stream.as_str()).map(|event| event["module"].as_str().unwrap()).collect();
        assert!(modules.len() <= 1, "{stream} was decided by {modules:?}");
    }
    expected.category
}

/// What is active is what lies in the folder: each file once, by its own bytes.
async fn assert_definitions(api: &Api, folders: &Folders) {
    let mut files = BTreeMap::new();
    for found in std::fs::read_dir(folders.definitions()).unwrap().map(Result::unwrap) {
        let name = found.file_name().into_string().unwrap();
        files.insert(name.trim_end_matches(".wasm").to_owned(), found.metadata().unwrap().len());
    }
    until("the definitions of the folder", || async {
        let listed = api.get("/definitions").await.json();
        let active = |one: &&Value| one["state"] == "active";
        let items = listed["items"].as_array().unwrap();
        let active: BTreeMap<String, u64> =
            items.iter().filter(active).map(|one| (one["category"].as_str().unwrap().to_owned(), one["size"].as_u64().unwrap())).collect();
        let count = items.iter().filter(|one| one["state"] == "active").count();
        (active == files && count == files.len()).then_some(())
    })
    .await;
}
