//! The order: placed, paid in time, shipped; or cancelled.
//!
//! The same process stands beside this one in four other languages; `../scenarios.json` is what all of them must do.

use procession_sdk::contract::{Context, Manifest, Phase, TimerFired, View};
use procession_sdk::{Decision, Process, Recorded, Trigger, accept, defer, ignore, reject, reject_invalid};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

const DAY_MS: u64 = 24 * 60 * 60 * 1_000;
const TEN_YEARS_MS: u64 = 3_650 * DAY_MS;
/// The greatest whole number that every language can hold exactly.
const AMOUNT_MAX: u64 = (1 << 53) - 1;
/// Characters of an item: it is a tag, and a tag has room for 256 bytes.
const ITEM_MAX: usize = 64;
const NOT_PAID: &str = "not paid in time";

/// What has been decided so far, folded.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    step: Step,
    reference: String,
    item: String,
    amount: u64,
    reason: String,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
enum Step {
    #[default]
    Nothing,
    Placed,
    Paid,
    Shipped,
    Cancelled,
}

/// What an order records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all_fields = "camelCase")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Event {
    OrderPlaced { reference: String, item: String, amount: u64, pay_by: u64 },
    OrderPaid { amount: u64 },
    OrderShipped { reference: String },
    OrderCancelled { reason: String },
}

/// What an order is told.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Message {
    /// Read only when it begins an order: placing one again is ignored whatever it carries.
    PlaceOrder(Value),
    PayOrder {
        amount: u64,
    },
    ShipOrder {
        reference: String,
    },
    CancelOrder {
        reason: String,
    },
}

/// What an order sends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Command {
    ShipOrder { reference: String },
}

/// The process.
#[derive(Debug)]
pub struct Order;

type Answer = Decision<Event, Command>;

impl Process for Order {
    type State = State;
    type Event = Event;
    type Message = Message;
    type Command = Command;

    fn manifest() -> Manifest {
        Manifest::process::<Self>("order-rust-1.0", "Order").starts(["PlaceOrder"])
    }

    fn evolve(state: &mut State, event: Event, _: &Recorded<'_>) {
        match event {
            Event::OrderPlaced { reference, item, amount, .. } => {
                *state = State { step: Step::Placed, reference, item, amount, reason: String::new() };
            }
            Event::OrderPaid { .. } => state.step = Step::Paid,
            Event::OrderShipped { .. } => state.step = Step::Shipped,
            Event::OrderCancelled { reason } => {
                state.step = Step::Cancelled;
                state.reason = reason;
            }
        }
    }

    fn decide(state: &State, ctx: &Context, trigger: Trigger<Message, Event>) -> Answer {
        match (state.step, trigger) {
            (Step::Nothing, Trigger::Start(Message::PlaceOrder(order))) => place(ctx, &order),
            (_, Trigger::Start(_)) => ignore("the order is placed already"),
            (Step::Placed, trigger) => while_placed(state, trigger),
            (Step::Paid, trigger) => while_paid(trigger),
            (Step::Shipped | Step::Cancelled, _) => ignore("the order has ended"),
            (Step::Nothing, _) => not_now(),
        }
    }

    fn look(state: &State) -> View {
        let ended = |phase, step| View::new(phase).step(step).outcome(&json!({ "reason": state.reason }));
        let view = match state.step {
            Step::Nothing => return View::new(Phase::Running),
            Step::Placed => View::new(Phase::Running).step("placed"),
            Step::Paid => View::new(Phase::Running).step("paid"),
            Step::Shipped => {
                let outcome = json!({ "reference": state.reference, "amount": state.amount });
                View::new(Phase::Completed).step("shipped").outcome(&outcome)
            }
            Step::Cancelled if state.reason == NOT_PAID => ended(Phase::Failed, "unpaid"),
            Step::Cancelled => ended(Phase::Cancelled, "cancelled"),
        };
        view.tag("item", &state.item)
    }
}

fn place(ctx: &Context, order: &Value) -> Answer {
    let invalid = |message| reject_invalid("invalid-order", message);
    let Some(item) = order["item"].as_str().filter(|item| (1..=ITEM_MAX).contains(&item.chars().count())) else {
        return invalid("item: must be text of 1 to 64 characters");
    };
    let Some(amount) = order["amount"].as_u64().filter(|amount| (1..=AMOUNT_MAX).contains(amount)) else {
        return invalid("amount: must be a whole number from 1");
    };
    let within = order.get("paymentWithinMs").map_or(Some(DAY_MS), Value::as_u64);
    let Some(within) = within.filter(|within| *within <= TEN_YEARS_MS) else {
        return invalid("paymentWithinMs: must be a whole number of milliseconds up to ten years");
    };
    let reference = format!("order-{}", ctx.ids().hex32());
    let pay_by = ctx.now + within;
    let timer = json!({ "reference": reference });
    accept(Event::OrderPlaced { reference, item: item.to_owned(), amount, pay_by }).set_timer("payment", pay_by, timer)
}

fn while_placed(state: &State, trigger: Trigger<Message, Event>) -> Answer {
    match trigger {
        Trigger::Message(Message::PayOrder { amount }) if amount == state.amount => {
            accept(Event::OrderPaid { amount }).clear_timer("payment").send(Command::ShipOrder { reference: state.reference.clone() })
        }
        Trigger::Message(Message::PayOrder { amount }) => {
            reject_invalid("wrong-amount", format!("the order costs {}, not {amount}", state.amount))
        }
        Trigger::Message(Message::ShipOrder { .. }) => defer("the order is not paid"),
        Trigger::Message(Message::CancelOrder { reason }) | Trigger::Cancel(reason) => {
            accept(Event::OrderCancelled { reason }).clear_timer("payment")
        }
        Trigger::Timer(TimerFired { name, .. }) if name == "payment" => accept(Event::OrderCancelled { reason: NOT_PAID.to_owned() }),
        _ => not_now(),
    }
}

fn while_paid(trigger: Trigger<Message, Event>) -> Answer {
    match trigger {
        Trigger::Message(Message::PayOrder { .. }) => ignore("the order is paid already"),
        Trigger::Message(Message::ShipOrder { reference }) => accept(Event::OrderShipped { reference }),
        Trigger::Message(Message::CancelOrder { .. }) | Trigger::Cancel(_) => reject("paid-already", "the order is paid and being shipped"),
        _ => not_now(),
    }
}

fn not_now() -> Answer {
    reject("not-now", "this does not apply to the order as it is")
}

procession_sdk::export_process!(Order);
