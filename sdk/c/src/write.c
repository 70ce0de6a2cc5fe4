// A tree in, JSON text out.
#include "json.h"

#include <stdlib.h>
#include <string.h>

pc_json *json_add(pc_json *into, pc_text name, json_type type) {
  pc_json *added = pc_take(sizeof *added);
  *added = (pc_json){.type = type, .name = name};
  if (into->last == NULL) into->first = added;
  else into->last->next = added;
  return into->last = added;
}

static pc_json *put(pc_json *into, const char *name, json_type type) {
  return json_add(into, name == NULL ? (pc_text){0} : pc_c(name), type);
}

pc_json *pc_object(void) {
  pc_json *object = pc_take(sizeof *object);
  *object = (pc_json){.type = JSON_OBJECT};
  return object;
}

void pc_put_text(pc_json *into, const char *name, pc_text text) { put(into, name, JSON_TEXT)->text = text; }
void pc_put_whole(pc_json *into, const char *name, uint64_t number) { put(into, name, JSON_NUMBER)->text = pc_format("%llu", (unsigned long long)number); }
void pc_put_bool(pc_json *into, const char *name, bool truth) { put(into, name, truth ? JSON_TRUE : JSON_FALSE); }
void pc_put_null(pc_json *into, const char *name) { put(into, name, JSON_NULL); }
pc_json *pc_put_object(pc_json *into, const char *name) { return put(into, name, JSON_OBJECT); }
pc_json *pc_put_array(pc_json *into, const char *name) { return put(into, name, JSON_ARRAY); }

void pc_put_number(pc_json *into, const char *name, double number) {
  // What is no number has no place in JSON; 17 digits lose nothing.
  if (number != number || number - number != 0) abort();
  put(into, name, JSON_NUMBER)->text = pc_format("%.17g", number);
}

typedef struct {
  char *at;
  size_t bytes, room;
} writer;

static void add(writer *out, const char *what, size_t bytes) {
  if (out->room - out->bytes < bytes) {
    size_t room = (out->bytes + bytes) * 2;
    out->at = pc_take_again(out->at, room);
    out->room = room;
  }
  if (bytes != 0) memcpy(out->at + out->bytes, what, bytes);
  out->bytes += bytes;
}

static void quoted(writer *out, pc_text text) {
  static const char digits[] = "0123456789abcdef";
  add(out, "\"", 1);
  size_t from = 0;
  for (size_t i = 0; i < text.bytes; i++) {
    unsigned char c = (unsigned char)text.at[i];
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    char escaped[6] = {'\\', 'u', '0', '0', digits[c >> 4], digits[c & 0xf]};
    add(out, text.at + from, i - from);
    if (c == '"' || c == '\\') add(out, (char[]){'\\', (char)c}, 2);
    else add(out, escaped, sizeof escaped);
    from = i + 1;
  }
  add(out, text.at + from, text.bytes - from);
  add(out, "\"", 1);
}

// As deep as the author built it.
static void write(writer *out, const pc_json *value) {
  switch (value->type) {
    case JSON_NULL: add(out, "null", 4); return;
    case JSON_FALSE: add(out, "false", 5); return;
    case JSON_TRUE: add(out, "true", 4); return;
    case JSON_NUMBER: add(out, value->text.at, value->text.bytes); return;
    case JSON_TEXT: quoted(out, value->text); return;
    case JSON_ARRAY:
    case JSON_OBJECT: break;
  }
  bool object = value->type == JSON_OBJECT;
  add(out, object ? "{" : "[", 1);
  for (const pc_json *member = value->first; member != NULL; member = member->next) {
    if (member != value->first) add(out, ",", 1);
    if (object) {
      quoted(out, member->name);
      add(out, ":", 1);
    }
    write(out, member);
  }
  add(out, object ? "}" : "]", 1);
}

pc_text pc_write(const pc_json *value) {
  writer out = {0};
  write(&out, value);
  return (pc_text){out.at, out.bytes};
}
