//! Random numbers from a seed that a failing test can name.
//! Not for secrets.

use xxhash_rust::xxh3::xxh3_64;

/// SplitMix64: short, and good enough to choose moments and sizes.
#[derive(Clone)]
pub(super) struct Random(u64);

impl Random {
    /// The numbers that belong to these words and numbers.
    pub(super) fn of(what: &impl std::fmt::Debug) -> Self {
        Self(xxh3_64(format!("{what:?}").as_bytes()))
    }

    /// The next number.
    pub(super) fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// The next number below `bound`.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        (self.number() % bound.max(1) as u64) as usize
    }

    /// Whether something with so many chances in a hundred happens.
    pub(super) fn happens(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}
