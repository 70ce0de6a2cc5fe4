// The parts of the SDK that need no host: ids, JSON and answers. `test FILE` reads the samples of ids from FILE.
#include "../src/inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(what) ((what) ? (void)0 : (printf("%s:%d: %s\n", __FILE__, __LINE__, #what), exit(1)))

static void every_sample_draws_what_the_other_languages_draw(const char *path) {
  FILE *file = fopen(path, "rb");
  CHECK(file != NULL);
  static char bytes[1 << 16];
  pc_text document = {bytes, fread(bytes, 1, sizeof bytes, file)};
  fclose(file);
  size_t samples = 0;
  for (pc_json *sample = pc_first(pc_field(pc_read(document), "samples")); sample != NULL; sample = pc_next(sample)) {
    pc_text seed, id;
    double fraction;
    CHECK(pc_get_text(pc_field(sample, "seed"), &seed));
    uint64_t number = strtoull(pc_format("%.*s", (int)seed.bytes, seed.at).at, NULL, 10);
    pc_context drawn = {.ids = number}, numbers = {.ids = number};
    for (pc_json *each = pc_first(pc_field(sample, "ids")); each != NULL; each = pc_next(each)) {
      CHECK(pc_get_text(each, &id) && pc_same(id, pc_new_id(&drawn)));
    }
    for (pc_json *each = pc_first(pc_field(sample, "fractions")); each != NULL; each = pc_next(each)) {
      CHECK(pc_get_number(each, &fraction) && fraction == pc_random(&numbers));
    }
    samples++;
  }
  CHECK(samples >= 10);
}

static bool reads_as(const char *written, const char *again) {
  pc_json *read = pc_read(pc_c(written));
  return read != NULL && pc_is(pc_write(read), again);
}

static void json_travels_there_and_back(void) {
  static const char *const same[] = {"null", "true", "false", "0", "-1.5e+30", "18446744073709551615", "\"\"", "[]", "{}", "{\"a\":[1,{\"b\":null}],\"c\":\"\xc3\xa4\"}"};
  for (size_t i = 0; i < sizeof same / sizeof *same; i++) CHECK(reads_as(same[i], same[i]));
  CHECK(reads_as(" { \"a\" : [ 1 , 2 ] } ", "{\"a\":[1,2]}"));
  CHECK(reads_as("\"\\u00e4\\ud83e\\udd80\\/\"", "\"\xc3\xa4\xf0\x9f\xa6\x80/\""));
  CHECK(reads_as("\"\\n\\u0001\\\"\\\\\"", "\"\\u000a\\u0001\\\"\\\\\""));
}

static void what_is_no_json_is_not_read(void) {
  static const char *const broken[] = {"", " ", "{", "[1", "[1,]", "{\"a\"}", "{\"a\":}", "{a:1}", "01", "1.", "-", ".5", "1e", "nul", "\"", "\"\\x\"", "\"\\u12\"",
      "\"\\ud800\"", "\"\\udc00\"", "\"\\ud800\\u0041\"", "\"\n\"", "1 2", "tru", "'a'", "[1}", "NaN", "\"\\"};
  for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
    if (pc_read(pc_c(broken[i])) != NULL) printf("%s\n", broken[i]);
    CHECK(pc_read(pc_c(broken[i])) == NULL);
  }
}

// Whatever is cut off or changed in a document: it is read or refused, and nothing is touched beyond its end.
static void random_changes_do_no_harm(void) {
  static const char document[] = "{\"a\":[1,-2.5e3,true,null,\"x\\u00e4\\ud83e\\udd80\\n\"],\"b\":{\"c\":{}}}";
  static const char letters[] = "{}[]:,\"\\u0129deE+-. ntfx";
  uint64_t seed = 1;
  for (int i = 0; i < 200000; i++) {
    size_t bytes = pc_bits(&seed) % sizeof document;
    char *changed = malloc(bytes + 1);
    memcpy(changed, document, bytes);
    for (uint64_t change = pc_bits(&seed) % 4; bytes > 0 && change > 0; change--) changed[pc_bits(&seed) % bytes] = letters[pc_bits(&seed) % (sizeof letters - 1)];
    pc_json *read = pc_read((pc_text){changed, bytes});
    if (read != NULL) CHECK(pc_read(pc_write(read)) != NULL);
    free(changed);
    pc_call_ended();
  }
}

static void depth_is_bounded(void) {
  char deep[2 * 65];
  for (int depth = 64; depth <= 65; depth++) {
    memset(deep, '[', (size_t)depth);
    memset(deep + depth, ']', (size_t)depth);
    CHECK((pc_read((pc_text){deep, 2 * (size_t)depth}) != NULL) == (depth == 64));
  }
}

static void numbers_are_read_as_what_they_are(void) {
  uint64_t whole;
  double number;
  CHECK(pc_get_whole(pc_read(pc_c("18446744073709551615")), &whole) && whole == UINT64_MAX);
  static const char *const no_whole[] = {"18446744073709551616", "-1", "1.5", "1e2", "\"1\"", "true", "null"};
  for (size_t i = 0; i < sizeof no_whole / sizeof *no_whole; i++) CHECK(!pc_get_whole(pc_read(pc_c(no_whole[i])), &whole));
  CHECK(pc_get_number(pc_read(pc_c("-2.5e1")), &number) && number == -25);
  CHECK(!pc_get_whole(NULL, &whole) && !pc_get_number(NULL, &number) && pc_field(NULL, "a") == NULL && pc_first(NULL) == NULL);
}

static void an_answer_keeps_the_order_in_which_it_was_told(void) {
  pc_answer answer = {0};
  answer.events_end = &answer.events;
  answer.effects_end = &answer.effects;
  pc_send(&answer, "TooEarly");
  pc_put_whole(pc_accept(&answer, "Opened"), "by", 7);
  pc_accept(&answer, "Greeted");
  pc_put_bool(pc_send_to(&answer, "Ring", pc_c("bell"), 5), "loud", true);
  pc_set_timer(&answer, "shut", 9);
  pc_answered(&answer, "Ring");
  CHECK(answer.events_count == 2 && answer.effects_count == 3);
  CHECK(strcmp(answer.events->next->kind, "Greeted") == 0 && pc_is(pc_write(answer.events->data), "{\"by\":7}"));
  CHECK(pc_is(answer.effects->name, "Ring") && pc_is(answer.effects->to, "bell") && pc_is(pc_write(answer.effects->data), "{\"loud\":true}"));
  CHECK(answer.effects->next->time == 9 && pc_is(answer.effects->next->next->name, "undelivered:Ring"));
}

static void what_a_state_keeps_outlives_the_call(void) {
  pc_text kept = {0};
  pc_keep(&kept, pc_format("%d", 42));
  pc_call_ended();
  for (int i = 0; i < 1000; i++) memset(pc_take(1000), 'x', 1000);
  CHECK(pc_is(kept, "42"));
  pc_keep(&kept, (pc_text){0});
  CHECK(kept.at == NULL && kept.bytes == 0);
}

int main(int count, char **arguments) {
  CHECK(count == 2);
  every_sample_draws_what_the_other_languages_draw(arguments[1]);
  json_travels_there_and_back();
  what_is_no_json_is_not_read();
  random_changes_do_no_harm();
  depth_is_bounded();
  numbers_are_read_as_what_they_are();
  an_answer_keeps_the_order_in_which_it_was_told();
  what_a_state_keeps_outlives_the_call();
  puts("C: 8 passed");
  return 0;
}
