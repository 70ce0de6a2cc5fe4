"""What an author of a process writes, and what it is given."""

import dataclasses
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, ClassVar, Generic, Mapping, Optional, Sequence, TypeVar, Union

from .decision import Decision
from .ids import Ids
from .trigger import Recorded, Trigger

State = TypeVar("State")


class Sharing(Enum):
    """How processes share instances of a module."""

    PER_PROCESS = 0
    SHARED = 1
    FRESH = 2


class Phase(Enum):
    """Where a process is in its life."""

    RUNNING = 0
    COMPENSATING = 1
    COMPLETED = 2
    FAILED = 3
    CANCELLED = 4


@dataclass(frozen=True)
class Manifest:
    """What a definition says of itself."""

    category: str
    """Name and version, such as `order-1.0`."""
    stream: str
    """Suffix of the stream: `Order` gives `{process-id}-Order`."""
    starts: Sequence[str]
    """Kinds of messages that begin a process."""
    records: Union[Sequence[str], Mapping[str, int]]
    """Kinds of events that it records: a list where every schema is 1, or each kind with its schema."""
    handles: Sequence[str] = ()
    """Kinds of messages that it takes once it has begun."""
    reacts_to: Sequence[str] = ()
    """Kinds of its own events that are offered to `decide` again in the same commit."""
    sends: Sequence[str] = ()
    """Kinds of commands that it sends."""
    state_format: int = 1
    """Version of the state's shape; raise it whenever the shape changes."""
    takes_over: Sequence[str] = ()
    """Categories whose running processes it can carry on."""
    sharing: Sharing = Sharing.PER_PROCESS
    memory_bytes: Optional[int] = None
    """What it wishes for; the operator's limits are never exceeded."""
    fuel_per_call: Optional[int] = None

    def schemas(self) -> dict[str, int]:
        """Each kind of event with the version of its shape."""
        return dict(self.records) if isinstance(self.records, Mapping) else {kind: 1 for kind in self.records}


@dataclass(frozen=True)
class Context:
    """What a decision may depend on besides the state and the trigger; all of it is recorded."""

    process_id: str
    category: str
    version: int
    """Version of the last event that the state contains; 0 before the first."""
    now: int
    """The time of this decision, in milliseconds since 1970."""
    ids: Ids

    def new_id(self) -> str:
        """A new id of 32 hex digits, drawn from the recorded seed."""
        return self.ids.hex32()

    def random(self) -> float:
        """A number from 0 to below 1, drawn from the recorded seed."""
        return self.ids.fraction()


@dataclass(frozen=True)
class View:
    """What a query sees."""

    phase: Phase
    step: Optional[str] = None
    outcome: Any = None
    """What the process has brought about so far; anything that JSON can say."""
    tags: Mapping[str, str] = field(default_factory=dict)
    """Searchable names and values."""


class Process(Generic[State]):
    """A process: two pure functions over a stream of events, and how its state looks from outside.

    The subclass has no state of its own: everything is in `State`, which is a cache of the events and nothing more.
    """

    manifest: ClassVar[Manifest]
    state: ClassVar[type]
    """The class of the state, a dataclass whose defaults are the state before the first event."""

    def evolve(self, state: State, event: Recorded) -> Optional[State]:
        """Takes a recorded event in: returns the new state, or changes the one that it is given. Must not decide anything."""
        raise NotImplementedError

    def decide(self, state: State, ctx: Context, trigger: Trigger) -> Decision:
        """Answers a trigger from its arguments alone; must not change the state."""
        raise NotImplementedError

    def look(self, state: State) -> View:
        """What a query sees of a state."""
        raise NotImplementedError

    def snapshot(self, state: State) -> Any:
        """What is kept of a state, as anything that JSON can say; `None` for nothing."""
        return dataclasses.asdict(state)  # type: ignore[call-overload]

    def restore(self, kept: Any) -> State:
        """The state that a snapshot holds. Write it anew where the state holds other dataclasses."""
        return self.state(**kept)
