//! Answers of carriers that come twice, late, and before others that were sent earlier: whatever the order, nothing stays unknown.

use carrier_stub_1_1::CarrierStub;
use procession_sdk::contract::Phase;
use serde_json::Value;

use crate::host::Host;
use crate::host::carriers::Travel;
use crate::undoing::shipment;

const WORDS: [&str; 13] =
    ["0-mute", "0", "1", "2", "3", "0-declined", "0-silent", "0-late", "0-stubborn", "0-stuck", "0-uncollected", "0-other", "A"];

/// How many orders are tried of each journey.
const ORDERS: u64 = 60;

/// Every stream has come to its end, and what carriers still hold is what the outcome says.
fn nothing_stays_unknown(host: &Host, what: &str) {
    assert_eq!(host.under_way(), Vec::<&str>::new(), "{what}");
    let outcome: Value = serde_json::from_str(&host.view("Process").outcome.expect("an outcome")).expect("JSON");
    let text = |field: &str| outcome[field].as_str().unwrap_or_default();
    let mut told: Vec<&str> = text("trackingNumbers").split(", ").chain([text("collectionBookingReference")]).collect();
    let names = |entry: &'static str| move |it: &Value| it[entry].as_str().map(str::to_owned);
    let list = outcome["notUndone"].as_array().cloned().unwrap_or_default();
    let named: Vec<String> = list.iter().flat_map(|it| [names("trackingNumber")(it), names("bookingReference")(it)]).flatten().collect();
    told.extend(named.iter().map(String::as_str));
    told.retain(|name| !name.is_empty());
    told.sort_unstable();
    let held: Vec<&str> = host.carriers_after().promises.iter().map(String::as_str).collect();
    // What a carrier has taken back without being able to say so in time may be named although it is gone, but nothing may be missing.
    assert!(held.iter().all(|name| told.contains(name)), "{what}: held {held:?}, told {told:?}\n{:?}", host.events("Process"));
    if host.view("Process").phase == Phase::Completed {
        assert_eq!(told, held, "{what}");
    }
}

#[test]
fn answers_that_come_twice_change_nothing() {
    for word in WORDS {
        let id = format!("V74YCBYHC8A{word}");
        let (once, twice) =
            (shipment(&id).post("Start", "null"), shipment(&id).carriers::<CarrierStub>(Travel::Twice).post("Start", "null"));
        for suffix in ["Process", "Shipment", "Collection"] {
            assert_eq!(twice.kinds(suffix), once.kinds(suffix), "{id}-{suffix}");
        }
        nothing_stays_unknown(&twice, &id);
    }
}

#[test]
fn answers_in_any_order_leave_nothing_unknown() {
    let mut ends = [0; 2];
    for word in WORDS {
        for seed in 0..ORDERS {
            let id = format!("V74YCBYHC8A{word}");
            let host = shipment(&id).carriers::<CarrierStub>(Travel::Scattered(seed)).post("Start", "null");
            nothing_stays_unknown(&host, &format!("{id}, seed {seed}"));
            ends[usize::from(host.view("Process").phase == Phase::Completed)] += 1;
        }
    }
    assert!(ends[0] > 100 && ends[1] > 100, "both ends are reached often: {ends:?}");
}

#[test]
fn a_cancel_at_any_moment_of_any_order_leaves_nothing_unknown() {
    let mut cancelled = 0;
    for word in WORDS {
        for seed in 0..ORDERS {
            let id = format!("V74YCBYHC8A{word}");
            let ms = seed * 700;
            let host = shipment(&id).carriers::<CarrierStub>(Travel::Scattered(seed)).cancel_after(ms).post("Start", "null");
            nothing_stays_unknown(&host, &format!("{id}, seed {seed}, cancelled after {ms} ms"));
            cancelled += usize::from(host.view("Process").phase == Phase::Cancelled);
        }
    }
    assert!(cancelled > 100, "{cancelled}");
}
