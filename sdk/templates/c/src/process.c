// A ticket: opened, answered, and escalated when nobody answers within a day.
#include "procession.h"

#define DAY_MS ((uint64_t)24 * 60 * 60 * 1000)

typedef enum { NOTHING, OPEN, ESCALATED, ANSWERED } step;

static const char *const STEPS[] = {NULL, "open", "escalated", "answered"};

// What has been decided so far, folded from the events.
typedef struct {
  step step;
  pc_text reference, answer;
} ticket;

// What is recorded has happened: nothing is decided here. False says that the event cannot be read.
static bool evolve(void *state, const pc_event *event) {
  ticket *ticket = state;
  pc_text text;
  if (pc_is(event->kind, "TicketOpened")) {
    if (!pc_get_text(pc_field(event->data, "reference"), &text)) return false;
    pc_keep(&ticket->reference, text);
    ticket->step = OPEN;
  } else if (pc_is(event->kind, "TicketEscalated")) {
    ticket->step = ESCALATED;
  } else if (pc_is(event->kind, "TicketAnswered")) {
    if (!pc_get_text(pc_field(event->data, "answer"), &text)) return false;
    pc_keep(&ticket->answer, text);
    ticket->step = ANSWERED;
  } else {
    return false;
  }
  return true;
}

static void open_ticket(pc_context *ctx, const pc_json *data, pc_answer *answer) {
  pc_text title;
  if (!pc_get_text(pc_field(data, "title"), &title) || title.bytes == 0) {
    return pc_invalid(answer, "missing-title", pc_c("title: a ticket needs one"));
  }
  pc_text id = pc_new_id(ctx);
  pc_json *opened = pc_accept(answer, "TicketOpened");
  pc_put_text(opened, "reference", pc_format("ticket-%.*s", (int)id.bytes, id.at));
  pc_put_text(opened, "title", title);
  pc_set_timer(answer, "escalate", ctx->now + DAY_MS);
}

static void answer_ticket(const pc_json *data, pc_answer *answer) {
  pc_text text;
  if (!pc_get_text(pc_field(data, "answer"), &text)) return pc_invalid(answer, "missing-answer", pc_c("answer: must be text"));
  pc_put_text(pc_accept(answer, "TicketAnswered"), "answer", text);
  pc_clear_timer(answer, "escalate");
}

// Pure: the time and the ids come from the context, and nothing else is asked.
static void decide(const void *state, pc_context *ctx, const pc_trigger *trigger, pc_answer *answer) {
  const ticket *ticket = state;
  if (trigger->type == PC_START) {
    if (ticket->step == NOTHING) return open_ticket(ctx, trigger->data, answer);
    return pc_ignore(answer, pc_c("the ticket is open already"));
  }
  if (ticket->step == ANSWERED) return pc_ignore(answer, pc_c("the ticket is answered already"));
  if (ticket->step == OPEN && trigger->type == PC_TIMER) {
    pc_accept(answer, "TicketEscalated");
    pc_put_text(pc_send(answer, "CallManager"), "reference", ticket->reference);
    return;
  }
  if (ticket->step != NOTHING && trigger->type == PC_MESSAGE && pc_is(trigger->kind, "AnswerTicket")) {
    return answer_ticket(trigger->data, answer);
  }
  pc_reject(answer, "not-now", pc_c("this does not apply to the ticket as it is"));
}

// What a query sees.
static void look(const void *state, pc_view *view) {
  const ticket *ticket = state;
  view->step = STEPS[ticket->step];
  if (ticket->step != ANSWERED) return;
  view->phase = PC_COMPLETED;
  // An outcome may be any value; this one is a text, taken out of the object that it was put into.
  pc_json *held = pc_object();
  pc_put_text(held, "answer", ticket->answer);
  view->outcome = pc_field(held, "answer");
}

static void snapshot(const void *state, pc_json *into) {
  const ticket *ticket = state;
  pc_put_whole(into, "step", ticket->step);
  pc_put_text(into, "reference", ticket->reference);
  pc_put_text(into, "answer", ticket->answer);
}

static bool restore(void *state, const pc_json *from) {
  ticket *ticket = state;
  uint64_t number;
  pc_text reference, answer;
  if (!pc_get_whole(pc_field(from, "step"), &number) || number > ANSWERED) return false;
  if (!pc_get_text(pc_field(from, "reference"), &reference) || !pc_get_text(pc_field(from, "answer"), &answer)) return false;
  ticket->step = (step)number;
  pc_keep(&ticket->reference, reference);
  pc_keep(&ticket->answer, answer);
  return true;
}

static void drop(void *state) {
  ticket *ticket = state;
  pc_keep(&ticket->reference, (pc_text){0});
  pc_keep(&ticket->answer, (pc_text){0});
}

const pc_process procession_process = {
    .category = "{{category}}",
    .stream = "{{type}}",
    .starts = (const char *const[]){"OpenTicket", NULL},
    .handles = (const char *const[]){"AnswerTicket", NULL},
    .records = (const pc_schema[]){{"TicketOpened", 1}, {"TicketEscalated", 1}, {"TicketAnswered", 1}, {0}},
    .sends = (const char *const[]){"CallManager", NULL},
    .state_format = 1,
    .state_bytes = sizeof(ticket),
    .evolve = evolve,
    .decide = decide,
    .look = look,
    .snapshot = snapshot,
    .restore = restore,
    .drop = drop,
};
