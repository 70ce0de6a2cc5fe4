//! An order: paid through the bank, packed by a stream of its own, and paid back where that fails.
//! Version 1.1 needs no parcel; `order-1.0b` has the rules of 1.0 in other bytes.

use std::sync::Arc;

use procession_engine::model::decision::{Context, Decision, Effect, Trigger};
use procession_engine::model::event::Event;
use procession_engine::model::id::Category;
use procession_engine::model::manifest::Manifest;
use procession_engine::model::view::Phase;

use super::{Module, Part, Rules, Story, accept, clear, count, empty, event, ignore, kinds, manifest, records, reject, send, timer, word};

/// How often the bank or the packers are asked before the order gives up.
const ASKED_MAX: u64 = 3;

pub(super) fn modules() -> Vec<Module> {
    let module =
        |bytes, category, decide| Module { bytes, manifest: Arc::new(about(category)), part: Part::Rules(Rules { decide, phase }) };
    vec![
        module("order-1.0", "order-1.0", decide_1_0),
        module("order-1.0b", "order-1.0", decide_1_0),
        module("order-1.1", "order-1.1", decide_1_1),
    ]
}

fn about(category: &str) -> Manifest {
    Manifest {
        starts: kinds(&["PlaceOrder"]),
        handles: kinds(&["PaymentTaken", "PaymentRefused", "PaymentReturned", "ParcelShipped", "ParcelLost", "Remark"]),
        reacts_to: kinds(&["OrderPlaced", "OrderPaid"]),
        records: records(&[
            "OrderPlaced",
            "PaymentAsked",
            "OrderPaid",
            "PackingAsked",
            "OrderShipped",
            "OrderFailed",
            "OrderCancelled",
            "ReturnAsked",
            "OrderReturned",
            "ReturnGivenUp",
            "Remarked",
            "Moved",
        ]),
        sends: kinds(&["TakePayment", "ReturnPayment", "PackParcel", "Count", "Archive"]),
        takes_over: ["order-1.0", "order-1.1"]
            .iter()
            .filter(|other| **other != category)
            .filter_map(|other| Category::parse(other).ok())
            .collect(),
        ..manifest(category, Some("Order"))
    }
}

fn decide_1_0(story: &Story, context: &Context, trigger: &Trigger) -> Decision {
    match word(trigger).as_str() {
        "own:OrderPaid" => pack(context),
        _ => decide(story, context, trigger),
    }
}

fn decide_1_1(story: &Story, context: &Context, trigger: &Trigger) -> Decision {
    match word(trigger).as_str() {
        "own:OrderPaid" => shipped(context),
        _ => decide(story, context, trigger),
    }
}

fn decide(story: &Story, context: &Context, trigger: &Trigger) -> Decision {
    match word(trigger).as_str() {
        "PlaceOrder" if !story.is_empty() => ignore("placed already"),
        "PlaceOrder" => accept(vec![event("OrderPlaced")], vec![count(context, "placed")]),
        "own:OrderPlaced" => ask_bank(context),
        "PaymentTaken" if story.has("OrderPaid") => ignore("paid already"),
        // Too late to be of use: it goes back.
        "PaymentTaken" if has_ended(story) && !story.has("ReturnAsked") => give_back(context, Vec::new()),
        "PaymentTaken" if has_ended(story) => ignore("it is on its way back already"),
        "PaymentTaken" => accept(vec![event("OrderPaid")], vec![clear("payment")]),
        "PaymentRefused" if story.has("OrderPaid") || has_ended(story) => ignore("decided already"),
        "PaymentRefused" => end(context, "OrderFailed", vec![clear("payment")]),
        "timer:payment" if story.count("PaymentAsked") < ASKED_MAX => ask_bank(context),
        "timer:payment" => end(context, "OrderFailed", Vec::new()),
        "ParcelShipped" if is_packing(story) => shipped(context),
        "ParcelLost" if is_packing(story) => give_back(context, vec![clear("packing")]),
        "timer:packing" if story.count("PackingAsked") < ASKED_MAX => pack(context),
        "timer:packing" => give_back(context, Vec::new()),
        "PaymentReturned" if story.has("ReturnAsked") && !story.has("OrderReturned") => {
            accept(vec![event("OrderReturned")], vec![clear("return"), count(context, "returned")])
        }
        "timer:return" if story.count("ReturnAsked") < ASKED_MAX => give_back(context, Vec::new()),
        "timer:return" => accept(vec![event("ReturnGivenUp")], Vec::new()),
        "Migrated" if has_ended(story) => ignore("nothing is left to do otherwise"),
        "Migrated" => accept(vec![event("Moved")], Vec::new()),
        // Its timer asks again, or gives up.
        back if back.starts_with("back:") => ignore("the timer knows"),
        "Cancel" if is_packing(story) => give_back(context, vec![clear("packing")]),
        "Cancel" if !story.has("OrderPaid") && !has_ended(story) => end(context, "OrderCancelled", vec![clear("payment")]),
        "Remark" if has_ended(story) => reject("ended"),
        "Remark" if !story.has("OrderPaid") => Decision::Defer("not paid yet".to_owned()),
        "Remark" => accept(vec![event("Remarked")], Vec::new()),
        _ => reject("not-expected"),
    }
}

fn ask_bank(context: &Context) -> Decision {
    accept(vec![event("PaymentAsked")], vec![send("TakePayment", empty()), timer("payment", context, 2_000)])
}

fn pack(context: &Context) -> Decision {
    accept(vec![event("PackingAsked")], vec![send("PackParcel", empty()), timer("packing", context, 6_000)])
}

fn give_back(context: &Context, mut effects: Vec<Effect>) -> Decision {
    effects.extend([send("ReturnPayment", empty()), timer("return", context, 1_500)]);
    accept(vec![event("ReturnAsked")], effects)
}

fn shipped(context: &Context) -> Decision {
    end(context, "OrderShipped", vec![clear("packing")])
}

fn end(context: &Context, with: &str, mut effects: Vec<Effect>) -> Decision {
    let last: Event = event(with);
    effects.extend([count(context, with), send("Archive", empty())]);
    accept(vec![last], effects)
}

fn is_packing(story: &Story) -> bool {
    story.has("PackingAsked") && !story.has("OrderShipped") && !story.has("ReturnAsked")
}

fn has_ended(story: &Story) -> bool {
    ["OrderShipped", "OrderFailed", "OrderCancelled", "OrderReturned", "ReturnGivenUp", "ReturnAsked"].iter().any(|kind| story.has(kind))
}

fn phase(story: &Story) -> Phase {
    let is_returned = story.has("OrderReturned") || story.has("ReturnGivenUp");
    match () {
        () if story.has("ReturnAsked") && !is_returned => Phase::Compensating,
        () if story.has("OrderShipped") => Phase::Completed,
        () if story.has("OrderCancelled") => Phase::Cancelled,
        () if story.has("OrderFailed") || is_returned => Phase::Failed,
        () => Phase::Running,
    }
}
