//! Given / when / then for `collection-booking-1.0`.

use collection_booking_1_0::Collection;
use collection_booking_1_0::decisions::{Message, TIMER};
use guards::Guard;
use procession_sdk::Scenario;
use procession_sdk::contract::Phase;
use procession_sdk::scenario::Exploration;
use shipment_language::carrier::{CollectionBooked, CollectionFailed};
use shipment_language::collection::CreateCollectionBooking;
use shipment_language::{BookCollection, Leg, ManifestedLeg};

/// On 15 January 2026, the scenario's day.
fn create(collection_date: &str, book_collection: BookCollection) -> Message {
    let leg = Leg { carrier_id: "c".to_owned(), sender: "s".to_owned(), receiver: "r".to_owned(), collection: "k".to_owned() };
    Message::CreateCollectionBooking(CreateCollectionBooking {
        collection_leg: ManifestedLeg { leg, tracking_number: "t".to_owned() },
        collection_date: collection_date.to_owned(),
        time_zone: "Europe/London".to_owned(),
        book_collection,
    })
}

fn collection() -> Scenario<Collection> {
    Scenario::new("12EEQ9CS9K10")
}

fn asked() -> Scenario<Collection> {
    collection().when(create("2026-01-16", BookCollection::AtOnce))
}

fn booked(carrier_id: &str) -> Message {
    Message::CollectionBookedWithCarrier(CollectionBooked { carrier_id: carrier_id.to_owned(), booking_reference: "b".to_owned() })
}

fn declined(carrier_id: &str) -> Message {
    Message::CarrierCollectionBookingFailed(CollectionFailed { carrier_id: carrier_id.to_owned(), failure: "f".to_owned() })
}

#[test]
fn a_collection_is_booked_at_once() {
    let scenario = asked()
        .then_records(["CollectionBookingInitialized", "CollectionBookingScheduled", "CollectionBookingWithCarrierStarted"])
        .then_sends(["BookCollectionWithCarrier"]);
    assert!(scenario.history()[1].event.data.contains(r#""bookAt":"2026-01-15T22:30:00.000Z""#));
    let scenario = scenario.when(booked("c")).then_records(["CollectionBooked"]).then_sends([]);
    assert_eq!(scenario.view().phase, Phase::Completed);
}

#[test]
fn a_collection_waits_for_its_timer_when_told_to() {
    let scenario = collection()
        .when(create("2026-01-18", BookCollection::WhenScheduled))
        .then_records(["CollectionBookingInitialized", "CollectionBookingScheduled"])
        .then_sends([]);
    assert_eq!(scenario.timers().len(), 1);
    scenario
        .when(booked("c"))
        .then_ignored()
        .when_timer(TIMER)
        .then_records(["CollectionBookingWithCarrierStarted"])
        .then_sends(["BookCollectionWithCarrier"]);
}

#[test]
fn a_moment_that_has_passed_is_at_once() {
    let evening = collection().at(1_768_478_400_000 + 11 * 60 * 60 * 1_000);
    for scenario in [
        collection().when(create("2026-01-15", BookCollection::WhenScheduled)),
        evening.when(create("2026-01-16", BookCollection::WhenScheduled)),
    ] {
        assert!(scenario.timers().is_empty());
        scenario.then_sends(["BookCollectionWithCarrier"]);
    }
}

#[test]
fn a_date_out_of_reach_fails_the_scheduling() {
    for date in ["2026-01-14", "2026-01-23", "1999-12-31", "9999-12-31"] {
        let scenario = collection()
            .when(create(date, BookCollection::AtOnce))
            .then_records(["CollectionBookingInitialized", "CollectionBookingSchedulingFailed"])
            .then_sends([]);
        assert_eq!(scenario.view().phase, Phase::Failed);
        scenario.when(booked("c")).then_ignored();
    }
}

#[test]
fn a_carrier_that_declines_may_come_after_all() {
    let scenario = asked().when(declined("c")).then_records(["CollectionBookingSubprocessFailed"]).when(declined("c")).then_ignored();
    assert_eq!(scenario.view().phase, Phase::Failed);
    let scenario = scenario.when(booked("c")).then_records(["CollectionBooked"]);
    assert_eq!((scenario.view().phase, scenario.history().len()), (Phase::Completed, 5));
    scenario.when(booked("c")).then_ignored().when(declined("c")).then_ignored();
}

#[test]
fn what_does_not_apply_is_turned_down_with_a_reason() {
    collection().when(booked("c")).then_rejected("not-initialized");
    collection().when(create("soon", BookCollection::AtOnce)).then_rejected("invalid-collection-date");
    collection().when_text("CreateCollectionBooking", "{}").then_rejected("invalid-data");
    asked()
        .when(create("2026-01-16", BookCollection::AtOnce))
        .then_ignored()
        .when(booked("another"))
        .then_ignored()
        .when_cancelled("no longer wanted")
        .then_rejected("cancel-not-supported")
        .when_dropped("BookCollectionWithCarrier", "{}")
        .then_rejected("undelivered-not-supported")
        .when_migrated("x-1.0")
        .then_ignored();
}

#[test]
fn nothing_that_can_come_breaks_it() {
    let samples = [
        ("CollectionBookedWithCarrier", r#"{"carrierId":"c","bookingReference":"b"}"#),
        ("CarrierCollectionBookingFailed", r#"{"carrierId":"c","failure":"f"}"#),
    ];
    let waiting = collection().when(create("2026-01-18", BookCollection::WhenScheduled));
    for stage in [collection(), asked(), waiting, asked().when(declined("c")), asked().when(booked("c"))] {
        assert!(stage.then_survives_every_trigger(&samples) > 20);
    }
}

#[test]
fn every_trigger_in_every_state_does_no_harm() {
    let messages = [
        create("2026-01-16", BookCollection::AtOnce),
        create("2026-01-18", BookCollection::WhenScheduled),
        create("2026-01-14", BookCollection::AtOnce),
        create("soon", BookCollection::AtOnce),
        booked("c"),
        booked("another"),
        Message::CollectionBookedWithCarrier(CollectionBooked { carrier_id: "c".to_owned(), booking_reference: "other".to_owned() }),
        declined("c"),
        declined("another"),
    ];
    // A carrier that declined may come after all.
    let guard = Guard { after_failed: &["CollectionBooked"], ..Guard::STRICT };
    assert_eq!(guard.walk(collection(), &messages), Exploration { states: 9, offers: 417, accepted: 35 });
}
