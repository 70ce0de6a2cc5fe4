// JSON text in, a tree out. Bounded: no deeper than 64, so that no text can exhaust the stack.
#include "json.h"

#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 64

typedef struct {
  const char *at, *end;
} reader;

static bool value(reader *in, pc_json *into, int depth);

static void space(reader *in) {
  while (in->at < in->end && (*in->at == ' ' || *in->at == '\t' || *in->at == '\n' || *in->at == '\r')) in->at++;
}

static bool take(reader *in, char what) {
  if (in->at == in->end || *in->at != what) return false;
  in->at++;
  return true;
}

static bool word(reader *in, const char *what) {
  size_t bytes = strlen(what);
  if ((size_t)(in->end - in->at) < bytes || memcmp(in->at, what, bytes) != 0) return false;
  in->at += bytes;
  return true;
}

static bool digits(reader *in) {
  const char *from = in->at;
  while (in->at < in->end && *in->at >= '0' && *in->at <= '9') in->at++;
  return in->at != from;
}

static bool number(reader *in, pc_text *text) {
  const char *from = in->at;
  take(in, '-');
  if (!take(in, '0') && !digits(in)) return false;
  if (take(in, '.') && !digits(in)) return false;
  if (take(in, 'e') || take(in, 'E')) {
    if (!take(in, '+')) take(in, '-');
    if (!digits(in)) return false;
  }
  *text = (pc_text){from, (size_t)(in->at - from)};
  return true;
}

static bool hex4(reader *in, uint32_t *code) {
  *code = 0;
  if (in->end - in->at < 4) return false;
  for (int i = 0; i < 4; i++) {
    char c = *in->at++;
    uint32_t digit = c >= '0' && c <= '9' ? (uint32_t)(c - '0') : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a' + 10) : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A' + 10) : 16;
    if (digit == 16) return false;
    *code = *code << 4 | digit;
  }
  return true;
}

static char *utf8(char *out, uint32_t code) {
  if (code < 0x80) {
    *out++ = (char)code;
  } else if (code < 0x800) {
    *out++ = (char)(0xc0 | code >> 6);
    *out++ = (char)(0x80 | (code & 0x3f));
  } else {
    if (code < 0x10000) {
      *out++ = (char)(0xe0 | code >> 12);
    } else {
      *out++ = (char)(0xf0 | code >> 18);
      *out++ = (char)(0x80 | (code >> 12 & 0x3f));
    }
    *out++ = (char)(0x80 | (code >> 6 & 0x3f));
    *out++ = (char)(0x80 | (code & 0x3f));
  }
  return out;
}

// A character above the first 65,536 is written as two halves; half of one is no text.
static bool unicode(reader *in, char **out) {
  uint32_t code, low;
  if (!hex4(in, &code) || (code >= 0xdc00 && code < 0xe000)) return false;
  if (code >= 0xd800 && code < 0xdc00) {
    if (!word(in, "\\u") || !hex4(in, &low) || low < 0xdc00 || low >= 0xe000) return false;
    code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
  }
  *out = utf8(*out, code);
  return true;
}

static bool escape(reader *in, char **out) {
  static const char written[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
  if (in->at == in->end) return false;
  char what = *in->at++;
  if (what == 'u') return unicode(in, out);
  const char *known = memchr(written, what, sizeof written - 1);
  if (known == NULL) return false;
  *(*out)++ = meant[known - written];
  return true;
}

static bool text(reader *in, pc_text *text) {
  if (!take(in, '"')) return false;
  const char *from = in->at;
  bool escaped = false;
  while (in->at < in->end && *in->at != '"') {
    if ((unsigned char)*in->at < 0x20) return false;
    if (*in->at == '\\') {
      escaped = true;
      if (++in->at == in->end) return false;
    }
    in->at++;
  }
  const char *to = in->at;
  if (!take(in, '"')) return false;
  *text = (pc_text){from, (size_t)(to - from)};
  if (!escaped) return true;
  // What is meant is never longer than what is written.
  char *room = pc_take(text->bytes), *out = room;
  for (reader part = {from, to}; part.at < part.end;) {
    if (*part.at != '\\') *out++ = *part.at++;
    else if (part.at++, !escape(&part, &out)) return false;
  }
  *text = (pc_text){room, (size_t)(out - room)};
  return true;
}

static bool members(reader *in, pc_json *into, int depth, char end) {
  space(in);
  if (take(in, end)) return true;
  do {
    pc_text name = {0};
    space(in);
    if (into->type == JSON_OBJECT) {
      if (!text(in, &name)) return false;
      space(in);
      if (!take(in, ':')) return false;
    }
    if (!value(in, json_add(into, name, JSON_NULL), depth + 1)) return false;
    space(in);
  } while (take(in, ','));
  return take(in, end);
}

static bool value(reader *in, pc_json *into, int depth) {
  space(in);
  if (in->at == in->end || depth > DEPTH_MAX) return false;
  switch (*in->at) {
    case '{': in->at++; into->type = JSON_OBJECT; return members(in, into, depth, '}');
    case '[': in->at++; into->type = JSON_ARRAY; return members(in, into, depth, ']');
    case '"': into->type = JSON_TEXT; return text(in, &into->text);
    case 't': into->type = JSON_TRUE; return word(in, "true");
    case 'f': into->type = JSON_FALSE; return word(in, "false");
    case 'n': into->type = JSON_NULL; return word(in, "null");
    default: into->type = JSON_NUMBER; return number(in, &into->text);
  }
}

pc_json *pc_read(pc_text document) {
  reader in = {document.at, document.at + document.bytes};
  pc_json *root = pc_take(sizeof *root);
  *root = (pc_json){0};
  if (!value(&in, root, 1)) return NULL;
  space(&in);
  return in.at == in.end ? root : NULL;
}

pc_json *pc_field(const pc_json *object, const char *name) {
  if (object == NULL || object->type != JSON_OBJECT) return NULL;
  pc_json *found = NULL;
  // The last one of a name counts, as in the other languages.
  for (pc_json *field = object->first; field != NULL; field = field->next) {
    if (pc_is(field->name, name)) found = field;
  }
  return found;
}

pc_json *pc_first(const pc_json *array) { return array != NULL && array->type == JSON_ARRAY ? array->first : NULL; }

pc_json *pc_next(const pc_json *element) { return element->next; }

bool pc_get_text(const pc_json *value, pc_text *text) {
  if (value == NULL || value->type != JSON_TEXT) return false;
  *text = value->text;
  return true;
}

bool pc_get_whole(const pc_json *value, uint64_t *number) {
  if (value == NULL || value->type != JSON_NUMBER) return false;
  uint64_t whole = 0;
  for (size_t i = 0; i < value->text.bytes; i++) {
    char digit = value->text.at[i];
    if (digit < '0' || digit > '9') return false;
    if (__builtin_mul_overflow(whole, 10, &whole) || __builtin_add_overflow(whole, (uint64_t)(digit - '0'), &whole)) return false;
  }
  *number = whole;
  return true;
}

bool pc_get_number(const pc_json *value, double *number) {
  if (value == NULL || value->type != JSON_NUMBER) return false;
  char *ended = pc_take(value->text.bytes + 1);
  memcpy(ended, value->text.at, value->text.bytes);
  ended[value->text.bytes] = '\0';
  *number = strtod(ended, NULL);
  return true;
}

bool pc_get_bool(const pc_json *value, bool *truth) {
  if (value == NULL || (value->type != JSON_TRUE && value->type != JSON_FALSE)) return false;
  *truth = value->type == JSON_TRUE;
  return true;
}

bool pc_is_null(const pc_json *value) { return value != NULL && value->type == JSON_NULL; }
