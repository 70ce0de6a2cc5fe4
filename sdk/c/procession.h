// Write a Procession process in C: two pure functions over a stream of events.
// What you do not write: bindings, JSON text, clocks or random numbers.
//
// Everything that the functions below hand out lives until the call of the host ends; nothing has to be freed.
// Only what `pc_keep` stores in a state lives longer.
// Times are milliseconds since 1970, spans of time are milliseconds.
#ifndef PROCESSION_H
#define PROCESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// UTF-8 text. It may hold a zero byte, so its length counts and not its end.
typedef struct {
  const char *at;
  size_t bytes;
} pc_text;

// A text of C as text; `name` must be a literal or live as long as the state.
pc_text pc_c(const char *name);
bool pc_same(pc_text a, pc_text b);
// Whether a text is this literal.
bool pc_is(pc_text text, const char *literal);
// Text written as `printf` does, at most 1023 bytes of it.
pc_text pc_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

// ---- JSON ----

// A JSON value, read from a message or made to be written; NULL stands for one that is not there.
typedef struct pc_json pc_json;

// Reads a document; NULL where it is no JSON, or deeper than 64.
pc_json *pc_read(pc_text document);
pc_text pc_write(const pc_json *value);

// The field of an object; NULL where it is not there or `object` is no object.
pc_json *pc_field(const pc_json *object, const char *name);
// The first element of an array, and the one after an element; NULL where there is none.
pc_json *pc_first(const pc_json *array);
pc_json *pc_next(const pc_json *element);
// Each gives the value where it is of this type, and says whether it is.
bool pc_get_text(const pc_json *value, pc_text *text);
bool pc_get_whole(const pc_json *value, uint64_t *number);
bool pc_get_number(const pc_json *value, double *number);
bool pc_get_bool(const pc_json *value, bool *truth);
bool pc_is_null(const pc_json *value);

// Fields are written in the order in which they are put.
// In an array `name` is NULL.
pc_json *pc_object(void);
void pc_put_text(pc_json *into, const char *name, pc_text text);
void pc_put_whole(pc_json *into, const char *name, uint64_t number);
void pc_put_number(pc_json *into, const char *name, double number);
void pc_put_bool(pc_json *into, const char *name, bool truth);
void pc_put_null(pc_json *into, const char *name);
pc_json *pc_put_object(pc_json *into, const char *name);
pc_json *pc_put_array(pc_json *into, const char *name);

// ---- What a process is given ----

typedef struct {
  pc_text process_id, category;
  uint64_t version; // of the last event that the state contains; 0 before the first
  uint64_t now;     // the time of this decision
  uint64_t ids;     // where the sequence of ids is; drawn from the recorded seed
} pc_context;

// A new id of 32 hex digits, drawn from the recorded seed: different each time, and the same when the decision is repeated.
pc_text pc_new_id(pc_context *ctx);
// A number from 0 to below 1, drawn from the recorded seed.
double pc_random(pc_context *ctx);

// An event that stands in the stream.
typedef struct {
  pc_text kind;
  uint32_t schema;
  const pc_json *data;
  uint64_t version, time;
  pc_text decided_by;
} pc_event;

typedef enum { PC_START, PC_MESSAGE, PC_RECORDED, PC_TIMER, PC_UNDELIVERED, PC_CANCEL, PC_MIGRATED } pc_trigger_type;

// Why `decide` is called. What a type of trigger does not have is empty.
typedef struct {
  pc_trigger_type type;
  pc_text kind;        // of the message, the event or the command that came back
  pc_text name;        // of the timer
  pc_text reason;      // of a cancel, or why a command came back
  pc_text from;        // the category that the process was moved from, or the source of a message
  pc_text id;          // of the message, or of the command that came back
  uint64_t time;       // of the message or the event, or when the timer was due
  uint64_t version;    // of the event
  const pc_json *data; // of all but a cancel and a migration
} pc_trigger;

// ---- What a process answers ----

typedef struct pc_answer pc_answer;

// Records an event, and one more with each further call; returns the object that is its data.
pc_json *pc_accept(pc_answer *answer, const char *kind);
// The effects of what is accepted; where nothing is, they change nothing. Each returns the object that is its data.
pc_json *pc_send(pc_answer *answer, const char *kind);
// The same to another process (of an empty id: its own) with a time that the answer may take (0: any).
pc_json *pc_send_to(pc_answer *answer, const char *kind, pc_text process_id, uint64_t expires_after);
pc_json *pc_set_timer(pc_answer *answer, const char *name, uint64_t at);
void pc_clear_timer(pc_answer *answer, const char *name);
// Lifts the deadline of the oldest command of this kind.
void pc_answered(pc_answer *answer, const char *kind);
// A duplicate or a late message.
void pc_ignore(pc_answer *answer, pc_text why);
// Not yet: offered again after the next event.
void pc_defer(pc_answer *answer, pc_text why);
// Right, but not in the present state.
void pc_reject(pc_answer *answer, const char *code, pc_text message);
// Wrong in itself.
void pc_invalid(pc_answer *answer, const char *code, pc_text message);

typedef enum { PC_RUNNING, PC_COMPENSATING, PC_COMPLETED, PC_FAILED, PC_CANCELLED } pc_phase;

#define PC_TAGS_MAX 16

// What a query sees. Begins empty, running.
typedef struct {
  pc_phase phase;
  const char *step;  // NULL for none
  pc_json *outcome;  // NULL for none
  struct { const char *name; pc_text value; } tags[PC_TAGS_MAX];
  size_t tags_count;
} pc_view;

void pc_tag(pc_view *view, const char *name, pc_text value);

// ---- A text of the state ----

// Stores a copy in a state, in place of the one that was there. The slot must begin as zeroes, which a new state is.
void pc_keep(pc_text *slot, pc_text text);

// ---- The process: you define `procession_process` ----

typedef enum { PC_PER_PROCESS, PC_SHARED, PC_FRESH } pc_sharing;

typedef struct {
  const char *kind;
  uint32_t schema;
} pc_schema;

typedef struct {
  const char *category;           // name and version, such as `order-1.0`
  const char *stream;             // `Order` gives `{process-id}-Order`
  // Lists end with NULL, the one of schemas with { 0 }; a list that is not said is empty.
  const char *const *starts;      // kinds of messages that begin a process
  const char *const *handles;     // and that it takes once it has begun
  const char *const *reacts_to;   // kinds of its own events that are offered to `decide` again
  const pc_schema *records;       // kinds of events that it records
  const char *const *sends;       // kinds of commands that it sends
  const char *const *takes_over;  // categories whose running processes it can carry on
  uint32_t state_format;          // raise it whenever the state's shape changes
  pc_sharing sharing;
  uint64_t memory_bytes;          // what it wishes for; 0 for the host's default
  uint64_t fuel_per_call;

  size_t state_bytes;             // of the state, which begins as zeroes
  // Takes a recorded event in; false where it cannot be read. Must not decide anything.
  bool (*evolve)(void *state, const pc_event *event);
  // Answers a trigger from its arguments alone.
  void (*decide)(const void *state, pc_context *ctx, const pc_trigger *trigger, pc_answer *answer);
  void (*look)(const void *state, pc_view *view);
  // The state as JSON and back; without them the host folds the events each time.
  void (*snapshot)(const void *state, pc_json *into);
  bool (*restore)(void *state, const pc_json *from);
  // Gives back what was kept, with `pc_keep(&slot, (pc_text){0})`; NULL where nothing is.
  void (*drop)(void *state);
} pc_process;

extern const pc_process procession_process;

#endif
