// A JSON value as a tree; `read.c` and `write.c` know no more of each other than this.
#ifndef PROCESSION_JSON_H
#define PROCESSION_JSON_H

#include "inside.h"

typedef enum { JSON_NULL, JSON_FALSE, JSON_TRUE, JSON_NUMBER, JSON_TEXT, JSON_ARRAY, JSON_OBJECT } json_type;

struct pc_json {
  json_type type;
  pc_text name; // of a field
  pc_text text; // without escapes; of a number as it is written, so that nothing of it is lost
  pc_json *first, *last, *next;
};

// Adds an empty value to an array or an object.
pc_json *json_add(pc_json *into, pc_text name, json_type type);

#endif
