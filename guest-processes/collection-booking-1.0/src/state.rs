//! What has been decided about a collection: the events, and the state that they fold to.
//!
//! Nothing is decided here.

use procession_sdk::contract::{Phase, View};
use serde::{Deserialize, Serialize};
use shipment_language::Failed;
use shipment_language::collection::{Booked, CreateCollectionBooking};

/// What the collection records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all_fields = "camelCase")]
#[allow(missing_docs, reason = "the names are the vocabulary of the shipment components")]
pub enum Event {
    CollectionBookingInitialized(CreateCollectionBooking),
    CollectionBookingScheduled { book_at: String },
    CollectionBookingSchedulingFailed(Failed),
    CollectionBookingWithCarrierStarted { carrier_id: String },
    CollectionBooked(Booked),
    CollectionBookingSubprocessFailed(Failed),
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
}

/// The folded state.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    pub(crate) step: Step,
    pub(crate) booking: Option<CreateCollectionBooking>,
}

impl State {
    /// Takes an event in.
    pub(crate) fn take(&mut self, event: Event) {
        self.step = match event {
            Event::CollectionBookingInitialized(booking) => {
                self.booking = Some(booking);
                Step::Initialized
            }
            Event::CollectionBookingScheduled { .. } => Step::Scheduled,
            Event::CollectionBookingSchedulingFailed(_) => Step::SchedulingFailed,
            Event::CollectionBookingWithCarrierStarted { .. } => Step::WithCarrier,
            Event::CollectionBooked(_) => Step::Booked,
            Event::CollectionBookingSubprocessFailed(_) => Step::BookingFailed,
        }
    }

    pub(crate) fn look(&self) -> View {
        let (phase, step) = match self.step {
            Step::NotInitialized => return View::new(Phase::Running),
            Step::Initialized => (Phase::Running, "scheduling"),
            Step::SchedulingFailed => (Phase::Failed, "scheduling"),
            Step::Scheduled => (Phase::Running, "waiting for the booking time"),
            Step::WithCarrier => (Phase::Running, "booking"),
            Step::BookingFailed => (Phase::Failed, "booking"),
            Step::Booked => (Phase::Completed, "booked"),
        };
        View::new(phase).step(step)
    }
}
