//! Backup, restore and verify with the real binary, and a folder of an earlier release.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod support;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use procession::Host;
use procession::engine::model::time::Timestamp;
use procession::engine::model::view::Phase;
use procession::engine::ports::clock::Clock;
use serde_json::Value;
use support::Random;
use support::api::Api;
use support::expected::expected;
use support::server::{Ended, Folders, GUESTS, run, run_on};

const FLAGS: [&str; 2] = ["--set", "carrier-stub.delayMs=200"];

fn verified(data: &Path) -> Value {
    let ended = run_on(&["verify", "--json"], data);
    let found: Value = serde_json::from_str(&ended.out).unwrap_or_else(|error| panic!("{error}: {ended:?}"));
    assert_eq!((ended.code, &found["damages"]), (0, &serde_json::json!([])), "{ended:?}");
    found
}

/// Triggers shipments until it is told to stop.
async fn call(api: Api, mut random: Random, acknowledged: Arc<Mutex<BTreeSet<String>>>, stop: Arc<AtomicU64>) {
    while stop.load(Ordering::Relaxed) == 0 {
        let id = random.shipment();
        if api.post(&format!("/{id}"), "").await.status == 202 {
            acknowledged.lock().unwrap().insert(id);
        }
    }
}

const SCHEDULED: &str = r#"{"kind":"ProcessShipment","data":{"shipmentId":"1SCHEDULED0","timeZone":"Europe/London","bookCollection":"when-scheduled","collectionDate":"DATE","legs":[{"carrierId":"c62bee76-3e7a-4ce3-87dd-a5eb11678815","sender":"GB-sender1","receiver":"GB-receiver1","collection":"GB-collection1"}]}}"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_under_load_is_restored_and_everything_acknowledged_before_it_reaches_its_end() {
    let folders = Folders::with(&GUESTS);
    let server = folders.serve(&FLAGS);
    let api = server.api();
    let in_five_days = jiff::Timestamp::now().checked_add(Duration::from_secs(5 * 86_400)).unwrap().to_string();
    let scheduled = api.post("/processes/1SCHEDULED0", &SCHEDULED.replace("DATE", &in_five_days[..10])).await;
    assert_eq!(scheduled.status, 202, "{scheduled:?}");
    let (acknowledged, stop) = (Arc::new(Mutex::new(BTreeSet::new())), Arc::new(AtomicU64::new(0)));
    let callers: Vec<_> =
        (0..8).map(|seed| tokio::spawn(call(server.api(), Random(seed), Arc::clone(&acknowledged), Arc::clone(&stop)))).collect();
    support::until("some shipments", || async { (acknowledged.lock().unwrap().len() >= 100).then_some(()) }).await;
    let before = acknowledged.lock().unwrap().clone();
    let (file, url) = (folders.data().with_extension("backup"), server.url.clone());
    let name = file.display().to_string();
    let taken = tokio::task::spawn_blocking(move || run(&["backup", &name, "--url", &url, "--json"])).await.unwrap();
    assert_eq!(taken.code, 0, "{taken:?}");
    stop.store(1, Ordering::Relaxed);
    for caller in callers {
        caller.await.unwrap();
    }
    server.kill();
    let taken: Value = serde_json::from_str(&taken.out).unwrap();
    assert!(taken["groups"].as_u64().unwrap() > 0, "nothing was committed while the backup was taken: {taken}");

    let restored = Folders::with(&GUESTS);
    let put_back = run(&["restore", &file.display().to_string(), "--data", &restored.data().display().to_string()]);
    assert_eq!(put_back.code, 0, "{put_back:?}");
    assert_eq!(verified(&restored.data())["events"], taken["position"]);
    let server = restored.serve(&FLAGS);
    let api = server.api();
    for id in &before {
        let expected = expected(id);
        let process = api.settled(id, &expected).await;
        assert_eq!(process["phase"], expected.phase, "{process}");
        expected.check(&api.history(id).await);
    }
    let waiting = api.get("/processes/1SCHEDULED0").await.json();
    assert_eq!(waiting["timers"][0]["name"], "book-collection", "{waiting}");
    server.stop();
    verified(&restored.data());
    refuses_what_it_must(&file, &restored);
}

fn refuses_what_it_must(file: &Path, restored: &Folders) {
    let name = |path: &Path| path.display().to_string();
    let text = |ended: &Ended| (ended.code, ended.err.clone());
    let taken = run(&["restore", &name(file), "--data", &name(&restored.data())]);
    assert!(taken.code == 3 && taken.err.contains("is not empty"), "{:?}", text(&taken));
    let mut bytes = std::fs::read(file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(file, bytes).unwrap();
    let elsewhere = restored.data().with_extension("elsewhere");
    let damaged = run(&["restore", &name(file), "--data", &name(&elsewhere)]);
    assert!(damaged.code == 3 && damaged.err.contains("at byte"), "{:?}", text(&damaged));
    assert!(!elsewhere.join("store").exists(), "a damaged backup left a store");
}

#[test]
fn a_backup_without_a_server_is_taken_from_the_folder() {
    let folders = Folders::with(&GUESTS[..1]);
    folders.serve(&[]).stop();
    let file = folders.data().with_extension("backup");
    let ended = run_on(&["backup", &file.display().to_string()], &folders.data());
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(ended.out.contains("begun at"), "{ended:?}");
    let missing = run(&["backup", &file.display().to_string(), "--url", "http://127.0.0.1:9"]);
    assert_eq!(missing.code, 1, "{missing:?}");
    assert!(file.is_file(), "a backup that failed took the place of one that is whole");
}

/// A clock that stands where it is put.
struct Put(AtomicU64);

impl Clock for Put {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.fetch_add(1, Ordering::Relaxed))
    }
}

fn of_format_1() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../stores/sled/tests/fixtures/format-1.backup")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_pending_in_a_store_of_format_1_is_carried_on_to_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    procession::restore(&of_format_1(), &data).unwrap();
    assert_eq!(verified(&data)["streams"], 13);
    // The reply that the carrier delayed and the timer of the collection are due by 2027.
    let clock = Arc::new(Put(AtomicU64::new(1_798_800_000_000)));
    let host = Host::builder().data(&data).setting("carrier-stub", "delayMs", 0).clock(clock).start().await.unwrap();
    // The one waited for its timer and books now; the other one's collection was to be long ago, so booking it fails, as it must.
    for (id, phase) in [("1PENDING0", Phase::Completed), ("1DELAYED0", Phase::Failed)] {
        let ended = host.wait(id, Duration::from_secs(60)).await.unwrap();
        assert_eq!(ended.root().unwrap().view.phase, phase, "{id}");
    }
    assert_eq!(host.history("1PENDING0").await.unwrap().len(), 15 + 7 + 4);
    let file = folder.path().join("backup");
    let taken = host.backup(&file).await.unwrap();
    host.stop().await;
    assert_eq!(verified(&data)["events"], taken.position);
}
