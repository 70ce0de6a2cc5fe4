"""What `decide` answers, built so that a table of decisions reads aloud.

No text of the contract is written here; `component` does that.
"""

from dataclasses import dataclass, field
from typing import Any, Optional, Union


@dataclass(frozen=True)
class Event:
    """What is recorded."""

    kind: str
    data: Any


@dataclass(frozen=True)
class Send:
    """A command that is sent."""

    kind: str
    data: Any
    to: Optional[str]
    expires_after: Optional[int]


@dataclass(frozen=True)
class SetTimer:
    """A timer that is set, or moved."""

    name: str
    at: int
    data: Any


@dataclass(frozen=True)
class ClearTimer:
    """A timer that is cleared."""

    name: str


Effect = Union[Send, SetTimer, ClearTimer]


@dataclass
class Decision:
    """An answer. What is added to one that is not accepted changes nothing: only what is accepted has effects."""

    answer: str
    code: str = ""
    text: str = ""
    events: list[Event] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)

    def record(self, kind: str, data: Any = None) -> "Decision":
        """Records one more event."""
        if self.answer == "accept":
            self.events.append(Event(kind, {} if data is None else data))
        return self

    def send(self, kind: str, data: Any = None, *, to: Optional[str] = None, expires_after: Optional[int] = None) -> "Decision":
        """Sends a command to its own process or to another one; `expires_after` says how many milliseconds an answer may take."""
        return self._with(Send(kind, {} if data is None else data, to, expires_after))

    def set_timer(self, name: str, at: int, data: Any = None) -> "Decision":
        """Sets a timer, or moves the one of this name; `data` comes back when it fires."""
        return self._with(SetTimer(name, at, data))

    def clear_timer(self, name: str) -> "Decision":
        """Clears a timer; clearing one that is not set does nothing."""
        return self._with(ClearTimer(name))

    def answered(self, kind: str) -> "Decision":
        """Lifts the deadline of the oldest command of this kind."""
        return self.clear_timer(f"undelivered:{kind}")

    def _with(self, effect: Effect) -> "Decision":
        if self.answer == "accept":
            self.effects.append(effect)
        return self


def accept(kind: str, data: Any = None) -> Decision:
    """Records an event."""
    return Decision("accept").record(kind, data)


def ignore(why: str) -> Decision:
    """Passes over a duplicate or a late message."""
    return Decision("ignore", text=why)


def defer(why: str) -> Decision:
    """Puts a message off until after the next event of this stream."""
    return Decision("defer", text=why)


def reject(code: str, message: str) -> Decision:
    """Turns down a message that is right, but not in the present state."""
    return Decision("not-applicable", code, message)


def invalid(code: str, message: str) -> Decision:
    """Turns down a message that is wrong in itself and will never be taken."""
    return Decision("invalid", code, message)
