//! How the carriers of a shipment behave, told by the end of its id.
//!
//! The words begin with a dash, so that no id of letters and digits meets one by accident.

use crate::REFUSALS;

/// How the carriers of one shipment behave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Manner {
    /// No carrier takes a leg.
    pub every_leg_declined: bool,
    /// What becomes of the second leg.
    pub second_leg: SecondLeg,
    /// What becomes of the collection.
    pub collection: Collection,
    /// What becomes of an attempt to take something back.
    pub cancellation: Cancellation,
}

/// What the carrier of the second leg does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecondLeg {
    /// Takes it.
    Manifested,
    /// Declines it.
    Declined,
    /// Says nothing.
    Silent,
    /// Takes it when everybody has stopped waiting for it.
    Late,
}

/// What the carrier does about the collection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Collection {
    /// Books it.
    Booked,
    /// Declines it.
    Declined,
    /// Declines it, and comes after all.
    AfterAll,
    /// Says nothing.
    Silent,
}

/// What a carrier does when something is to be taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cancellation {
    /// Takes it back.
    Willing,
    /// Refuses a few times.
    Stubborn,
    /// Refuses for ever.
    Stuck,
    /// Says nothing.
    Silent,
}

impl Cancellation {
    /// Whether this attempt is refused.
    #[must_use]
    pub const fn refuses(self, attempt: u32) -> bool {
        match self {
            Self::Willing | Self::Silent => false,
            Self::Stubborn => attempt <= REFUSALS,
            Self::Stuck => true,
        }
    }
}

impl Manner {
    const EASY: Self = Self {
        every_leg_declined: false,
        second_leg: SecondLeg::Manifested,
        collection: Collection::Booked,
        cancellation: Cancellation::Willing,
    };

    /// How the carriers of this shipment behave.
    #[must_use]
    pub fn of(id: &str) -> Self {
        let easy = Self::EASY;
        let declined = Self { second_leg: SecondLeg::Declined, ..easy };
        match id.rsplit_once('-').map(|(_, word)| word) {
            Some("declined") => declined,
            Some("silent") => Self { second_leg: SecondLeg::Silent, ..easy },
            Some("late") => Self { second_leg: SecondLeg::Late, ..easy },
            Some("stubborn") => Self { cancellation: Cancellation::Stubborn, ..declined },
            Some("stuck") => Self { cancellation: Cancellation::Stuck, ..declined },
            Some("mute") => Self { cancellation: Cancellation::Silent, ..declined },
            Some("uncollected") => Self { collection: Collection::Silent, ..easy },
            _ => match id.chars().last() {
                Some('1') => Self { every_leg_declined: true, ..easy },
                Some('2') => Self { collection: Collection::Declined, ..easy },
                Some('3') => Self { collection: Collection::AfterAll, ..easy },
                _ => easy,
            },
        }
    }
}
