//! The words for taking legs back, and when that happens.
//!
//! Which leg comes next and how often it is tried is the business of `shipment-undoing`.

use shipment_language::carrier::LegManifested;
use shipment_undoing::{Cancellation, Undoing};

use crate::decisions::Command;
use crate::state::{Event, State, Step};

/// Taking a leg back.
pub(crate) const LEGS: Undoing<LegManifested, Event, Command> = Undoing {
    kind: "CancelShipmentWithCarrier",
    ask: Command::CancelShipmentWithCarrier,
    timer: "cancel-leg",
    begun: Event::ShipmentLegCancellationStarted,
    put_off: Event::ShipmentLegCancellationPutOff,
    undone: Event::ShipmentLegCancelled,
    given_up: Event::ShipmentLegCancellationFailed,
    cancelled: Event::ShipmentCancelled,
};

impl State {
    pub(crate) const fn cancellation(&self) -> Cancellation {
        match (self.step, self.asked) {
            (Step::Cancelling, Some(_)) => Cancellation::AwaitsAnswer,
            (Step::Cancelling, None) => Cancellation::UnderWay,
            _ => Cancellation::None,
        }
    }
}
