// Text, and ids made of the seed: the same sequence as in every other SDK (`sdk/ids.json` has samples).
#include "inside.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

pc_text pc_c(const char *name) { return (pc_text){name, strlen(name)}; }

bool pc_same(pc_text a, pc_text b) { return a.bytes == b.bytes && (a.bytes == 0 || memcmp(a.at, b.at, a.bytes) == 0); }

bool pc_is(pc_text text, const char *literal) { return pc_same(text, pc_c(literal)); }

pc_text pc_format(const char *format, ...) {
  enum { ROOM = 1024 };
  char *room = pc_take(ROOM);
  va_list arguments;
  va_start(arguments, format);
  int written = vsnprintf(room, ROOM, format, arguments);
  va_end(arguments);
  size_t bytes = written < 0 ? 0 : (size_t)written;
  return (pc_text){room, bytes < ROOM ? bytes : ROOM - 1};
}

// SplitMix64: a bijection of a counter, so no number comes twice before all have come once.
uint64_t pc_bits(uint64_t *state) {
  uint64_t z = *state += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

pc_text pc_new_id(pc_context *ctx) {
  static const char digits[] = "0123456789abcdef";
  char *id = pc_take(32);
  for (int half = 0; half < 2; half++) {
    uint64_t bits = pc_bits(&ctx->ids);
    for (int digit = 0; digit < 16; digit++) id[half * 16 + digit] = digits[bits >> (60 - 4 * digit) & 0xf];
  }
  return (pc_text){id, 32};
}

double pc_random(pc_context *ctx) { return (double)(pc_bits(&ctx->ids) >> 11) / 9007199254740992.0; }
