"""What would make a decision depend on anything but its arguments is closed, and says what to use instead."""

import subprocess
import sys
import unittest

# In a program of its own: what is closed stays closed.
PROGRAM = """
from procession.pure import close_what_is_not_pure
close_what_is_not_pure()
from datetime import datetime, date, timedelta, timezone
from random import randint
import secrets, time, uuid, os
def refused(run):
    try:
        run()
    except RuntimeError as error:
        return "ctx." in str(error)
closed = [lambda: randint(1, 2), lambda: secrets.token_hex(), time.time, time.monotonic, uuid.uuid4, lambda: os.urandom(1), datetime.now, date.today]
assert all(refused(run) for run in closed), [refused(run) for run in closed]
assert str(datetime.fromtimestamp(0, timezone.utc) + timedelta(1)) == "1970-01-02 00:00:00+00:00"
assert isinstance(datetime(2026, 1, 1), datetime)
"""


class PureTest(unittest.TestCase):
    def test_randomness_and_clocks_raise_and_given_times_can_be_read(self) -> None:
        done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    unittest.main()
