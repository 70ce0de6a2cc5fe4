//! Ids of shipments: twelve letters and digits, where the first says which kind and the last what goes wrong.
//! They are random, since a shipment begins once and a test may be run again on the same host.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use clap::ValueEnum;

const LETTERS: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const NOT_ONE: &[u8; 35] = b"023456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const LENGTH: usize = 12;
/// Last characters with which everything succeeds.
const SUCCEEDS: &[u8; 7] = b"0456789";

/// Which shipments to trigger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Kind {
    /// One leg.
    Domestic,
    /// Two legs.
    International,
    /// One in thirty-six domestic, the others international.
    Mixed,
}

/// Whom a test is about.
pub(super) enum Subjects {
    /// Shipments that nobody has heard of.
    Fresh(Ids),
    /// Processes that have ended, one after another from `at` on, and again.
    Finished { ids: Arc<[String]>, at: usize },
}

impl Subjects {
    pub(super) fn finished(ids: Vec<String>) -> Self {
        Self::Finished { ids: ids.into(), at: 0 }
    }

    /// Those of one of the loops.
    pub(super) fn of_loop(&self, index: usize) -> Self {
        match self {
            Self::Fresh(ids) => Self::Fresh(Ids::new(ids.kind, ids.with_failures)),
            Self::Finished { ids, at } => Self::Finished { ids: Arc::clone(ids), at: at + index },
        }
    }

    pub(super) fn next(&mut self) -> String {
        match self {
            Self::Fresh(ids) => ids.next(),
            Self::Finished { ids, at } => {
                *at += 1;
                ids[*at % ids.len()].clone()
            }
        }
    }
}

/// A source of ids; no two of them are the same.
pub(super) struct Ids {
    kind: Kind,
    with_failures: bool,
    random: RandomState,
    count: u64,
}

impl Ids {
    pub(super) fn new(kind: Kind, with_failures: bool) -> Self {
        // std keys every one of these differently, so loops never share ids.
        Self { kind, with_failures, random: RandomState::new(), count: 0 }
    }

    pub(super) fn next(&mut self) -> String {
        self.count += 1;
        let mut bits = self.random.hash_one(self.count);
        let mut pick = |from: &[u8]| {
            let count = from.len() as u64;
            let letter = from[usize::try_from(bits % count).unwrap_or(0)];
            bits /= count;
            char::from(letter)
        };
        let first = match self.kind {
            Kind::Domestic => '1',
            Kind::International => pick(NOT_ONE),
            Kind::Mixed => pick(LETTERS),
        };
        let last = if self.with_failures { pick(LETTERS) } else { pick(SUCCEEDS) };
        let middle: String = (0..LENGTH - 2).map(|_| pick(LETTERS)).collect();
        format!("{first}{middle}{last}")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{Ids, Kind, Subjects};

    #[test]
    fn ids_are_of_the_kind_that_is_asked_for_and_all_different() {
        let mut domestic = Ids::new(Kind::Domestic, false);
        let ids: HashSet<String> = (0..10_000).map(|_| domestic.next()).collect();
        assert_eq!(ids.len(), 10_000);
        assert!(ids.iter().all(|id| id.len() == 12 && id.starts_with('1') && id.ends_with(|last| "0456789".contains(last))));
        let mut international = Ids::new(Kind::International, true);
        let ids: Vec<String> = (0..1_000).map(|_| international.next()).collect();
        assert!(ids.iter().all(|id| !id.starts_with('1')));
        assert!(ids.iter().any(|id| id.ends_with(['1', '2', '3'])));
    }

    #[test]
    fn what_has_finished_is_read_again_and_again_and_every_loop_begins_elsewhere() {
        let subjects = Subjects::finished(vec!["A".to_owned(), "B".to_owned(), "C".to_owned()]);
        let of_loop = |index| {
            let mut subjects = subjects.of_loop(index);
            (0..4).map(|_| subjects.next()).collect::<String>()
        };
        assert_eq!([of_loop(0), of_loop(1)], ["BCAB", "CABC"]);
    }
}
