//! What has been decided about a collection: the events, and the state that they fold to.
//!
//! Nothing is decided here.

use procession_sdk::contract::{Phase, View};
use serde::{Deserialize, Serialize};
use shipment_language::Failed;
use shipment_language::carrier::CollectionBooked;
use shipment_language::collection::{Booked, CreateCollectionBooking};
use shipment_undoing::Ledger;
use shipment_undoing::words::{Attempt, Cancel, GivenUp, PutOff, Undone};

/// What the collection records; what 1.0 does not know stands last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all_fields = "camelCase")]
#[allow(missing_docs, reason = "the names are the vocabulary of the shipment components")]
pub enum Event {
    CollectionBookingInitialized(CreateCollectionBooking),
    CollectionBookingScheduled {
        book_at: String,
    },
    CollectionBookingSchedulingFailed(Failed),
    CollectionBookingWithCarrierStarted {
        carrier_id: String,
    },
    CollectionBooked(Booked),
    CollectionBookingSubprocessFailed(Failed),
    /// The carrier was silent and is asked again.
    CollectionBookingRepeated {
        carrier_id: String,
        attempt: u32,
        failure: String,
    },
    /// The carrier has booked a collection that is not wanted (any more): it will be undone.
    CollectionBookedLate(CollectionBooked),
    CollectionBookingCancellationStarted(Cancel),
    BookedCollectionCancellationStarted(Attempt<CollectionBooked>),
    BookedCollectionCancellationPutOff(PutOff<CollectionBooked>),
    BookedCollectionCancelled(CollectionBooked),
    BookedCollectionCancellationFailed(GivenUp<CollectionBooked>),
    CollectionBookingCancelled(Undone),
}

/// How far the booking is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Step {
    #[default]
    NotInitialized,
    Initialized,
    Scheduled,
    SchedulingFailed,
    WithCarrier,
    Booked,
    BookingFailed,
    Cancelling,
    Cancelled,
}

/// What became of asking the carrier for a collection.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Question {
    /// Nobody has been asked.
    #[default]
    NotAsked,
    /// The carrier is being asked, for the first time or again.
    Open { attempt: u32 },
    /// It has answered, or the time for it has passed.
    Closed,
}

/// The folded state.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    pub(crate) step: Step,
    pub(crate) booking: Option<CreateCollectionBooking>,
    pub(crate) question: Question,
    /// What the carrier has promised and is wanted.
    pub(crate) booked: Option<CollectionBooked>,
    pub(crate) undoing: Ledger<CollectionBooked>,
}

impl State {
    /// Takes an event in.
    pub(crate) fn take(&mut self, event: Event) {
        match event {
            Event::CollectionBookingInitialized(booking) => {
                *self = Self { step: Step::Initialized, booking: Some(booking), ..Self::default() };
            }
            Event::CollectionBookingScheduled { .. } => self.step = Step::Scheduled,
            Event::CollectionBookingSchedulingFailed(_) => self.step = Step::SchedulingFailed,
            Event::CollectionBookingWithCarrierStarted { .. } => {
                self.step = Step::WithCarrier;
                self.question = Question::Open { attempt: 1 };
            }
            Event::CollectionBookingRepeated { attempt, .. } => self.question = Question::Open { attempt },
            Event::CollectionBooked(Booked { booking_reference }) => {
                self.step = Step::Booked;
                self.question = Question::Closed;
                self.booked = Some(CollectionBooked { carrier_id: self.carrier_id().to_owned(), booking_reference });
            }
            Event::CollectionBookingSubprocessFailed(_) => {
                self.question = Question::Closed;
                if self.step == Step::WithCarrier {
                    self.step = Step::BookingFailed;
                }
            }
            undoing => self.take_undoing(undoing),
        }
    }

    fn take_undoing(&mut self, event: Event) {
        match event {
            Event::CollectionBookedLate(booked) => {
                self.question = Question::Closed;
                self.undoing.add(booked);
            }
            Event::CollectionBookingCancellationStarted(_) => {
                self.step = Step::Cancelling;
                self.booked.take().into_iter().for_each(|booked| self.undoing.add(booked));
            }
            Event::BookedCollectionCancellationStarted(attempt) => self.undoing.begun(attempt),
            Event::BookedCollectionCancellationPutOff(_) => self.undoing.put_off(),
            Event::BookedCollectionCancelled(booked) => self.undoing.undone(booked),
            Event::BookedCollectionCancellationFailed(given_up) => self.undoing.given_up(given_up),
            Event::CollectionBookingCancelled(_) => self.step = Step::Cancelled,
            _ => {}
        }
    }

    /// Who is to collect the shipment; empty before that is known.
    pub(crate) fn carrier_id(&self) -> &str {
        self.booking.as_ref().map_or("", |booking| &booking.collection_leg.leg.carrier_id)
    }

    pub(crate) fn look(&self) -> View {
        let (phase, step) = match self.step {
            Step::NotInitialized => return View::new(Phase::Running),
            Step::Initialized => (Phase::Running, "scheduling"),
            Step::Scheduled => (Phase::Running, "waiting for the booking time"),
            Step::WithCarrier => (Phase::Running, "booking"),
            Step::Cancelling => (Phase::Compensating, "cancelling"),
            // A collection was booked late: the stream has not ended before that is undone.
            _ if self.undoing.is_busy() => (Phase::Compensating, "undoing a late booking"),
            Step::SchedulingFailed => (Phase::Failed, "scheduling"),
            Step::BookingFailed => (Phase::Failed, "booking"),
            Step::Booked => (Phase::Completed, "booked"),
            Step::Cancelled => (Phase::Cancelled, "cancelled"),
        };
        View::new(phase).step(step)
    }
}
