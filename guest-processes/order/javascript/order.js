// The order: placed, paid in time, shipped; or cancelled. The same process stands beside this one in four other languages.
import { accept, defer, defineProcess, ignore, invalid, reject } from "../../../sdk/javascript/src/index.js";

const DAY_MS = 24 * 60 * 60 * 1_000;
const TEN_YEARS_MS = 3_650 * DAY_MS;
const NOT_PAID = "not paid in time";

export const { definition, decider } = defineProcess({
  manifest: {
    category: "order-javascript-1.0",
    stream: "Order",
    starts: ["PlaceOrder"],
    handles: ["PayOrder", "ShipOrder", "CancelOrder"],
    records: ["OrderPlaced", "OrderPaid", "OrderShipped", "OrderCancelled"],
    sends: ["ShipOrder"],
  },

  initial: () => ({ step: "nothing" }),

  evolve(order, { kind, data }) {
    switch (kind) {
      case "OrderPlaced":
        return { step: "placed", reference: data.reference, item: data.item, amount: data.amount };
      case "OrderPaid":
        return { ...order, step: "paid" };
      case "OrderShipped":
        return { ...order, step: "shipped" };
      case "OrderCancelled":
        return { ...order, step: "cancelled", reason: data.reason };
      default:
        throw new Error(`an order records no ${kind}`);
    }
  },

  decide(order, ctx, trigger) {
    if (trigger.type === "start") return order.step === "nothing" ? place(ctx, trigger.data) : ignore("the order is placed already");
    const broken = trigger.type === "message" && unread(trigger.kind, trigger.data);
    if (broken) return invalid("invalid-data", broken);
    switch (order.step) {
      case "placed":
        return whilePlaced(order, trigger);
      case "paid":
        return whilePaid(trigger);
      case "shipped":
      case "cancelled":
        return ignore("the order has ended");
      default:
        return notNow();
    }
  },

  look(order) {
    const tags = order.item === undefined ? {} : { item: order.item };
    switch (order.step) {
      case "nothing":
        return { phase: "running" };
      case "shipped":
        return { phase: "completed", step: "shipped", outcome: { reference: order.reference, amount: order.amount }, tags };
      case "cancelled":
        return order.reason === NOT_PAID
          ? { phase: "failed", step: "unpaid", outcome: { reason: order.reason }, tags }
          : { phase: "cancelled", step: "cancelled", outcome: { reason: order.reason }, tags };
      default:
        return { phase: "running", step: order.step, tags };
    }
  },
});

// Characters of an item: it is a tag, and a tag has room for 256 bytes.
const ITEM_MAX = 64;

function place(ctx, data) {
  const { item, amount, paymentWithinMs = DAY_MS } = data ?? {};
  if (typeof item !== "string" || item === "" || [...item].length > ITEM_MAX) return invalid("invalid-order", "item: must be text of 1 to 64 characters");
  if (!Number.isSafeInteger(amount) || amount < 1) return invalid("invalid-order", "amount: must be a whole number from 1");
  if (!Number.isSafeInteger(paymentWithinMs) || paymentWithinMs < 0 || paymentWithinMs > TEN_YEARS_MS) {
    return invalid("invalid-order", "paymentWithinMs: must be a whole number of milliseconds up to ten years");
  }
  const reference = `order-${ctx.newId()}`;
  const payBy = ctx.now + paymentWithinMs;
  return accept("OrderPlaced", { reference, item, amount, payBy }).setTimer("payment", payBy, { reference });
}

/** What is wrong with a message, whatever the state; nothing where it can be read. */
function unread(kind, data) {
  if (kind === "PayOrder") return !(Number.isSafeInteger(data?.amount) && data.amount >= 0) && "amount: must be a whole number";
  const field = kind === "ShipOrder" ? "reference" : "reason";
  return typeof data?.[field] !== "string" && `${field}: must be text`;
}

function whilePlaced(order, { type, kind, name, reason, data }) {
  if (type === "message" && kind === "PayOrder") {
    return data.amount === order.amount
      ? accept("OrderPaid", { amount: data.amount }).clearTimer("payment").send("ShipOrder", { reference: order.reference })
      : invalid("wrong-amount", `the order costs ${order.amount}, not ${data.amount}`);
  }
  if (type === "message" && kind === "ShipOrder") return defer("the order is not paid");
  if (type === "message" && kind === "CancelOrder") return cancel(data.reason);
  if (type === "cancel") return cancel(reason);
  if (type === "timer" && name === "payment") return accept("OrderCancelled", { reason: NOT_PAID });
  return notNow();
}

function whilePaid({ type, kind, data }) {
  if (type === "message" && kind === "PayOrder") return ignore("the order is paid already");
  if (type === "message" && kind === "ShipOrder") return accept("OrderShipped", { reference: data.reference });
  if (type === "cancel" || kind === "CancelOrder") return reject("paid-already", "the order is paid and being shipped");
  return notNow();
}

function cancel(reason) {
  return accept("OrderCancelled", { reason }).clearTimer("payment");
}

function notNow() {
  return reject("not-now", "this does not apply to the order as it is");
}
