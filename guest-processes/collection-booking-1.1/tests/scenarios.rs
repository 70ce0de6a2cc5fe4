//! Given / when / then for `collection-booking-1.1`: what it does beyond 1.0.
//!
//! That it records the streams of 1.0 for the commands of 1.0 is shown by the journeys.

use collection_booking_1_1::Collection;
use collection_booking_1_1::decisions::{Message, TIMER};
use guards::{Guard, Waiting};
use procession_sdk::Scenario;
use procession_sdk::contract::Phase;
use procession_sdk::scenario::Exploration;
use shipment_language::carrier::{CollectionBooked, CollectionFailed};
use shipment_language::collection::CreateCollectionBooking;
use shipment_language::{BookCollection, Leg, ManifestedLeg};
use shipment_undoing::words::{Cancel, Refused};
use shipment_undoing::{ANSWER_MS, ATTEMPTS_MAX};

const BOOK: &str = "BookCollectionWithCarrier";
const CANCEL: &str = "CancelCollectionWithCarrier";
const PAUSE: &str = "cancel-collection";

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

fn promise(booking_reference: &str) -> CollectionBooked {
    CollectionBooked { carrier_id: "c".to_owned(), booking_reference: booking_reference.to_owned() }
}

fn booked(booking_reference: &str) -> Message {
    Message::CollectionBookedWithCarrier(promise(booking_reference))
}

fn declined() -> Message {
    Message::CarrierCollectionBookingFailed(CollectionFailed { carrier_id: "c".to_owned(), failure: "f".to_owned() })
}

fn taken_back(booking_reference: &str) -> Message {
    Message::CollectionCancelledWithCarrier(promise(booking_reference))
}

fn refused(booking_reference: &str, attempt: u32) -> Message {
    Message::CarrierCollectionCancellationFailed(Refused { promise: promise(booking_reference), attempt, failure: "no".to_owned() })
}

fn cancel() -> Message {
    Message::CancelCollectionBooking(Cancel { reason: "no longer wanted".to_owned() })
}

fn collection() -> Scenario<Collection> {
    Scenario::new("V74YCBYHC8A0")
}

fn asked() -> Scenario<Collection> {
    collection().when(create("2026-01-16", BookCollection::AtOnce))
}

fn waiting() -> Scenario<Collection> {
    collection().when(create("2026-01-18", BookCollection::WhenScheduled))
}

#[test]
fn the_question_to_the_carrier_has_a_deadline_that_its_answer_lifts() {
    asked().then_awaits([BOOK]).then_expires_after(BOOK, ANSWER_MS).when(booked("b")).then_records(["CollectionBooked"]).then_awaits([]);
    asked().when(declined()).then_awaits([]);
    waiting().then_awaits([]).when_timer(TIMER).then_awaits([BOOK]);
}

#[test]
fn a_silent_carrier_is_asked_once_more_and_then_the_booking_fails() {
    let failed = asked()
        .when_undelivered(BOOK)
        .then_records(["CollectionBookingRepeated"])
        .then_sends([BOOK])
        .when_undelivered(BOOK)
        .then_records(["CollectionBookingSubprocessFailed"])
        .then_awaits([]);
    assert_eq!(failed.view().phase, Phase::Failed);
    // Nobody has cancelled it: the carrier may come after all.
    failed.when(booked("b")).then_records(["CollectionBooked"]);
}

#[test]
fn a_collection_that_is_booked_twice_is_kept_once_and_the_other_promise_is_undone() {
    let scenario = asked()
        .when_undelivered(BOOK)
        .when(booked("b"))
        .when(booked("late"))
        .then_records(["CollectionBookedLate", "BookedCollectionCancellationStarted"])
        .then_sends([CANCEL]);
    assert_eq!(scenario.view().phase, Phase::Compensating);
    let scenario = scenario.when(taken_back("late")).then_records(["BookedCollectionCancelled"]);
    assert_eq!(scenario.view().phase, Phase::Completed);
    scenario.when(booked("late")).then_ignored().when(booked("b")).then_ignored();
}

#[test]
fn a_collection_that_is_not_booked_is_cancelled_at_once() {
    let unscheduled = collection().when(create("2026-01-14", BookCollection::AtOnce));
    for scenario in [waiting(), asked().when(declined()), unscheduled] {
        let scenario = scenario.when(cancel()).then_records(["CollectionBookingCancellationStarted", "CollectionBookingCancelled"]);
        assert!(scenario.timers().is_empty(), "nothing will be booked any more");
        assert_eq!(scenario.view().phase, Phase::Cancelled);
        scenario.when(cancel()).then_ignored();
    }
}

#[test]
fn a_booked_collection_is_taken_back() {
    let scenario = asked()
        .when(booked("b"))
        .when(cancel())
        .then_records(["CollectionBookingCancellationStarted", "BookedCollectionCancellationStarted"])
        .then_awaits([CANCEL])
        .when(taken_back("b"))
        .then_records(["BookedCollectionCancelled", "CollectionBookingCancelled"])
        .then_awaits([]);
    assert_eq!(scenario.history().last().expect("an event").event.data, r#"{"shipmentId":"V74YCBYHC8A0","notUndone":[]}"#);
}

#[test]
fn the_carrier_that_is_being_asked_is_awaited_first() {
    let waiting = || asked().when(cancel()).then_records(["CollectionBookingCancellationStarted"]).then_awaits([BOOK]);
    waiting()
        .when(booked("b"))
        .then_records(["CollectionBookedLate", "BookedCollectionCancellationStarted"])
        .when(taken_back("b"))
        .then_records(["BookedCollectionCancelled", "CollectionBookingCancelled"]);
    for scenario in [waiting().when(declined()), waiting().when_undelivered(BOOK)] {
        let ended = scenario.then_records(["CollectionBookingSubprocessFailed", "CollectionBookingCancelled"]).then_awaits([]);
        let late = ended.when(booked("b")).then_records(["CollectionBookedLate", "BookedCollectionCancellationStarted"]);
        assert_eq!(late.when(taken_back("b")).then_records(["BookedCollectionCancelled"]).view().phase, Phase::Cancelled);
    }
}

#[test]
fn what_cannot_be_taken_back_is_named_at_the_end() {
    let mut scenario = asked().when(booked("b")).when(cancel());
    for attempt in 1..ATTEMPTS_MAX {
        scenario = scenario.when(refused("b", attempt)).then_records(["BookedCollectionCancellationPutOff"]).when_timer(PAUSE);
    }
    let scenario = scenario.when_undelivered(CANCEL).then_records(["BookedCollectionCancellationFailed", "CollectionBookingCancelled"]);
    let last = &scenario.history().last().expect("an event").event.data;
    assert_eq!(
        last,
        r#"{"shipmentId":"V74YCBYHC8A0","notUndone":[{"what":"collection","carrierId":"c","bookingReference":"b","failure":"no answer in time"}]}"#
    );
}

#[test]
fn every_trigger_in_every_state_does_no_harm() {
    let messages = [
        create("2026-01-16", BookCollection::AtOnce),
        create("2026-01-18", BookCollection::WhenScheduled),
        create("2026-01-14", BookCollection::AtOnce),
        create("soon", BookCollection::AtOnce),
        cancel(),
        booked("b"),
        booked("late"),
        Message::CollectionBookedWithCarrier(CollectionBooked { carrier_id: "another".to_owned(), ..promise("b") }),
        declined(),
        Message::CarrierCollectionBookingFailed(CollectionFailed { carrier_id: "another".to_owned(), failure: "f".to_owned() }),
        taken_back("b"),
        taken_back("late"),
        taken_back("never"),
        refused("b", 1),
        refused("b", 4),
        refused("late", 2),
        refused("never", 1),
    ];
    let guard = Guard {
        after_completed: &[
            "CollectionBookedLate",
            "BookedCollectionCancellationStarted",
            "BookedCollectionCancelled",
            "CollectionBookingCancellationStarted",
        ],
        after_failed: &["CollectionBooked", "CollectionBookingCancellationStarted", "CollectionBookingCancelled"],
        after_cancelled: &["CollectionBookedLate", "BookedCollectionCancellationStarted", "BookedCollectionCancelled"],
        for_each_promise: &[
            "CollectionBookedLate",
            "BookedCollectionCancellationStarted",
            "BookedCollectionCancellationPutOff",
            "BookedCollectionCancelled",
            "BookedCollectionCancellationFailed",
        ],
        any_number: &[],
        waiting: Waiting::WithinLimits,
    };
    assert_eq!(guard.walk(collection(), &messages), Exploration { states: 339, offers: 33_415, accepted: 2017 });
}
