"""Why `decide` is called, made for `match`: `case Start("PlaceOrder", data)`, `case Timer("payment")`, `case Cancel(reason)`."""

from dataclasses import dataclass
from typing import Any, Optional, Union


@dataclass(frozen=True)
class Message:
    """A message for a process that has begun."""

    kind: str
    data: Any
    id: str = ""
    source: Optional[str] = None
    time: int = 0


@dataclass(frozen=True)
class Start:
    """A message that begins the process, or arrives again later."""

    kind: str
    data: Any
    id: str = ""
    source: Optional[str] = None
    time: int = 0


@dataclass(frozen=True)
class Recorded:
    """An event that stands in the stream."""

    kind: str
    data: Any
    schema: int = 1
    version: int = 0
    time: int = 0
    decided_by: str = ""


@dataclass(frozen=True)
class Timer:
    """A timer that was set has come due."""

    name: str
    data: Any = None
    due: int = 0


@dataclass(frozen=True)
class Undelivered:
    """A command that was sent had no answer in time, or could not be delivered."""

    kind: str
    data: Any
    reason: str = ""
    id: str = ""


@dataclass(frozen=True)
class Cancel:
    """Somebody asks for the process to be cancelled."""

    reason: str


@dataclass(frozen=True)
class Migrated:
    """The process has been moved to this module."""

    origin: str


Trigger = Union[Start, Message, Recorded, Timer, Undelivered, Cancel, Migrated]
