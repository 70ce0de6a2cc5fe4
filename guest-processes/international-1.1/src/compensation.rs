//! How the process is undone: what a deadline or a cancel leads to, and how the end comes about.
//!
//! The last stage is undone first: the collection, then the shipment with its legs. The subprocesses do it; here it is ordered and told.

use procession_sdk::contract::Undelivered;
use procession_sdk::{accept, ignore, reject};
use shipment_language::collection::Booked;
use shipment_language::shipment::Manifested;
use shipment_undoing::words::{Cancel, NotUndone, Undone, What};

use crate::decisions::{Command, Decided, Message};
use crate::state::{Cause, Event, State, Step};

/// How long a collection may take to be cancelled, in milliseconds: longer than all attempts with its carrier,
/// and longer than any command before it, so that none of those can still be delivered once the process has ended.
pub const COLLECTION_CANCELLATION_MS: u64 = 120_000;

/// The same for each leg of a shipment.
pub const LEG_CANCELLATION_MS: u64 = 120_000;

/// Somebody asks for the process to be cancelled: at any moment before it has come to its end.
pub(crate) fn cancel(state: &State, reason: String) -> Decided {
    match (state.step, &state.cause) {
        (Step::NotStarted, _) => reject("not-started", "the shipment process has not started"),
        (Step::Completed, _) => reject("completed", "the shipment process has completed; there is nothing left to cancel"),
        (_, Some((Cause::Cancelled(_), _))) => ignore("the shipment process is cancelled already"),
        (Step::Undone, _) => reject("failed", "the shipment process has failed and was undone; there is nothing left to cancel"),
        (_, Some(_)) => ignore("the shipment process has failed and is being undone already"),
        // The deadlines of the commands under way stay: a command that nobody has taken yet must be withdrawn.
        (_, None) => accept(Event::ShipmentProcessCancellationRequested { reason }),
    }
}

/// A command had no answer in time, or an operator dropped it: its step has failed.
pub(crate) fn come_back(state: &State, undelivered: &Undelivered) -> Decided {
    let failure = format!("{}: {}", undelivered.kind, undelivered.reason);
    let Some(command) = undelivered.command() else { return ignore("this process sends no such command") };
    accept(match (state.step, command) {
        (Step::CustomsInvoice, Command::CreateShipment(_) | Command::GenerateCustomsInvoice) => {
            Event::CustomsInvoiceGenerationFailed { failure }
        }
        (Step::Manifestation, Command::ManifestShipment) => Event::ShipmentManifestationFailed { failure },
        (Step::Labels, Command::GenerateShipmentLabels) => Event::ShipmentLabelsGenerationFailed { failure },
        (Step::Receipt, Command::GenerateShipmentReceipt) => Event::ReceiptGenerationFailed { failure },
        (Step::CombinedDocument, Command::GenerateCombinedDocument) => Event::CombinedDocumentGenerationFailed { failure },
        (Step::CollectionBooking, Command::CreateCollectionBooking(_)) => Event::CollectionBookingFailed { failure },
        (Step::CollectionCancellation, Command::CancelCollectionBooking(_)) => {
            let not_undone = vec![state.collection(None, &failure)];
            Event::CollectionCancellationFailed { failure, not_undone }
        }
        (Step::ManifestationCancellation, Command::CancelShipment(_)) => {
            let not_undone = state.all_legs(&failure);
            Event::ManifestationCancellationFailed { failure, not_undone }
        }
        _ => return ignore("the answer to this command is no longer awaited"),
    })
}

/// What follows a decision to undo.
pub(crate) fn follow(state: &State, event: &Event) -> Decided {
    match event {
        Event::ManifestationAndDocumentsFailed { .. }
        | Event::CollectionBookingFailed { .. }
        | Event::ShipmentProcessCancellationRequested { .. }
        | Event::CollectionCancellationCompleted { .. }
        | Event::CollectionCancellationFailed { .. } => undo_next(state),
        Event::ManifestationCancellationCompleted { .. } | Event::ManifestationCancellationFailed { .. } => end(state),
        _ => ignore("nothing follows this event"),
    }
}

fn undo_next(state: &State) -> Decided {
    let reason = match &state.cause {
        Some((Cause::Failure(reason) | Cause::Cancelled(reason), _)) => reason.clone(),
        None => return ignore("nothing is to be undone"),
    };
    if state.collection_begun {
        let cancel = Command::CancelCollectionBooking(Cancel { reason });
        return accept(Event::CollectionCancellationStarted).send(cancel).expires_after(COLLECTION_CANCELLATION_MS);
    }
    let cancel = Command::CancelShipment(Cancel { reason });
    accept(Event::ManifestationCancellationStarted).send(cancel).expires_after(state.for_each_leg(LEG_CANCELLATION_MS))
}

fn end(state: &State) -> Decided {
    let not_undone = state.not_undone.clone();
    match state.cause.clone() {
        Some((Cause::Cancelled(reason), _)) => accept(Event::ShipmentProcessCancelled { reason, not_undone }),
        Some((Cause::Failure(failure), _)) => accept(Event::ShipmentProcessFailed { failure, not_undone }),
        None => ignore("nothing is to be undone"),
    }
}

/// What an answer means that no step of a success waits for.
pub(crate) fn answer(state: &State, message: Message) -> Decided {
    match (state.step, message) {
        (Step::CollectionCancellation, Message::CollectionBookingCancelled(Undone { not_undone })) => {
            accept(Event::CollectionCancellationCompleted { not_undone }).answered("CancelCollectionBooking")
        }
        (Step::ManifestationCancellation, Message::ShipmentCancelled(Undone { not_undone })) => {
            accept(Event::ManifestationCancellationCompleted { not_undone }).answered("CancelShipment")
        }
        // News from outside a cancellation that is under way; one that is under way tells everything at its end.
        (_, message) if !state.is_compensating() => match state.not_undone_after(message) {
            Some(not_undone) if not_undone != state.not_undone => accept(Event::NotUndoneRevised { not_undone }),
            _ => late(state),
        },
        _ => late(state),
    }
}

fn late(state: &State) -> Decided {
    ignore(format!("a late or second answer: the process is at the step `{}`", state.step.name()))
}

impl State {
    /// So much time for each leg, in milliseconds.
    pub(crate) fn for_each_leg(&self, ms: u64) -> u64 {
        ms.saturating_mul(self.carriers.len().max(1) as u64)
    }

    /// The list of what is not undone, as it is after this news; none where the message is no news about it.
    fn not_undone_after(&self, message: Message) -> Option<Vec<NotUndone>> {
        let late = "it came after the process had ended";
        let ended = self.step == Step::Undone;
        Some(match message {
            Message::ShipmentLegCancellationFailed(given_up) => self.with([given_up.into()]),
            Message::BookedCollectionCancellationFailed(given_up) => self.with([given_up.into()]),
            Message::ShipmentLegCancelled(leg) => self.without(|entry| entry.tracking_number.as_deref() == Some(&*leg.tracking_number)),
            Message::BookedCollectionCancelled(booked) => {
                self.without(|entry| entry.booking_reference.as_deref() == Some(&*booked.booking_reference))
            }
            // The cancellation was given up before its end came.
            Message::ShipmentCancelled(Undone { not_undone }) if ended => {
                [self.without(|entry| entry.what == What::Leg), not_undone].concat()
            }
            Message::CollectionBookingCancelled(Undone { not_undone }) if ended => {
                [self.without(|entry| entry.what == What::Collection), not_undone].concat()
            }
            // A subprocess that never took its cancel.
            Message::ShipmentManifested(Manifested { manifested_legs }) if ended => {
                let leg = |leg: shipment_language::ManifestedLeg| self.leg(&leg.leg.carrier_id, Some(leg.tracking_number), late);
                [self.without(|entry| entry.what == What::Leg), manifested_legs.into_iter().map(leg).collect()].concat()
            }
            Message::CollectionBooked(Booked { booking_reference }) if ended => {
                [self.without(|entry| entry.what == What::Collection), vec![self.collection(Some(booking_reference), late)]].concat()
            }
            _ => return None,
        })
    }

    fn with<const N: usize>(&self, entries: [NotUndone; N]) -> Vec<NotUndone> {
        let new = entries.into_iter().filter(|entry| !self.not_undone.contains(entry));
        self.not_undone.iter().cloned().chain(new).collect()
    }

    fn without(&self, gone: impl Fn(&NotUndone) -> bool) -> Vec<NotUndone> {
        self.not_undone.iter().filter(|entry| !gone(entry)).cloned().collect()
    }

    /// Every leg that a carrier may have taken: those that are known, or all of them while nobody knows.
    fn all_legs(&self, failure: &str) -> Vec<NotUndone> {
        if !self.manifestation_begun {
            return Vec::new();
        }
        if self.manifested_legs.is_empty() {
            return self.carriers.iter().map(|carrier_id| self.leg(carrier_id, None, failure)).collect();
        }
        let known = self.manifested_legs.iter();
        known.map(|leg| self.leg(&leg.leg.carrier_id, Some(leg.tracking_number.clone()), failure)).collect()
    }

    fn leg(&self, carrier_id: &str, tracking_number: Option<String>, failure: &str) -> NotUndone {
        let (carrier_id, failure) = (carrier_id.to_owned(), failure.to_owned());
        NotUndone { what: What::Leg, carrier_id, tracking_number, booking_reference: None, failure }
    }

    fn collection(&self, booking_reference: Option<String>, failure: &str) -> NotUndone {
        let carrier_id = self.carriers.first().cloned().unwrap_or_default();
        NotUndone { what: What::Collection, carrier_id, tracking_number: None, booking_reference, failure: failure.to_owned() }
    }
}
