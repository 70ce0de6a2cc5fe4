"""A ticket: opened, answered, and escalated when nobody answers within a day."""

from dataclasses import dataclass, replace
from typing import Optional

from procession import (
    Context, Decision, Manifest, Message, Phase, Process, Recorded, Start, Timer, Trigger, View,
    accept, ignore, invalid, reject,
)

DAY_MS = 24 * 60 * 60 * 1_000


@dataclass(frozen=True)
class State:
    """What has been decided so far, folded from the events."""

    step: str = "nothing"
    reference: str = ""
    answer: Optional[str] = None


class {{type}}(Process[State]):
    manifest = Manifest(
        category="{{category}}",
        stream="{{type}}",
        starts=["OpenTicket"],
        handles=["AnswerTicket"],
        records=["TicketOpened", "TicketEscalated", "TicketAnswered"],
        sends=["CallManager"],
    )
    state = State

    def evolve(self, state: State, event: Recorded) -> State:
        """What is recorded has happened: nothing is decided here."""
        match event.kind:
            case "TicketOpened":
                return State("open", event.data["reference"])
            case "TicketEscalated":
                return replace(state, step="escalated")
            case "TicketAnswered":
                return replace(state, step="answered", answer=event.data["answer"])
            case other:
                raise ValueError(f"a ticket records no {other}")

    def decide(self, state: State, ctx: Context, trigger: Trigger) -> Decision:
        """Pure: the time and the ids come from the context, and nothing else is asked."""
        match state.step, trigger:
            case "nothing", Start("OpenTicket", {"title": str(title)}) if title:
                reference = f"ticket-{ctx.new_id()}"
                opened = {"reference": reference, "title": title}
                return accept("TicketOpened", opened).set_timer("escalate", ctx.now + DAY_MS)
            case "nothing", Start():
                return invalid("missing-title", "title: a ticket needs one")
            case _, Start():
                return ignore("the ticket is open already")
            case "answered", _:
                return ignore("the ticket is answered already")
            case "open", Timer():
                return accept("TicketEscalated").send("CallManager", {"reference": state.reference})
            case "open" | "escalated", Message("AnswerTicket", {"answer": str(answer)}):
                return accept("TicketAnswered", {"answer": answer}).clear_timer("escalate")
            case "open" | "escalated", Message("AnswerTicket"):
                return invalid("missing-answer", "answer: must be text")
            case _:
                return reject("not-now", "this does not apply to the ticket as it is")

    def look(self, state: State) -> View:
        """What a query sees."""
        if state.step == "nothing":
            return View(Phase.RUNNING)
        return View(Phase.COMPLETED if state.step == "answered" else Phase.RUNNING, state.step, state.answer)
