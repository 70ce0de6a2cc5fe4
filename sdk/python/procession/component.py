"""Between the contract's text and the author's values: what a call of the host comes down to.

It is the same under CPython and in a component, so a test runs exactly what the host will run;
`contract` and `err` are the bindings that `componentize-py` writes, which exist only while a component is built.
"""

import json
import os
from typing import Any, Callable, Optional

from .decision import ClearTimer, Decision, Send, SetTimer
from .ids import Ids
from .process import Context, Process
from .trigger import Cancel, Message, Migrated, Recorded, Start, Timer, Trigger, Undelivered


_SDK = os.path.dirname(__file__)


class Unread(Exception):
    """A message that cannot be read: the sender's matter."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def exports(process: Process[Any], contract: Any, err: Callable[[Any], Exception]) -> tuple[type, type]:
    """The classes `Definition` and `Process` that the contract's world `process` asks for."""
    says = process.manifest
    schemas = says.schemas()
    takes = {*says.starts, *says.handles}

    def guarded(code: str, run: Callable[[], Any]) -> Any:
        try:
            return run()
        except Unread:
            raise
        except Exception as error:
            raise err(contract.Fault(code, f"{type(error).__name__}: {error}{_place(error)}")) from None

    class Exported:
        _state: Any

        @classmethod
        def restore(cls, snapshot: Optional[str]) -> Any:
            held = cls()
            held._state = guarded(
                "unreadable-snapshot", lambda: process.state() if snapshot is None else process.restore(json.loads(snapshot))
            )
            return held

        def evolve(self, events: list[Any]) -> None:
            for recorded in events:
                event = guarded("broken-history", lambda: _own(recorded))
                state = guarded("broken-evolve", lambda: process.evolve(self._state, event))
                # A state that is changed in place need not be returned.
                self._state = self._state if state is None else state

        def decide(self, ctx: Any, trigger: Any) -> Any:
            try:
                offered = guarded("broken-history", lambda: _trigger(takes, contract, trigger))
            except Unread as unread:
                return _rejected(contract, "invalid", unread.code, str(unread))
            context = Context(ctx.process_id, ctx.category, ctx.version, ctx.now, Ids(ctx.seed))
            decision = guarded("broken-decide", lambda: process.decide(self._state, context, offered))
            return guarded("unwritable-decision", lambda: _written(schemas, contract, decision))

        def look(self) -> Any:
            view = process.look(self._state)
            outcome = None if view.outcome is None else _text(view.outcome)
            tags = [contract.Tag(name, str(value)) for name, value in view.tags.items()]
            return contract.View(contract.Phase(view.phase.value), view.step, outcome, tags)

        def snapshot(self) -> Optional[str]:
            kept = process.snapshot(self._state)
            return None if kept is None else _text(kept)

    Exported.__name__ = "Process"
    return _definition(process, contract), Exported


def _definition(process: Process[Any], contract: Any) -> type:
    says = process.manifest
    manifest = contract.Manifest(
        says.category,
        says.stream,
        list(says.starts),
        list(says.handles),
        list(says.reacts_to),
        [contract.EventSchema(kind, schema) for kind, schema in says.schemas().items()],
        list(says.sends),
        says.state_format,
        list(says.takes_over),
        contract.Sharing(says.sharing.value),
        contract.Limits(says.memory_bytes, says.fuel_per_call),
    )

    class Definition:
        def describe(self) -> Any:
            return manifest

    return Definition


def _own(recorded: Any) -> Recorded:
    event = recorded.event
    try:
        data = json.loads(event.data)
    except ValueError as error:
        raise ValueError(f"event {recorded.version} ({event.kind}) cannot be read: {error}") from None
    return Recorded(event.kind, data, event.schema, recorded.version, recorded.time, recorded.decided_by)


def _trigger(takes: set[str], contract: Any, trigger: Any) -> Trigger:
    value = trigger.value
    match type(trigger).__name__:
        case "Trigger_Start":
            return Start(value.kind, _data(takes, value), value.id, value.source, value.time)
        case "Trigger_Message":
            return Message(value.kind, _data(takes, value), value.id, value.source, value.time)
        case "Trigger_Recorded":
            return _own(value)
        case "Trigger_Timer":
            return Timer(value.name, json.loads(value.data), value.due)
        case "Trigger_Undelivered":
            return Undelivered(value.kind, json.loads(value.data), value.reason, value.id)
        case "Trigger_Cancel":
            return Cancel(value)
        case _:
            return Migrated(value)


def _data(takes: set[str], message: Any) -> Any:
    if message.kind not in takes:
        raise Unread("unknown-kind", f"`{message.kind}` is not a message that this definition takes")
    try:
        return json.loads(message.data)
    except ValueError as error:
        raise Unread("invalid-data", str(error)) from None


def _written(schemas: dict[str, int], contract: Any, decision: Decision) -> Any:
    if not isinstance(decision, Decision):
        raise TypeError("decide must answer with accept, ignore, reject, invalid or defer")
    match decision.answer:
        case "ignore":
            return contract.Decision_Ignore(decision.text)
        case "defer":
            return contract.Decision_Defer(decision.text)
        case "accept":
            events = [_event(schemas, contract, event.kind, event.data) for event in decision.events]
            return contract.Decision_Accept(contract.Accepted(events, [_effect(contract, effect) for effect in decision.effects]))
        case reason:
            return _rejected(contract, reason, decision.code, decision.text)


def _rejected(contract: Any, reason: str, code: str, message: str) -> Any:
    whose = contract.RejectionReason.INVALID if reason == "invalid" else contract.RejectionReason.NOT_APPLICABLE
    return contract.Decision_Reject(contract.Rejection(whose, code, message))


def _event(schemas: dict[str, int], contract: Any, kind: str, data: Any) -> Any:
    if kind not in schemas:
        raise ValueError(f"the manifest does not list the event `{kind}`")
    return contract.Event(kind, schemas[kind], _text(data))


def _effect(contract: Any, effect: Any) -> Any:
    match effect:
        case Send(kind, data, to, expires_after):
            return contract.Effect_Send(contract.Command(kind, to, _text(data), expires_after))
        case SetTimer(name, at, data):
            return contract.Effect_SetTimer(contract.Timer(name, at, _text(data)))
        case ClearTimer(name):
            return contract.Effect_ClearTimer(name)


def _text(value: Any) -> str:
    # Strict: what JSON cannot say (NaN, infinity) is an error here and not with whoever reads it.
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _place(error: Exception) -> str:
    """The author's line, as far as it is known: the last one that is none of this SDK's."""
    found = ""
    at = error.__traceback__
    while at is not None:
        if os.path.dirname(at.tb_frame.f_code.co_filename) != _SDK:
            found = f" ({at.tb_frame.f_code.co_filename}:{at.tb_lineno})"
        at = at.tb_next
    return found
