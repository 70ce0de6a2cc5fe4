//! The one source of chance: everything that a run draws comes from its seed, through here.
//! Nothing outside a run (time, addresses, the order of a hash map) has a say.

/// Draws numbers from a seed; the same seed draws the same numbers for ever.
#[derive(Clone, Debug)]
pub struct Dice(u64);

/// One in a million: the unit of every rate.
pub const PPM: u64 = 1_000_000;

impl Dice {
    /// Dice for this seed. Neighbouring seeds have nothing in common.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(mixed(seed ^ 0x5052_4f43_4553_5349))
    }

    /// The next 64 bits (SplitMix64: small, fast and good enough to choose by).
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed(self.0)
    }

    /// A number below `end`; 0 where `end` is 0.
    pub fn below(&mut self, end: u64) -> u64 {
        if end == 0 { 0 } else { self.bits() % end }
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }

    /// True `rate_ppm` times in a million.
    pub fn hits(&mut self, rate_ppm: u64) -> bool {
        rate_ppm > 0 && self.below(PPM) < rate_ppm
    }

    /// An index below `length`.
    pub fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.below(length as u64)).unwrap_or(0)
    }

    /// One of these.
    ///
    /// # Panics
    /// Where there are none.
    pub fn one_of<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.index(choices.len())]
    }

    /// An index, drawn by weight.
    pub fn weighted(&mut self, weights: &[u64]) -> usize {
        let mut left = self.below(weights.iter().sum());
        weights
            .iter()
            .position(|weight| {
                let hit = left < *weight;
                left = left.saturating_sub(*weight);
                hit
            })
            .unwrap_or(0)
    }
}

fn mixed(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::Dice;

    #[test]
    fn the_same_seed_draws_the_same_numbers_and_another_one_others() {
        let draw =
            |seed| std::iter::repeat_with(move || seed).scan(Dice::new(seed), |dice, _| Some(dice.bits())).take(50).collect::<Vec<_>>();
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
    }

    #[test]
    fn a_weight_of_nothing_is_never_drawn() {
        let mut dice = Dice::new(1);
        let drawn: Vec<usize> = (0..1_000).map(|_| dice.weighted(&[0, 3, 0, 1])).collect();
        assert!(drawn.iter().all(|index| [1, 3].contains(index)) && drawn.contains(&1) && drawn.contains(&3));
    }
}
