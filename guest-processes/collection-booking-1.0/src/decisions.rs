//! What a collection decides, as tables: its command, the carrier's answers, its timer, and what follows its own decisions.

use procession_sdk::contract::{Context, TimerFired};
use procession_sdk::{Decision, Trigger, accept, ignore, reject};
use serde::{Deserialize, Serialize};
use shipment_language::calendar::moment_text;
use shipment_language::carrier::{BookCollection, CollectionBooked, CollectionFailed};
use shipment_language::collection::{Booked, CreateCollectionBooking};
use shipment_language::start::check_collection_date;
use shipment_language::{Failed, start};

use crate::schedule;
use crate::state::{Event, State, Step};

/// The timer that books a collection at its scheduled moment.
pub const TIMER: &str = "book-collection";

/// What the collection is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names are the vocabulary of the shipment components")]
pub enum Message {
    CreateCollectionBooking(CreateCollectionBooking),
    CollectionBookedWithCarrier(CollectionBooked),
    CarrierCollectionBookingFailed(CollectionFailed),
}

/// What the collection asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names are the vocabulary of the shipment components")]
pub enum Command {
    BookCollectionWithCarrier(BookCollection),
}

type Decided = Decision<Event, Command>;

pub(crate) fn decide(state: &State, ctx: &Context, trigger: Trigger<Message, Event>) -> Decided {
    match trigger {
        Trigger::Start(message) | Trigger::Message(message) => answer(state, message),
        Trigger::Recorded(Event::CollectionBookingInitialized(booking)) => schedule(&booking, ctx.now),
        Trigger::Recorded(_) => ignore("nothing follows this event"),
        Trigger::Timer(timer) => wake(state, &timer),
        Trigger::Undelivered(_) => reject("undelivered-not-supported", "a collection waits for its carrier without a limit"),
        Trigger::Cancel(_) => reject("cancel-not-supported", "a collection cannot be cancelled"),
        Trigger::Migrated(_) => ignore("nothing is to be done after a migration"),
    }
}

/// What a command or an answer means at the step that the booking is at.
#[rustfmt::skip] // A table reads by its columns.
fn answer(state: &State, message: Message) -> Decided {
    match (state.step, message) {
        (Step::NotInitialized, Message::CreateCollectionBooking(booking)) => match check_collection_date(&booking.collection_date) {
            Ok(_) => accept(Event::CollectionBookingInitialized(booking)),
            Err(rejection) => rejection.into(),
        },
        (Step::NotInitialized, _) => reject("not-initialized", "there is no collection yet"),
        (_, Message::CreateCollectionBooking(_)) => ignore("the booking of the collection has already started"),

        (_, Message::CollectionBookedWithCarrier(CollectionBooked { carrier_id, .. })
          | Message::CarrierCollectionBookingFailed(CollectionFailed { carrier_id, .. })) if !is_asked(state, &carrier_id) =>
            ignore("this carrier has not been asked"),

        // Also after a failure: the carrier may come after all.
        (Step::WithCarrier | Step::BookingFailed, Message::CollectionBookedWithCarrier(CollectionBooked { booking_reference, .. })) =>
            accept(Event::CollectionBooked(Booked { booking_reference })),
        (Step::WithCarrier, Message::CarrierCollectionBookingFailed(CollectionFailed { failure, .. })) =>
            accept(Event::CollectionBookingSubprocessFailed(Failed { failure })),

        (_, Message::CollectionBookedWithCarrier(_) | Message::CarrierCollectionBookingFailed(_)) =>
            ignore("a late or second answer: no booking is awaited"),
    }
}

/// Books at once, or sets the timer for it; a moment that has passed is at once.
fn schedule(booking: &CreateCollectionBooking, now: u64) -> Decided {
    let booked = check_collection_date(&booking.collection_date).map_err(|rejection| rejection.message);
    let at = match booked.and_then(|day| schedule::book_at(day, now)) {
        Ok(at) => at,
        Err(failure) => return accept(Event::CollectionBookingSchedulingFailed(Failed { failure })),
    };
    let scheduled = accept(Event::CollectionBookingScheduled { book_at: moment_text(at) });
    match booking.book_collection {
        start::BookCollection::WhenScheduled if at > now => scheduled.set_timer(TIMER, at, ()),
        _ => ask_carrier(scheduled, booking),
    }
}

fn wake(state: &State, timer: &TimerFired) -> Decided {
    match (&state.booking, state.step) {
        (Some(booking), Step::Scheduled) if timer.name == TIMER => {
            let carrier_id = booking.collection_leg.leg.carrier_id.clone();
            send_booking(accept(Event::CollectionBookingWithCarrierStarted { carrier_id }), booking)
        }
        _ => ignore("no booking waits for this timer"),
    }
}

fn ask_carrier(decided: Decided, booking: &CreateCollectionBooking) -> Decided {
    let carrier_id = booking.collection_leg.leg.carrier_id.clone();
    send_booking(decided.and(Event::CollectionBookingWithCarrierStarted { carrier_id }), booking)
}

fn send_booking(decided: Decided, booking: &CreateCollectionBooking) -> Decided {
    decided.send(Command::BookCollectionWithCarrier(BookCollection {
        carrier_id: booking.collection_leg.leg.carrier_id.clone(),
        collection_leg: booking.collection_leg.clone(),
        collection_date: booking.collection_date.clone(),
        time_zone: booking.time_zone.clone(),
    }))
}

fn is_asked(state: &State, carrier_id: &str) -> bool {
    state.booking.as_ref().is_some_and(|booking| booking.collection_leg.leg.carrier_id == carrier_id)
}
