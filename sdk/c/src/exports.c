// Between the contract's exports and the author's functions.
//
// The generated bindings are part of this file so that their `free` and `realloc` are those of the call:
// all that a call has taken is given back at once, and the generated code need not know.
#include "inside.h"

#include <stdlib.h>
#include <string.h>

#define free(pointer) ((void)(pointer))
#define realloc(pointer, bytes) pc_take_again(pointer, bytes)
#include "../bindings/process.c"
#undef free
#undef realloc

typedef exports_procession_process_decider_fault_t fault;
typedef procession_process_types_effect_t out_effect;

struct exports_procession_process_decider_process_t {
  _Alignas(16) unsigned char state[1];
};

static const pc_process *const me = &procession_process;

static pc_text in(process_string_t text) { return (pc_text){(const char *)text.ptr, text.len}; }

static process_string_t out(pc_text text) { return (process_string_t){(uint8_t *)text.at, text.bytes}; }

static process_string_t out_c(const char *text) { return out(pc_c(text)); }

static bool faulty(fault *said, const char *code, pc_text message) {
  *said = (fault){out_c(code), out(message)};
  return false;
}

static process_list_string_t names(const char *const *list) {
  size_t count = 0;
  while (list != NULL && list[count] != NULL) count++;
  process_string_t *written = pc_take(count * sizeof *written);
  for (size_t i = 0; i < count; i++) written[i] = out_c(list[i]);
  return (process_list_string_t){written, count};
}

static procession_process_types_list_event_schema_t schemas(const pc_schema *list) {
  size_t count = 0;
  while (list != NULL && list[count].kind != NULL) count++;
  procession_process_types_event_schema_t *written = pc_take(count * sizeof *written);
  for (size_t i = 0; i < count; i++) written[i] = (procession_process_types_event_schema_t){out_c(list[i].kind), list[i].schema};
  return (procession_process_types_list_event_schema_t){written, count};
}

void exports_procession_process_definition_describe(exports_procession_process_definition_manifest_t *ret) {
  pc_call_begins();
  *ret = (exports_procession_process_definition_manifest_t){
      .category = out_c(me->category),
      .stream_suffix = {true, out_c(me->stream)},
      .starts = names(me->starts),
      .handles = names(me->handles),
      .reacts_to = names(me->reacts_to),
      .records = schemas(me->records),
      .sends = names(me->sends),
      .state_format = me->state_format,
      .takes_over = names(me->takes_over),
      .sharing = (procession_process_types_sharing_t)me->sharing,
      .limits = {{me->memory_bytes != 0, me->memory_bytes}, {me->fuel_per_call != 0, me->fuel_per_call}},
  };
  pc_call_ended();
}

bool exports_procession_process_decider_static_process_restore(
    exports_procession_process_decider_json_t *snapshot, exports_procession_process_decider_own_process_t *ret, fault *err) {
  pc_call_begins();
  exports_procession_process_decider_process_t *held = calloc(1, sizeof *held + me->state_bytes);
  if (held == NULL) abort();
  bool fits = true;
  if (snapshot != NULL) {
    pc_json *kept = pc_read(in(*snapshot));
    fits = kept != NULL && me->restore != NULL && me->restore(held->state, kept);
  }
  if (fits) *ret = exports_procession_process_decider_process_new(held);
  else {
    exports_procession_process_decider_process_destructor(held);
    faulty(err, "unreadable-snapshot", pc_c("the snapshot does not fit the state"));
  }
  pc_call_ended();
  return fits;
}

void exports_procession_process_decider_process_destructor(exports_procession_process_decider_process_t *held) {
  if (me->drop != NULL) me->drop(held->state);
  free(held);
}

static bool read_event(const exports_procession_process_decider_recorded_event_t *from, pc_event *event, fault *err) {
  *event = (pc_event){in(from->event.kind), from->event.schema, pc_read(in(from->event.data)), from->version, from->time, in(from->decided_by)};
  if (event->data != NULL) return true;
  return faulty(err, "broken-history", pc_format("event %llu (%.*s) is no JSON", (unsigned long long)from->version, (int)event->kind.bytes, event->kind.at));
}

bool exports_procession_process_decider_method_process_evolve(
    exports_procession_process_decider_borrow_process_t self, exports_procession_process_decider_list_recorded_event_t *events, fault *err) {
  pc_call_begins();
  bool folds = true;
  for (size_t i = 0; folds && i < events->len; i++) {
    pc_event event;
    folds = read_event(&events->ptr[i], &event, err);
    if (folds && !me->evolve(self->state, &event)) {
      folds = faulty(err, "broken-history", pc_format("event %llu (%.*s) cannot be read", (unsigned long long)event.version, (int)event.kind.bytes, event.kind.at));
    }
  }
  pc_call_ended();
  return folds;
}

static bool taken(pc_text kind) {
  const char *const *lists[] = {me->starts, me->handles};
  for (size_t list = 0; list < 2; list++) {
    for (size_t i = 0; lists[list] != NULL && lists[list][i] != NULL; i++) {
      if (pc_is(kind, lists[list][i])) return true;
    }
  }
  return false;
}

// A message that cannot be read is answered before the author sees it.
static void message(const procession_process_types_message_t *from, pc_trigger *trigger, pc_answer *answer) {
  trigger->kind = in(from->kind);
  trigger->id = in(from->id);
  trigger->time = from->time;
  if (from->source.is_some) trigger->from = in(from->source.val);
  trigger->data = pc_read(in(from->data));
  if (!taken(trigger->kind)) pc_invalid(answer, "unknown-kind", pc_format("`%.*s` is not a message that this definition takes", (int)trigger->kind.bytes, trigger->kind.at));
  else if (trigger->data == NULL) pc_invalid(answer, "invalid-data", pc_c("this is no JSON"));
}

static bool read_trigger(exports_procession_process_decider_trigger_t *from, pc_trigger *trigger, pc_answer *answer, fault *err) {
  *trigger = (pc_trigger){.type = (pc_trigger_type)from->tag};
  pc_event event;
  switch (trigger->type) {
    case PC_START:
    case PC_MESSAGE:
      message(&from->val.message, trigger, answer);
      return true;
    case PC_RECORDED:
      if (!read_event(&from->val.recorded, &event, err)) return false;
      trigger->kind = event.kind;
      trigger->data = event.data;
      trigger->time = event.time;
      trigger->version = event.version;
      return true;
    case PC_TIMER:
      trigger->name = in(from->val.timer.name);
      trigger->time = from->val.timer.due;
      trigger->data = pc_read(in(from->val.timer.data));
      return true;
    case PC_UNDELIVERED:
      trigger->kind = in(from->val.undelivered.kind);
      trigger->id = in(from->val.undelivered.id);
      trigger->reason = in(from->val.undelivered.reason);
      trigger->data = pc_read(in(from->val.undelivered.data));
      return true;
    case PC_CANCEL:
      trigger->reason = in(from->val.cancel);
      return true;
    case PC_MIGRATED:
      trigger->from = in(from->val.migrated);
      return true;
  }
  return false;
}

static out_effect written_effect(const effect *effect) {
  switch (effect->type) {
    case EFFECT_SEND:
      return (out_effect){PROCESSION_PROCESS_TYPES_EFFECT_SEND,
          {.send = {out(effect->name), {effect->to.bytes != 0, out(effect->to)}, out(pc_write(effect->data)), {effect->time != 0, effect->time}}}};
    case EFFECT_SET_TIMER:
      return (out_effect){PROCESSION_PROCESS_TYPES_EFFECT_SET_TIMER, {.set_timer = {out(effect->name), effect->time, out(pc_write(effect->data))}}};
    case EFFECT_CLEAR_TIMER: break;
  }
  return (out_effect){PROCESSION_PROCESS_TYPES_EFFECT_CLEAR_TIMER, {.clear_timer = out(effect->name)}};
}

static bool written_events(const pc_answer *answer, procession_process_types_list_event_t *into, fault *err) {
  *into = (procession_process_types_list_event_t){pc_take(answer->events_count * sizeof *into->ptr), answer->events_count};
  size_t at = 0;
  for (const recorded *event = answer->events; event != NULL; event = event->next) {
    const pc_schema *schema = me->records;
    while (schema != NULL && schema->kind != NULL && strcmp(schema->kind, event->kind) != 0) schema++;
    if (schema == NULL || schema->kind == NULL) return faulty(err, "unwritable-decision", pc_format("the manifest does not list the event `%s`", event->kind));
    into->ptr[at++] = (procession_process_types_event_t){out_c(event->kind), schema->schema, out(pc_write(event->data))};
  }
  return true;
}

static bool written(const pc_answer *answer, exports_procession_process_decider_decision_t *ret, fault *err) {
  procession_process_types_rejection_reason_t reason = PROCESSION_PROCESS_TYPES_REJECTION_REASON_NOT_APPLICABLE;
  switch (answer->type) {
    case ANSWER_NONE:
      return faulty(err, "unwritable-decision", pc_c("decide has answered nothing"));
    case ANSWER_IGNORE:
      ret->tag = PROCESSION_PROCESS_TYPES_DECISION_IGNORE;
      ret->val.ignore = out(answer->text);
      return true;
    case ANSWER_DEFER:
      ret->tag = PROCESSION_PROCESS_TYPES_DECISION_DEFER;
      ret->val.defer = out(answer->text);
      return true;
    case ANSWER_INVALID:
      reason = PROCESSION_PROCESS_TYPES_REJECTION_REASON_INVALID;
      // fall through
    case ANSWER_REJECT:
      ret->tag = PROCESSION_PROCESS_TYPES_DECISION_REJECT;
      ret->val.reject = (procession_process_types_rejection_t){reason, out_c(answer->code), out(answer->text)};
      return true;
    case ANSWER_ACCEPT: break;
  }
  ret->tag = PROCESSION_PROCESS_TYPES_DECISION_ACCEPT;
  procession_process_types_accepted_t *accepted = &ret->val.accept;
  if (!written_events(answer, &accepted->events, err)) return false;
  accepted->effects = (procession_process_types_list_effect_t){pc_take(answer->effects_count * sizeof *accepted->effects.ptr), answer->effects_count};
  size_t at = 0;
  for (const effect *effect = answer->effects; effect != NULL; effect = effect->next) accepted->effects.ptr[at++] = written_effect(effect);
  return true;
}

bool exports_procession_process_decider_method_process_decide(
    exports_procession_process_decider_borrow_process_t self, exports_procession_process_decider_context_t *from,
    exports_procession_process_decider_trigger_t *offered, exports_procession_process_decider_decision_t *ret, fault *err) {
  pc_call_begins();
  pc_context ctx = {in(from->process_id), in(from->category), from->version, from->now, from->seed};
  pc_answer answer = {0};
  answer.events_end = &answer.events;
  answer.effects_end = &answer.effects;
  pc_trigger trigger;
  bool readable = read_trigger(offered, &trigger, &answer, err);
  if (readable && answer.type == ANSWER_NONE) me->decide(self->state, &ctx, &trigger, &answer);
  bool decided = readable && written(&answer, ret, err);
  pc_call_ended();
  return decided;
}

void exports_procession_process_decider_method_process_look(
    exports_procession_process_decider_borrow_process_t self, exports_procession_process_decider_view_t *ret) {
  pc_call_begins();
  pc_view view = {0};
  me->look(self->state, &view);
  *ret = (exports_procession_process_decider_view_t){.phase = (procession_process_types_phase_t)view.phase};
  if (view.step != NULL) ret->step = (process_option_string_t){true, out_c(view.step)};
  if (view.outcome != NULL) ret->outcome = (procession_process_types_option_json_t){true, out(pc_write(view.outcome))};
  ret->tags = (procession_process_types_list_tag_t){pc_take(view.tags_count * sizeof *ret->tags.ptr), view.tags_count};
  for (size_t i = 0; i < view.tags_count; i++) {
    ret->tags.ptr[i] = (procession_process_types_tag_t){out_c(view.tags[i].name), out(view.tags[i].value)};
  }
  pc_call_ended();
}

bool exports_procession_process_decider_method_process_snapshot(
    exports_procession_process_decider_borrow_process_t self, exports_procession_process_decider_json_t *ret) {
  pc_call_begins();
  if (me->snapshot != NULL) {
    pc_json *kept = pc_object();
    me->snapshot(self->state, kept);
    *ret = out(pc_write(kept));
  }
  pc_call_ended();
  return me->snapshot != NULL;
}
