//! What a collection decides, as tables: its commands, the carrier's answers, its timer, and what follows its own decisions.
//!
//! How a booked collection is taken back stands in `undoing`.

use procession_sdk::contract::{Context, TimerFired, Undelivered};
use procession_sdk::{Decision, Trigger, accept, ignore, reject};
use serde::{Deserialize, Serialize};
use shipment_language::calendar::moment_text;
use shipment_language::carrier::{BookCollection, CollectionBooked, CollectionFailed};
use shipment_language::collection::{Booked, CreateCollectionBooking};
use shipment_language::start::check_collection_date;
use shipment_language::{Failed, start};
use shipment_undoing::ANSWER_MS;
use shipment_undoing::words::{Attempt, Cancel, Refused};

use crate::schedule;
use crate::state::{Event, Question, State, Step};
use crate::undoing::BOOKINGS;

/// The timer that books a collection at its scheduled moment.
pub const TIMER: &str = "book-collection";

/// How often the carrier is asked to come; silence is the only reason to ask again.
pub const ASKED_MAX: u32 = 2;

const BOOK: &str = "BookCollectionWithCarrier";

/// What the collection is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names are the vocabulary of the shipment components")]
pub enum Message {
    CreateCollectionBooking(CreateCollectionBooking),
    CancelCollectionBooking(Cancel),
    CollectionBookedWithCarrier(CollectionBooked),
    CarrierCollectionBookingFailed(CollectionFailed),
    CollectionCancelledWithCarrier(CollectionBooked),
    CarrierCollectionCancellationFailed(Refused<CollectionBooked>),
}

/// What the collection asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names are the vocabulary of the shipment components")]
pub enum Command {
    BookCollectionWithCarrier(BookCollection),
    CancelCollectionWithCarrier(Attempt<CollectionBooked>),
}

pub(crate) type Decided = Decision<Event, Command>;

pub(crate) fn decide(state: &State, ctx: &Context, trigger: Trigger<Message, Event>) -> Decided {
    match trigger {
        Trigger::Start(message) | Trigger::Message(message) => answer(state, ctx, message),
        Trigger::Recorded(event) => follow(state, ctx, event),
        Trigger::Timer(timer) => wake(state, &timer),
        Trigger::Undelivered(undelivered) => come_back(state, ctx, &undelivered),
        Trigger::Cancel(_) => reject("cancel-not-supported", "a collection is cancelled by its process, with CancelCollectionBooking"),
        Trigger::Migrated(_) => ignore("nothing is to be done after a migration"),
    }
}

/// What a command or an answer means at the step that the booking is at.
#[rustfmt::skip] // A table reads by its columns.
fn answer(state: &State, ctx: &Context, message: Message) -> Decided {
    match (state.step, message) {
        (Step::NotInitialized, Message::CreateCollectionBooking(booking)) => match check_collection_date(&booking.collection_date) {
            Ok(_) => accept(Event::CollectionBookingInitialized(booking)),
            Err(rejection) => rejection.into(),
        },
        (Step::NotInitialized, _) => reject("not-initialized", "there is no collection yet"),
        (_, Message::CreateCollectionBooking(_)) => ignore("the booking of the collection has already started"),

        (Step::Cancelling | Step::Cancelled, Message::CancelCollectionBooking(_)) => ignore("the collection is being cancelled already"),
        (Step::Scheduled, Message::CancelCollectionBooking(cancel)) =>
            accept(Event::CollectionBookingCancellationStarted(cancel)).clear_timer(TIMER),
        (_, Message::CancelCollectionBooking(cancel)) => accept(Event::CollectionBookingCancellationStarted(cancel)),

        (_, Message::CollectionBookedWithCarrier(CollectionBooked { carrier_id, .. })
          | Message::CarrierCollectionBookingFailed(CollectionFailed { carrier_id, .. })) if carrier_id != state.carrier_id() =>
            ignore("this carrier has not been asked"),

        (_, Message::CollectionBookedWithCarrier(booked)) => booked_with_carrier(state, booked),
        (_, Message::CarrierCollectionBookingFailed(CollectionFailed { failure, .. })) => match state.question {
            Question::Open { .. } => accept(Event::CollectionBookingSubprocessFailed(Failed { failure })).answered(BOOK),
            _ => ignore("a late or second answer: no booking is awaited"),
        },
        (_, Message::CollectionCancelledWithCarrier(booked)) => BOOKINGS.taken_back(&state.undoing, &booked),
        (_, Message::CarrierCollectionCancellationFailed(refused)) => BOOKINGS.refused(&state.undoing, refused, ctx.now),
    }
}

/// The carrier comes. The first promise counts, also after a failure (it may come after all); any other one is undone.
fn booked_with_carrier(state: &State, booked: CollectionBooked) -> Decided {
    if state.question == Question::NotAsked {
        return ignore("the carrier has not been asked yet");
    }
    if state.booked.as_ref() == Some(&booked) || state.undoing.knows(&booked) {
        return ignore("a second answer: the carrier has said so already");
    }
    let event = match state.step {
        Step::WithCarrier | Step::BookingFailed => Event::CollectionBooked(Booked { booking_reference: booked.booking_reference }),
        _ => Event::CollectionBookedLate(booked),
    };
    match state.question {
        Question::Open { .. } => accept(event).answered(BOOK),
        _ => accept(event),
    }
}

/// What follows a decision of its own: the booking, or what is to be undone next.
fn follow(state: &State, ctx: &Context, event: Event) -> Decided {
    match event {
        Event::CollectionBookingInitialized(booking) => schedule(state, &booking, ctx.now),
        Event::CollectionBookingSubprocessFailed(_)
        | Event::CollectionBookedLate(_)
        | Event::CollectionBookingCancellationStarted(_)
        | Event::BookedCollectionCancelled(_)
        | Event::BookedCollectionCancellationFailed(_) => BOOKINGS.go_on(&state.undoing, state.cancellation()),
        _ => ignore("nothing follows this event"),
    }
}

/// Books at once, or sets the timer for it; a moment that has passed is at once.
fn schedule(state: &State, booking: &CreateCollectionBooking, now: u64) -> Decided {
    let booked = check_collection_date(&booking.collection_date).map_err(|rejection| rejection.message);
    let at = match booked.and_then(|day| schedule::book_at(day, now)) {
        Ok(at) => at,
        Err(failure) => return accept(Event::CollectionBookingSchedulingFailed(Failed { failure })),
    };
    let scheduled = accept(Event::CollectionBookingScheduled { book_at: moment_text(at) });
    match booking.book_collection {
        start::BookCollection::WhenScheduled if at > now => scheduled.set_timer(TIMER, at, ()),
        _ => ask_carrier(scheduled.and(started(state)), state),
    }
}

fn wake(state: &State, timer: &TimerFired) -> Decided {
    match state.step {
        Step::Scheduled if timer.name == TIMER => ask_carrier(accept(started(state)), state),
        _ => BOOKINGS.wake(&state.undoing, timer),
    }
}

/// The carrier was silent, or could not be asked at all.
fn come_back(state: &State, ctx: &Context, undelivered: &Undelivered) -> Decided {
    let failure = undelivered.reason.clone();
    match (undelivered.command(), state.question) {
        (Some(Command::BookCollectionWithCarrier(_)), Question::Open { attempt })
            if attempt < ASKED_MAX && state.step == Step::WithCarrier =>
        {
            let carrier_id = state.carrier_id().to_owned();
            let repeated = Event::CollectionBookingRepeated { carrier_id, attempt: attempt + 1, failure };
            ask_carrier(accept(repeated).answered(BOOK), state)
        }
        (Some(Command::BookCollectionWithCarrier(_)), Question::Open { .. }) => {
            accept(Event::CollectionBookingSubprocessFailed(Failed { failure })).answered(BOOK)
        }
        (Some(Command::BookCollectionWithCarrier(_)), _) => ignore("the answer about the collection is no longer awaited"),
        (Some(Command::CancelCollectionWithCarrier(Attempt { promise, attempt })), _) => {
            BOOKINGS.refused(&state.undoing, Refused { promise, attempt, failure }, ctx.now)
        }
        (None, _) => ignore("a collection sends no such command"),
    }
}

fn started(state: &State) -> Event {
    Event::CollectionBookingWithCarrierStarted { carrier_id: state.carrier_id().to_owned() }
}

fn ask_carrier(decided: Decided, state: &State) -> Decided {
    let Some(booking) = &state.booking else { return decided };
    let ask = BookCollection {
        carrier_id: state.carrier_id().to_owned(),
        collection_leg: booking.collection_leg.clone(),
        collection_date: booking.collection_date.clone(),
        time_zone: booking.time_zone.clone(),
    };
    decided.send(Command::BookCollectionWithCarrier(ask)).expires_after(ANSWER_MS)
}
