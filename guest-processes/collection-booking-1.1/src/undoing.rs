//! The words for taking a booked collection back, and when that happens.
//!
//! How often it is tried is the business of `shipment-undoing`.

use shipment_language::carrier::CollectionBooked;
use shipment_undoing::{Cancellation, Undoing};

use crate::decisions::Command;
use crate::state::{Event, Question, State, Step};

/// Taking a booking back.
pub(crate) const BOOKINGS: Undoing<CollectionBooked, Event, Command> = Undoing {
    kind: "CancelCollectionWithCarrier",
    ask: Command::CancelCollectionWithCarrier,
    timer: "cancel-collection",
    begun: Event::BookedCollectionCancellationStarted,
    put_off: Event::BookedCollectionCancellationPutOff,
    undone: Event::BookedCollectionCancelled,
    given_up: Event::BookedCollectionCancellationFailed,
    cancelled: Event::CollectionBookingCancelled,
};

impl State {
    pub(crate) const fn cancellation(&self) -> Cancellation {
        match (self.step, self.question) {
            (Step::Cancelling, Question::Open { .. }) => Cancellation::AwaitsAnswer,
            (Step::Cancelling, _) => Cancellation::UnderWay,
            _ => Cancellation::None,
        }
    }
}
