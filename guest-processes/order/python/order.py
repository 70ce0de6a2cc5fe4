"""The order: placed, paid in time, shipped; or cancelled. The same process stands beside this one in four other languages."""

from dataclasses import dataclass, replace
from typing import Any, Optional

from procession import (
    Cancel, Context, Decision, Manifest, Message, Phase, Process, Recorded, Start, Timer, Trigger, View,
    accept, defer, ignore, invalid, reject,
)

DAY_MS = 24 * 60 * 60 * 1_000
TEN_YEARS_MS = 3_650 * DAY_MS
AMOUNT_MAX = 2**53 - 1
# Characters of an item: it is a tag, and a tag has room for 256 bytes.
ITEM_MAX = 64
NOT_PAID = "not paid in time"


@dataclass(frozen=True)
class State:
    """What has been decided so far, folded."""

    step: str = "nothing"
    reference: str = ""
    item: str = ""
    amount: int = 0
    reason: str = ""


class Order(Process[State]):
    manifest = Manifest(
        category="order-python-1.0",
        stream="Order",
        starts=["PlaceOrder"],
        handles=["PayOrder", "ShipOrder", "CancelOrder"],
        records=["OrderPlaced", "OrderPaid", "OrderShipped", "OrderCancelled"],
        sends=["ShipOrder"],
    )
    state = State

    def evolve(self, state: State, event: Recorded) -> State:
        data = event.data
        match event.kind:
            case "OrderPlaced":
                return State("placed", data["reference"], data["item"], data["amount"])
            case "OrderPaid":
                return replace(state, step="paid")
            case "OrderShipped":
                return replace(state, step="shipped")
            case "OrderCancelled":
                return replace(state, step="cancelled", reason=data["reason"])
            case other:
                raise ValueError(f"an order records no {other}")

    def decide(self, state: State, ctx: Context, trigger: Trigger) -> Decision:
        match trigger:
            case Start(_, data):
                return place(ctx, data) if state.step == "nothing" else ignore("the order is placed already")
            case Message(kind, data) if broken := unread(kind, data):
                return invalid("invalid-data", broken)
        match state.step:
            case "placed":
                return while_placed(state, trigger)
            case "paid":
                return while_paid(trigger)
            case "shipped" | "cancelled":
                return ignore("the order has ended")
            case _:
                return not_now()

    def look(self, state: State) -> View:
        tags = {"item": state.item}
        match state.step:
            case "nothing":
                return View(Phase.RUNNING)
            case "shipped":
                return View(Phase.COMPLETED, "shipped", {"reference": state.reference, "amount": state.amount}, tags)
            case "cancelled" if state.reason == NOT_PAID:
                return View(Phase.FAILED, "unpaid", {"reason": state.reason}, tags)
            case "cancelled":
                return View(Phase.CANCELLED, "cancelled", {"reason": state.reason}, tags)
            case step:
                return View(Phase.RUNNING, step, None, tags)


def place(ctx: Context, data: Any) -> Decision:
    data = data if isinstance(data, dict) else {}
    item, amount, within = data.get("item"), data.get("amount"), data.get("paymentWithinMs", DAY_MS)
    if not isinstance(item, str) or not 1 <= len(item) <= ITEM_MAX:
        return invalid("invalid-order", "item: must be text of 1 to 64 characters")
    if not whole(amount, AMOUNT_MAX) or amount < 1:
        return invalid("invalid-order", "amount: must be a whole number from 1")
    if not whole(within, TEN_YEARS_MS):
        return invalid("invalid-order", "paymentWithinMs: must be a whole number of milliseconds up to ten years")
    reference = f"order-{ctx.new_id()}"
    pay_by = ctx.now + within
    placed = {"reference": reference, "item": item, "amount": amount, "payBy": pay_by}
    return accept("OrderPlaced", placed).set_timer("payment", pay_by, {"reference": reference})


def unread(kind: str, data: Any) -> Optional[str]:
    """What is wrong with a message, whatever the state; nothing where it can be read."""
    data = data if isinstance(data, dict) else {}
    if kind == "PayOrder":
        return None if whole(data.get("amount"), AMOUNT_MAX) else "amount: must be a whole number"
    field = "reference" if kind == "ShipOrder" else "reason"
    return None if isinstance(data.get(field), str) else f"{field}: must be text"


def whole(value: Any, most: int) -> bool:
    # True and False are numbers in Python, but not in JSON.
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most


def while_placed(state: State, trigger: Trigger) -> Decision:
    match trigger:
        case Message("PayOrder", {"amount": amount}) if amount == state.amount:
            return accept("OrderPaid", {"amount": amount}).clear_timer("payment").send("ShipOrder", {"reference": state.reference})
        case Message("PayOrder", {"amount": amount}):
            return invalid("wrong-amount", f"the order costs {state.amount}, not {amount}")
        case Message("ShipOrder"):
            return defer("the order is not paid")
        case Message("CancelOrder", {"reason": reason}) | Cancel(reason):
            return accept("OrderCancelled", {"reason": reason}).clear_timer("payment")
        case Timer("payment"):
            return accept("OrderCancelled", {"reason": NOT_PAID})
        case _:
            return not_now()


def while_paid(trigger: Trigger) -> Decision:
    match trigger:
        case Message("PayOrder"):
            return ignore("the order is paid already")
        case Message("ShipOrder", {"reference": reference}):
            return accept("OrderShipped", {"reference": reference})
        case Message("CancelOrder") | Cancel():
            return reject("paid-already", "the order is paid and being shipped")
        case _:
            return not_now()


def not_now() -> Decision:
    return reject("not-now", "this does not apply to the order as it is")
