// Memory of a call: taken piece by piece, given back all at once. What a state keeps is `malloc`'s.
#include "inside.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK_BYTES ((size_t)32 * 1024)
#define ALIGN 16

typedef struct chunk {
  struct chunk *next;
  size_t bytes;
  _Alignas(ALIGN) unsigned char room[];
} chunk;

// Every piece has its size before it, so that it can be taken again, greater.
typedef union {
  size_t bytes;
  _Alignas(ALIGN) unsigned char room[ALIGN];
} piece;

static chunk *chunks;
static size_t used;
static bool ended;

void pc_call_begins(void) {
  if (!ended) return;
  ended = false;
  used = 0;
  // One chunk is kept: most calls need no more, and a call that needed much must not hold it for ever.
  while (chunks != NULL && chunks->next != NULL) {
    chunk *next = chunks->next;
    free(chunks);
    chunks = next;
  }
}

void pc_call_ended(void) { ended = true; }

void *pc_take(size_t bytes) {
  pc_call_begins();
  if (bytes > SIZE_MAX / 2) abort();
  size_t needed = sizeof(piece) + (bytes + ALIGN - 1) / ALIGN * ALIGN;
  if (chunks == NULL || chunks->bytes - used < needed) {
    size_t room = needed > CHUNK_BYTES ? needed : CHUNK_BYTES;
    chunk *more = malloc(sizeof(chunk) + room);
    if (more == NULL) abort();
    *more = (chunk){.next = chunks, .bytes = room};
    chunks = more;
    used = 0;
  }
  piece *taken = (piece *)(chunks->room + used);
  taken->bytes = bytes;
  used += needed;
  return taken + 1;
}

void *pc_take_again(void *old, size_t bytes) {
  void *taken = pc_take(bytes);
  if (old != NULL) {
    size_t before = ((piece *)old - 1)->bytes;
    memcpy(taken, old, before < bytes ? before : bytes);
  }
  return taken;
}

void pc_keep(pc_text *slot, pc_text text) {
  char *copy = NULL;
  if (text.bytes != 0) {
    copy = malloc(text.bytes);
    if (copy == NULL) abort();
    memcpy(copy, text.at, text.bytes);
  }
  free((char *)slot->at);
  *slot = (pc_text){copy, text.bytes};
}
