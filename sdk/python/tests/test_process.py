"""A small process from the outside: what the host gets to see of what an author writes."""

import unittest
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Callable, Optional

from procession import Context, Decision, Manifest, Phase, Process, Recorded, Trigger, View, accept, defer, ignore, invalid, reject
from procession.component import exports
from procession.pure import _closed as closed


@dataclass
class Door:
    open: bool = False


class Raised(Exception):
    def __init__(self, fault: Any) -> None:
        super().__init__(fault.message)
        self.code = fault.args[0]


class Contract:
    """Plays the bindings: every type keeps what it was made of."""

    def __getattr__(self, name: str) -> Any:
        if name in ("Phase", "Sharing"):
            return lambda value: value
        if name == "RejectionReason":
            return SimpleNamespace(INVALID="invalid", NOT_APPLICABLE="not-applicable")
        return type(name, (), {"__init__": lambda self, *args: setattr(self, "args", args), "message": property(lambda self: self.args[1])})


def process(answer: Optional[Callable[[Door, Context, Trigger], Any]] = None) -> type:
    class Doors(Process[Door]):
        manifest = Manifest("door-1.0", "Door", ["Open"], {"Opened": 2}, handles=["Close"], sends=["Ring"])
        state = Door

        def evolve(self, state: Door, event: Recorded) -> None:
            state.open = {"Opened": True, "Closed": False}[event.kind]

        def decide(self, state: Door, ctx: Context, trigger: Trigger) -> Decision:
            assert answer is not None
            return answer(state, ctx, trigger)

        def look(self, state: Door) -> View:
            return View(Phase.RUNNING, outcome={"open": state.open})

    return exports(Doors(), Contract(), Raised)[1]


def trigger(kind: str = "Open", data: str = "{}") -> Any:
    message = SimpleNamespace(id="m", kind=kind, source=None, time=5, data=data)
    return type("Trigger_Start", (), {"value": message})()


CONTEXT = SimpleNamespace(process_id="front", category="door-1.0", version=0, now=1_000, seed=7)


def decided(answer: Any, offered: Any = None) -> Any:
    return process(answer).restore(None).decide(CONTEXT, offered or trigger())  # type: ignore[attr-defined]


def plain(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    return [type(value).__name__, *plain(value.args)] if hasattr(value, "args") else value


def event(kind: str, data: str = "{}", version: int = 1) -> Any:
    return SimpleNamespace(version=version, time=9, decided_by="door-0.9", event=SimpleNamespace(kind=kind, schema=1, data=data))


class ProcessTest(unittest.TestCase):
    def test_a_decision_keeps_the_order_in_which_it_was_told(self) -> None:
        told = decided(
            lambda _, ctx, __: accept("Opened", {"at": ctx.now, "by": "Ä"}).record("Opened")
            .send("Ring", to="bell", expires_after=5).set_timer("shut", ctx.now + 1).clear_timer("old").answered("Ring")
        )
        events = [["Event", "Opened", 2, '{"at":1000,"by":"Ä"}'], ["Event", "Opened", 2, "{}"]]
        effects = [
            ["Effect_Send", ["Command", "Ring", "bell", "{}", 5]],
            ["Effect_SetTimer", ["Timer", "shut", 1001, "null"]],
            ["Effect_ClearTimer", "old"],
            ["Effect_ClearTimer", "undelivered:Ring"],
        ]
        self.assertEqual(plain(told), ["Decision_Accept", ["Accepted", events, effects]])

    def test_what_is_not_accepted_has_no_effects(self) -> None:
        self.assertEqual(plain(decided(lambda *_: ignore("late").record("Opened").send("Ring"))), ["Decision_Ignore", "late"])
        self.assertEqual(plain(decided(lambda *_: defer("early"))), ["Decision_Defer", "early"])
        self.assertEqual(plain(decided(lambda *_: reject("no", "why"))), ["Decision_Reject", ["Rejection", "not-applicable", "no", "why"]])
        self.assertEqual(plain(decided(lambda *_: invalid("no", "why"))), ["Decision_Reject", ["Rejection", "invalid", "no", "why"]])

    def test_a_message_that_cannot_be_read_is_rejected_before_the_author_sees_it(self) -> None:
        self.assertEqual(plain(decided(None, trigger("Paint")))[1][2], "unknown-kind")
        self.assertEqual(plain(decided(None, trigger("Open", "{")))[1][2], "invalid-data")

    def test_what_goes_wrong_is_a_fault_that_says_what_and_where(self) -> None:
        for code, text, answer in [
            ("broken-decide", r"ZeroDivisionError.*test_process.py:\d+", lambda *_: 1 // 0),
            # The line that asked, and not the one of the SDK that refuses.
            ("broken-decide", r"use ctx.new_id\(\).*test_process.py:\d+\)$", lambda *_: closed("uuid4", "ctx.new_id()")()),
            ("unwritable-decision", "must answer with accept", lambda *_: None),
            ("unwritable-decision", "does not list the event `Painted`", lambda *_: accept("Painted")),
            ("unwritable-decision", "not JSON compliant", lambda *_: accept("Opened", float("nan"))),
        ]:
            with self.assertRaisesRegex(Raised, text) as raised:
                decided(answer)
            self.assertEqual(raised.exception.code, code)

    def test_a_broken_history_and_a_broken_snapshot_are_faults(self) -> None:
        with self.assertRaisesRegex(Raised, r"event 3 \(Opened\)"):
            process().restore(None).evolve([event("Opened", "{", 3)])  # type: ignore[attr-defined]
        with self.assertRaises(Raised):
            process().restore("{")  # type: ignore[attr-defined]

    def test_a_state_is_folded_kept_and_restored(self) -> None:
        one = process().restore(None)  # type: ignore[attr-defined]
        one.evolve([event("Opened")])
        self.assertEqual(one.snapshot(), '{"open":true}')
        self.assertEqual(plain(process().restore(one.snapshot()).look()), ["View", 0, None, '{"open":true}', []])  # type: ignore[attr-defined]

    def test_ids_come_from_the_seed_each_once_and_the_same_again(self) -> None:
        drawn = lambda: plain(decided(lambda _, ctx, __: accept("Opened", [ctx.new_id(), ctx.new_id()])))[1][1][0][3]
        first, second = eval(drawn())
        self.assertNotEqual(first, second)
        self.assertEqual(drawn(), drawn())


if __name__ == "__main__":
    unittest.main()
