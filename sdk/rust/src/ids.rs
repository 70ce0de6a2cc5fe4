//! New ids without randomness.
//!
//! A guest has no random source: whatever it "draws" comes from the seed that the host recorded,
//! so deciding the same trigger again draws the same ids.

use crate::contract::Context;

/// Draws ids from a seed: all different within one decision, and the same again for the same seed.
#[derive(Debug, Clone)]
pub struct Ids {
    state: u64,
}

impl Context {
    /// Ids for this decision. Asking again begins the same sequence again, so keep the one that you draw from.
    #[must_use]
    pub const fn ids(&self) -> Ids {
        Ids::from_seed(self.seed)
    }
}

impl Ids {
    /// Begins the sequence of a seed.
    #[must_use]
    pub const fn from_seed(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The next 64 bits. SplitMix64: a bijection of a counter, so no number comes twice before all have come once.
    pub const fn number(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// The next id: 32 hex digits.
    pub fn hex32(&mut self) -> String {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let bits = (u128::from(self.number()) << 64) | u128::from(self.number());
        (0..32).rev().map(|digit| char::from(DIGITS[(bits >> (digit * 4)) as usize & 0xf])).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn ids_are_32_hex_digits_and_all_different() {
        let mut ids = Ids::from_seed(7);
        let drawn: HashSet<String> = (0..10_000).map(|_| ids.hex32()).collect();
        assert_eq!(drawn.len(), 10_000);
        assert!(drawn.iter().all(|id| id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit())));
    }

    #[test]
    fn the_same_seed_draws_the_same_ids_and_another_one_does_not() {
        assert_eq!(Ids::from_seed(1).hex32(), Ids::from_seed(1).hex32());
        assert_ne!(Ids::from_seed(1).hex32(), Ids::from_seed(2).hex32());
    }

    #[test]
    fn the_sequence_is_splitmix64() {
        // The first outputs of the reference implementation for seed 0: an id in a recorded history must never change.
        let mut ids = Ids::from_seed(0);
        assert_eq!([ids.number(), ids.number()], [0xe220_a839_7b1d_cdaf, 0x6e78_9e6a_a1b9_65f4]);
    }
}
