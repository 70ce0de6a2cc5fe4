//! A full, read-only or broken disk under the real binary: what cannot be kept is refused, what was acknowledged is there,
//! and when the disk takes writes again the service goes on by itself.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod support;

use std::collections::BTreeSet;

use support::api::{Answer, Api};
use support::expected::expected;
use support::faults::{BROKEN, Faults, NO_SPACE, READ_ONLY};
use support::server::{Folders, GUESTS, Server, procession};
use support::{Random, until};

fn serve(folders: &Folders, faults: &Faults) -> Server {
    let mut command = folders.command(&["--set", "carrier-stub.delayMs=100"]);
    faults.over(&folders.data(), &mut command);
    Server::start(command)
}

fn assert_refused(answer: &Answer) {
    assert_eq!((answer.status, answer.header("content-type")), (503, "application/problem+json"), "{answer:?}");
    assert_eq!(answer.json()["code"], "store-failed", "{answer:?}");
}

/// Triggers shipments until one is refused; says which ids were acknowledged and which refused.
async fn trigger_until_refused(api: &Api, random: &mut Random) -> (BTreeSet<String>, String) {
    let mut acknowledged = BTreeSet::new();
    loop {
        let id = random.shipment();
        let answer = api.post(&format!("/{id}"), "").await;
        if answer.status == 202 {
            acknowledged.insert(id);
            assert!(acknowledged.len() < 5_000, "the disk never filled");
            continue;
        }
        assert_refused(&answer);
        return (acknowledged, id);
    }
}

/// Every shipment has come to its end, with exactly its streams.
async fn assert_all_there(api: &Api, ids: &BTreeSet<String>) {
    for id in ids {
        let expected = expected(id);
        let process = api.settled(id, &expected).await;
        assert_eq!(process["phase"], expected.phase, "{process}");
        expected.check(&api.history(id).await);
    }
}

async fn goes_on_by_itself(error: i32, seed: u64) {
    let (folders, faults, mut random) = (Folders::with(&GUESTS), Faults::none(), Random(seed));
    let server = serve(&folders, &faults);
    let api = server.api();
    let mut acknowledged = BTreeSet::new();
    let mut refused = BTreeSet::new();
    for round in 0..3 {
        for _ in 0..10 {
            let id = random.shipment();
            assert_eq!(api.post(&format!("/{id}"), "").await.status, 202);
            acknowledged.insert(id);
        }
        // In the middle of what these ten still have to do.
        faults.writes_fail(error, 30_000 + 40_000 * round);
        let (more, first_refused) = trigger_until_refused(&api, &mut random).await;
        println!("{} more until the disk was full", more.len());
        acknowledged.extend(more);
        refused.insert(first_refused);
        for _ in 0..20 {
            let id = random.shipment();
            let answer = api.post(&format!("/{id}"), "").await;
            assert_refused(&answer);
            assert_eq!(answer.header("retry-after"), "5");
            refused.insert(id);
        }
        assert_eq!(api.get("/healthz").await.status, 200);
        let read = api.get(&format!("/processes/{}", acknowledged.first().unwrap())).await;
        assert!(matches!(read.status, 200 | 503), "{read:?}");
        faults.end();
        let id = random.shipment();
        until("room", || async { (api.post(&format!("/{id}"), "").await.status == 202).then_some(()) }).await;
        acknowledged.insert(id);
        assert_all_there(&api, &acknowledged).await;
    }
    for id in refused {
        // A refusal promises nothing in either direction, but never half a shipment.
        if api.get(&format!("/{id}")).await.status != 404 {
            acknowledged.insert(id);
        }
    }
    assert_all_there(&api, &acknowledged).await;
    server.stop();
    let server = serve(&folders, &faults);
    assert_all_there(&server.api(), &acknowledged).await;
    server.stop();
}

#[tokio::test]
async fn a_full_disk_refuses_and_when_there_is_room_again_everything_goes_on_without_a_restart() {
    goes_on_by_itself(NO_SPACE, 28).await;
}

#[tokio::test]
async fn a_file_system_that_was_read_only_for_a_while_is_written_to_again_without_a_restart() {
    goes_on_by_itself(READ_ONLY, 30).await;
}

#[tokio::test]
async fn a_device_that_fails_to_write_for_a_while_is_written_to_again_without_a_restart() {
    goes_on_by_itself(BROKEN, 5).await;
}

#[tokio::test]
async fn below_its_reserve_the_host_takes_nothing_and_can_be_read() {
    let folders = Folders::with(&GUESTS);
    let server = folders.serve(&["--set", "carrier-stub.delayMs=0"]);
    let before = BTreeSet::from(["12EEQ9CS9K10".to_owned()]);
    assert_eq!(server.api().post("/12EEQ9CS9K10", "").await.status, 202);
    assert_all_there(&server.api(), &before).await;
    server.stop();
    // No disk has so much room.
    let server = folders.serve(&["--free-bytes-min", "18000000000000000000"]);
    let api = server.api();
    assert_refused(&api.post("/12EEQ9CS9K20", "").await);
    assert_all_there(&api, &before).await;
    assert_eq!(api.get("/processes/12EEQ9CS9K20").await.status, 404);
    server.stop();
}

#[tokio::test]
async fn after_a_failed_sync_nothing_is_taken_until_a_restart_and_nothing_acknowledged_is_lost() {
    let (folders, faults, mut random) = (Folders::with(&GUESTS), Faults::none(), Random(1));
    let server = serve(&folders, &faults);
    let api = server.api();
    let id = random.shipment();
    assert_eq!(api.post(&format!("/{id}"), "").await.status, 202);
    faults.syncs_fail(BROKEN);
    let (mut acknowledged, _) = trigger_until_refused(&api, &mut random).await;
    acknowledged.insert(id);
    faults.end();
    for _ in 0..5 {
        assert_refused(&api.post(&format!("/{}", random.shipment()), "").await);
    }
    server.kill();
    let server = serve(&folders, &faults);
    assert_all_there(&server.api(), &acknowledged).await;
    assert_eq!(server.api().post(&format!("/{}", random.shipment()), "").await.status, 202);
    server.stop();
}

#[test]
fn a_host_does_not_start_on_a_folder_that_cannot_be_written_to_and_says_which_and_why() {
    for (error, says) in [(NO_SPACE, "is full"), (READ_ONLY, "cannot be written to")] {
        let (folders, faults) = (Folders::with(&GUESTS), Faults::none());
        faults.writes_fail(error, 0);
        let mut command = procession(&["serve", "--listen", "127.0.0.1:0"]);
        command.arg("--data").arg(folders.data()).arg("--definitions").arg(folders.definitions());
        faults.over(&folders.data(), &mut command);
        let output = command.output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success());
        assert!(text.contains(says) && text.contains(&folders.data().display().to_string()), "{text}");
    }
}
