// What the parts of the SDK share with each other and nobody else.
#ifndef PROCESSION_INSIDE_H
#define PROCESSION_INSIDE_H

#include "../procession.h"

// Memory that lives until the call of the host ends. Never NULL: where there is no more, the call is a trap.
void *pc_take(size_t bytes);
void *pc_take_again(void *old, size_t bytes);
// From now on a further `pc_take` begins a new call.
void pc_call_ended(void);
// Forgets what an ended call has left; a call that has taken nothing yet says so itself.
void pc_call_begins(void);

uint64_t pc_bits(uint64_t *state);

typedef struct effect effect;

struct effect {
  enum { EFFECT_SEND, EFFECT_SET_TIMER, EFFECT_CLEAR_TIMER } type;
  pc_text name, to;
  uint64_t time;
  pc_json *data;
  effect *next;
};

typedef struct recorded recorded;

struct recorded {
  const char *kind;
  pc_json *data;
  recorded *next;
};

struct pc_answer {
  enum { ANSWER_NONE, ANSWER_ACCEPT, ANSWER_IGNORE, ANSWER_DEFER, ANSWER_REJECT, ANSWER_INVALID } type;
  recorded *events, **events_end;
  effect *effects, **effects_end;
  size_t events_count, effects_count;
  const char *code;
  pc_text text;
};

#endif
