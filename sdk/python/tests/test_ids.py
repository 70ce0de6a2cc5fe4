"""The sequence of a seed is the same in every SDK."""

import json
import unittest
from pathlib import Path

from procession.ids import Ids

SAMPLES = json.loads((Path(__file__).parents[2] / "ids.json").read_text())["samples"]


class IdsTest(unittest.TestCase):
    def test_every_sample_draws_what_the_other_languages_draw(self) -> None:
        self.assertGreaterEqual(len(SAMPLES), 10)
        for sample in SAMPLES:
            drawn, numbers = Ids(int(sample["seed"])), Ids(int(sample["seed"]))
            self.assertEqual([drawn.hex32() for _ in sample["ids"]], sample["ids"])
            self.assertEqual([numbers.fraction() for _ in sample["fractions"]], sample["fractions"])


if __name__ == "__main__":
    unittest.main()
