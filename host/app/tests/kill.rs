//! `kill -9` at random moments, and everything that was acknowledged reaches its end.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod support;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use support::Random;
use support::api::Api;
use support::expected::expected;
use support::server::{Folders, GUESTS};

/// At least so many kills, and more where the machine is slow, until enough shipments were acknowledged.
const ROUNDS_MIN: usize = 20;
const ROUNDS_MAX: usize = 100;
const SHIPMENTS_MIN: usize = 1_000;
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

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_reaches_its_end_although_the_host_is_killed_at_any_moment() {
    let folders = Folders::with(&GUESTS);
    let flags = ["--set", "carrier-stub.delayMs=50"];
    let heard = Arc::new(Mutex::new(Heard::default()));
    let mut random = Random(SEED);
    for round in 0..ROUNDS_MAX {
        if round >= ROUNDS_MIN && heard.lock().unwrap().acknowledged.len() >= SHIPMENTS_MIN {
            break;
        }
        let server = folders.serve(&flags);
        let callers: Vec<_> =
            (0..CALLERS).map(|_| tokio::spawn(call(server.api(), Random(random.below(usize::MAX) as u64), Arc::clone(&heard)))).collect();
        // Not a wait for something: the moment of the kill is the matter of this test.
        tokio::time::sleep(Duration::from_millis(50 + random.below(350) as u64)).await;
        server.kill();
        for caller in callers {
            caller.await.unwrap();
        }
    }
    let server = folders.serve(&flags);
    let api = server.api();
    let heard = std::mem::take(&mut *heard.lock().unwrap());
    println!("{} acknowledged, {} asked", heard.acknowledged.len(), heard.asked.len());
    assert!(heard.acknowledged.len() >= SHIPMENTS_MIN, "only {} were acknowledged: the kills came too early", heard.acknowledged.len());
    for id in &heard.asked {
        // One that was not acknowledged may be there or not; half of it may not.
        if !heard.acknowledged.contains(id) && api.get(&format!("/{id}")).await.status == 404 {
            continue;
        }
        let expected = expected(id);
        let process = api.settled(id, &expected).await;
        assert_eq!(process["phase"], expected.phase, "seed {SEED}: {process}");
        expected.check(&api.history(id).await);
    }
    server.stop();
}
