// What `decide` answers. No text of the contract is made here; `exports.c` does that.
#include "inside.h"

static effect *effected(pc_answer *answer, int type, pc_text name) {
  effect *added = pc_take(sizeof *added);
  *added = (effect){.type = type, .name = name, .data = pc_object()};
  // What is not accepted has no effects.
  if (answer->type != ANSWER_ACCEPT) return added;
  *answer->effects_end = added;
  answer->effects_end = &added->next;
  answer->effects_count++;
  return added;
}

pc_json *pc_accept(pc_answer *answer, const char *kind) {
  recorded *added = pc_take(sizeof *added);
  *added = (recorded){.kind = kind, .data = pc_object()};
  answer->type = ANSWER_ACCEPT;
  *answer->events_end = added;
  answer->events_end = &added->next;
  answer->events_count++;
  return added->data;
}

pc_json *pc_send(pc_answer *answer, const char *kind) { return pc_send_to(answer, kind, (pc_text){0}, 0); }

pc_json *pc_send_to(pc_answer *answer, const char *kind, pc_text process_id, uint64_t expires_after) {
  effect *added = effected(answer, EFFECT_SEND, pc_c(kind));
  added->to = process_id;
  added->time = expires_after;
  return added->data;
}

pc_json *pc_set_timer(pc_answer *answer, const char *name, uint64_t at) {
  effect *added = effected(answer, EFFECT_SET_TIMER, pc_c(name));
  added->time = at;
  return added->data;
}

void pc_clear_timer(pc_answer *answer, const char *name) { effected(answer, EFFECT_CLEAR_TIMER, pc_c(name)); }

void pc_answered(pc_answer *answer, const char *kind) {
  effected(answer, EFFECT_CLEAR_TIMER, pc_format("undelivered:%s", kind));
}

static void refused(pc_answer *answer, int type, const char *code, pc_text text) {
  answer->type = type;
  answer->code = code;
  answer->text = text;
}

void pc_ignore(pc_answer *answer, pc_text why) { refused(answer, ANSWER_IGNORE, "", why); }
void pc_defer(pc_answer *answer, pc_text why) { refused(answer, ANSWER_DEFER, "", why); }
void pc_reject(pc_answer *answer, const char *code, pc_text message) { refused(answer, ANSWER_REJECT, code, message); }
void pc_invalid(pc_answer *answer, const char *code, pc_text message) { refused(answer, ANSWER_INVALID, code, message); }

void pc_tag(pc_view *view, const char *name, pc_text value) {
  if (view->tags_count == PC_TAGS_MAX) return;
  view->tags[view->tags_count].name = name;
  view->tags[view->tags_count++].value = value;
}
