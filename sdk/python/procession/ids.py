"""Numbers and ids from the seed of a decision: the same sequence as in every other SDK (`sdk/ids.json` has samples).

Nothing random lives here: the same seed draws the same again, which is what makes a decision repeatable.
"""

_BITS_64 = (1 << 64) - 1


class Ids:
    """Draws from a seed: all different within one decision, and the same again for the same seed."""

    def __init__(self, seed: int) -> None:
        self._state = seed

    def bits(self) -> int:
        """The next 64 bits. SplitMix64: a bijection of a counter, so no number comes twice before all have come once."""
        self._state = (self._state + 0x9E3779B97F4A7C15) & _BITS_64
        z = self._state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _BITS_64
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _BITS_64
        return z ^ (z >> 31)

    def hex32(self) -> str:
        """The next id: 32 hex digits."""
        return f"{self.bits():016x}{self.bits():016x}"

    def fraction(self) -> float:
        """The next number from 0 to below 1: the upper 53 of the next 64 bits."""
        return (self.bits() >> 11) / (1 << 53)
