"""Write a Procession process in Python: two pure functions over a stream of events.

What you do not write: JSON text, exports of the contract, clocks or random numbers.
Times are milliseconds since 1970, spans of time are milliseconds; both are whole numbers.
"""

from .decision import Decision, accept, defer, ignore, invalid, reject
from .process import Context, Manifest, Phase, Process, Sharing, View
from .trigger import Cancel, Message, Migrated, Recorded, Start, Timer, Trigger, Undelivered

__all__ = [
    "Cancel", "Context", "Decision", "Manifest", "Message", "Migrated", "Phase", "Process", "Recorded", "Sharing",
    "Start", "Timer", "Trigger", "Undelivered", "View", "accept", "defer", "ignore", "invalid", "reject",
]
