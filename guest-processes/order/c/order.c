// The order: placed, paid in time, shipped; or cancelled. The same process stands beside this one in four other languages.
#include "procession.h"

#define DAY_MS ((uint64_t)24 * 60 * 60 * 1000)
#define TEN_YEARS_MS (3650 * DAY_MS)
#define AMOUNT_MAX (((uint64_t)1 << 53) - 1)
// Characters of an item: it is a tag, and a tag has room for 256 bytes.
#define ITEM_MAX 64
#define NOT_PAID "not paid in time"

typedef enum step { NOTHING, PLACED, PAID, SHIPPED, CANCELLED } step;

typedef struct {
  enum step step;
  uint64_t amount;
  pc_text reference, item, reason;
} order;

static bool evolve(void *state, const pc_event *event) {
  order *order = state;
  pc_text reference, item, reason;
  if (pc_is(event->kind, "OrderPlaced")) {
    if (!pc_get_text(pc_field(event->data, "reference"), &reference)) return false;
    if (!pc_get_text(pc_field(event->data, "item"), &item)) return false;
    if (!pc_get_whole(pc_field(event->data, "amount"), &order->amount)) return false;
    pc_keep(&order->reference, reference);
    pc_keep(&order->item, item);
    order->step = PLACED;
  } else if (pc_is(event->kind, "OrderPaid")) {
    order->step = PAID;
  } else if (pc_is(event->kind, "OrderShipped")) {
    order->step = SHIPPED;
  } else if (pc_is(event->kind, "OrderCancelled")) {
    if (!pc_get_text(pc_field(event->data, "reason"), &reason)) return false;
    pc_keep(&order->reason, reason);
    order->step = CANCELLED;
  } else {
    return false;
  }
  return true;
}

// Every byte but those that continue a character begins one.
static size_t characters(pc_text text) {
  size_t count = 0;
  for (size_t at = 0; at < text.bytes; at++) count += (text.at[at] & 0xc0) != 0x80;
  return count;
}

static void place(pc_context *ctx, const pc_json *data, pc_answer *answer) {
  pc_text item;
  uint64_t amount, within = DAY_MS;
  const pc_json *given = pc_field(data, "paymentWithinMs");
  if (!pc_get_text(pc_field(data, "item"), &item) || item.bytes == 0 || characters(item) > ITEM_MAX) {
    return pc_invalid(answer, "invalid-order", pc_c("item: must be text of 1 to 64 characters"));
  }
  if (!pc_get_whole(pc_field(data, "amount"), &amount) || amount < 1 || amount > AMOUNT_MAX) {
    return pc_invalid(answer, "invalid-order", pc_c("amount: must be a whole number from 1"));
  }
  if (given != NULL && (!pc_get_whole(given, &within) || within > TEN_YEARS_MS)) {
    return pc_invalid(answer, "invalid-order", pc_c("paymentWithinMs: must be a whole number of milliseconds up to ten years"));
  }
  pc_text id = pc_new_id(ctx);
  pc_text reference = pc_format("order-%.*s", (int)id.bytes, id.at);
  uint64_t pay_by = ctx->now + within;
  pc_json *placed = pc_accept(answer, "OrderPlaced");
  pc_put_text(placed, "reference", reference);
  pc_put_text(placed, "item", item);
  pc_put_whole(placed, "amount", amount);
  pc_put_whole(placed, "payBy", pay_by);
  pc_put_text(pc_set_timer(answer, "payment", pay_by), "reference", reference);
}

static void pay(const order *order, uint64_t amount, pc_answer *answer) {
  if (amount != order->amount) {
    return pc_invalid(answer, "wrong-amount", pc_format("the order costs %llu, not %llu", (unsigned long long)order->amount, (unsigned long long)amount));
  }
  pc_put_whole(pc_accept(answer, "OrderPaid"), "amount", amount);
  pc_clear_timer(answer, "payment");
  pc_put_text(pc_send(answer, "ShipOrder"), "reference", order->reference);
}

static void cancel(pc_text reason, pc_answer *answer) {
  pc_put_text(pc_accept(answer, "OrderCancelled"), "reason", reason);
  pc_clear_timer(answer, "payment");
}

static void not_now(pc_answer *answer) { pc_reject(answer, "not-now", pc_c("this does not apply to the order as it is")); }

// What a message carries, whatever the state; says what is wrong where it cannot be read.
typedef struct {
  bool pays, ships, cancels;
  uint64_t amount;
  pc_text reference, reason;
} asked;

static const char *read(const pc_trigger *trigger, asked *asked) {
  bool message = trigger->type == PC_MESSAGE;
  asked->pays = message && pc_is(trigger->kind, "PayOrder");
  asked->ships = message && pc_is(trigger->kind, "ShipOrder");
  asked->cancels = trigger->type == PC_CANCEL || (message && pc_is(trigger->kind, "CancelOrder"));
  asked->reason = trigger->reason;
  bool whole = pc_get_whole(pc_field(trigger->data, "amount"), &asked->amount) && asked->amount <= AMOUNT_MAX;
  if (asked->pays && !whole) return "amount: must be a whole number";
  if (asked->ships && !pc_get_text(pc_field(trigger->data, "reference"), &asked->reference)) return "reference: must be text";
  if (message && asked->cancels && !pc_get_text(pc_field(trigger->data, "reason"), &asked->reason)) return "reason: must be text";
  return NULL;
}

static void while_placed(const order *order, const pc_trigger *trigger, const asked *asked, pc_answer *answer) {
  if (asked->pays) return pay(order, asked->amount, answer);
  if (asked->ships) return pc_defer(answer, pc_c("the order is not paid"));
  if (asked->cancels) return cancel(asked->reason, answer);
  if (trigger->type == PC_TIMER && pc_is(trigger->name, "payment")) {
    return pc_put_text(pc_accept(answer, "OrderCancelled"), "reason", pc_c(NOT_PAID));
  }
  not_now(answer);
}

static void while_paid(const asked *asked, pc_answer *answer) {
  if (asked->pays) return pc_ignore(answer, pc_c("the order is paid already"));
  if (asked->ships) return pc_put_text(pc_accept(answer, "OrderShipped"), "reference", asked->reference);
  if (asked->cancels) return pc_reject(answer, "paid-already", pc_c("the order is paid and being shipped"));
  not_now(answer);
}

static void decide(const void *state, pc_context *ctx, const pc_trigger *trigger, pc_answer *answer) {
  const order *order = state;
  if (trigger->type == PC_START) {
    if (order->step == NOTHING) return place(ctx, trigger->data, answer);
    return pc_ignore(answer, pc_c("the order is placed already"));
  }
  asked asked = {0};
  const char *broken = read(trigger, &asked);
  if (broken != NULL) return pc_invalid(answer, "invalid-data", pc_c(broken));
  switch (order->step) {
    case NOTHING: return not_now(answer);
    case PLACED: return while_placed(order, trigger, &asked, answer);
    case PAID: return while_paid(&asked, answer);
    case SHIPPED:
    case CANCELLED: return pc_ignore(answer, pc_c("the order has ended"));
  }
}

static void look(const void *state, pc_view *view) {
  const order *order = state;
  if (order->step == NOTHING) return;
  pc_tag(view, "item", order->item);
  switch (order->step) {
    case NOTHING: break;
    case PLACED: view->step = "placed"; break;
    case PAID: view->step = "paid"; break;
    case SHIPPED:
      view->phase = PC_COMPLETED;
      view->step = "shipped";
      view->outcome = pc_object();
      pc_put_text(view->outcome, "reference", order->reference);
      pc_put_whole(view->outcome, "amount", order->amount);
      break;
    case CANCELLED:
      view->phase = pc_is(order->reason, NOT_PAID) ? PC_FAILED : PC_CANCELLED;
      view->step = view->phase == PC_FAILED ? "unpaid" : "cancelled";
      view->outcome = pc_object();
      pc_put_text(view->outcome, "reason", order->reason);
      break;
  }
}

static void snapshot(const void *state, pc_json *into) {
  const order *order = state;
  pc_put_whole(into, "step", order->step);
  pc_put_whole(into, "amount", order->amount);
  pc_put_text(into, "reference", order->reference);
  pc_put_text(into, "item", order->item);
  pc_put_text(into, "reason", order->reason);
}

static bool restore(void *state, const pc_json *from) {
  order *order = state;
  uint64_t step;
  pc_text reference, item, reason;
  if (!pc_get_whole(pc_field(from, "step"), &step) || step > CANCELLED) return false;
  if (!pc_get_whole(pc_field(from, "amount"), &order->amount)) return false;
  if (!pc_get_text(pc_field(from, "reference"), &reference) || !pc_get_text(pc_field(from, "item"), &item)) return false;
  if (!pc_get_text(pc_field(from, "reason"), &reason)) return false;
  order->step = (enum step)step;
  pc_keep(&order->reference, reference);
  pc_keep(&order->item, item);
  pc_keep(&order->reason, reason);
  return true;
}

static void drop(void *state) {
  order *order = state;
  pc_keep(&order->reference, (pc_text){0});
  pc_keep(&order->item, (pc_text){0});
  pc_keep(&order->reason, (pc_text){0});
}

const pc_process procession_process = {
    .category = "order-c-1.0",
    .stream = "Order",
    .starts = (const char *const[]){"PlaceOrder", NULL},
    .handles = (const char *const[]){"PayOrder", "ShipOrder", "CancelOrder", NULL},
    .records = (const pc_schema[]){{"OrderPlaced", 1}, {"OrderPaid", 1}, {"OrderShipped", 1}, {"OrderCancelled", 1}, {0}},
    .sends = (const char *const[]){"ShipOrder", NULL},
    .state_format = 1,
    .state_bytes = sizeof(order),
    .evolve = evolve,
    .decide = decide,
    .look = look,
    .snapshot = snapshot,
    .restore = restore,
    .drop = drop,
};
