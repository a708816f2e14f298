// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/commands.h"
#include "cli/tail_options.h"

enum { WORDS_MAX = 16 };

static enum status read_words(const char *const *words, struct tail_options *out, struct error *err)
{
    char *argv[WORDS_MAX];
    static struct line line; // borrowed by *out
    int argc = 0;
    for (; words[argc] != NULL; argc++)
        argv[argc] = (char *)(uintptr_t)words[argc];
    assert_int_equal(line_parse(argc, argv, tail_options, common_options, 1, &line, err),
                     STATUS_OK);
    return tail_options_read(&line, out, err);
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static struct tail_options good(const char *const *words)
{
    struct tail_options options;
    struct error err = {.text = ""};
    if (read_words(words, &options, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    return options;
}

static void assert_bad(const char *const *words, const char *sentence)
{
    struct tail_options options;
    struct error err = {.text = ""};
    assert_int_equal(read_words(words, &options, &err), STATUS_FATAL);
    if (strstr(err.text, sentence) == NULL)
        fail_msg("%s", err.text);
}

static void a_topic__is_followed_from_its_end(void **state)
{
    (void)state;
    struct tail_options options = good(WORDS("alerts-json"));
    assert_string_equal(options.topic, "alerts-json");
    assert_int_equal(options.from, KAFKA_FOLLOW_END);
    assert_int_equal(options.count, 0);
    assert_false(options.exit_at_end || options.uncommitted || options.show_key ||
                 options.show_headers || options.show_timestamp || options.show_partition);
}

static void beginnings__are_words_or_times(void **state)
{
    (void)state;
    assert_int_equal(good(WORDS("t", "-e")).from, KAFKA_FOLLOW_BEGINNING);
    assert_int_equal(good(WORDS("t", "-e", "--from", "end")).from, KAFKA_FOLLOW_END);
    assert_int_equal(good(WORDS("t", "--from", "beginning")).from, KAFKA_FOLLOW_BEGINNING);
    struct tail_options options = good(WORDS("t", "--from", "2026-01-01T00:00:01Z"));
    assert_int_equal(options.from, KAFKA_FOLLOW_TIME);
    assert_int_equal(options.from_ms, 1767225601000);
    assert_int_equal(good(WORDS("--from", "5", "t")).from_ms, 5);
}

static void what_is_shown__is_chosen(void **state)
{
    (void)state;
    assert_true(good(WORDS("t", "--keys")).show_key);
    assert_true(good(WORDS("t", "--headers")).show_headers);
    assert_true(good(WORDS("t", "--timestamps")).show_timestamp);
    assert_true(good(WORDS("t", "--partitions")).show_partition);
    struct tail_options options = good(WORDS("t", "--all", "-n", "7"));
    assert_true(options.show_key && options.show_headers && options.show_timestamp &&
                options.show_partition);
    assert_int_equal(options.count, 7);
    assert_int_equal(good(WORDS("t")).partition, -1);
    assert_int_equal(good(WORDS("t", "-p", "3")).partition, 3);
    assert_false(good(WORDS("t")).readable_times);
    assert_true(good(WORDS("t", "--times")).readable_times);
    assert_true(good(WORDS("t", "--isolation", "read_uncommitted")).uncommitted);
    assert_false(good(WORDS("t", "--isolation", "read_committed")).uncommitted);
}

static void wrong_options__are_explained(void **state)
{
    (void)state;
    assert_bad(WORDS(NULL), "which topic? cardwatch tail TOPIC");
    assert_bad(WORDS("t", "--from", "noon"), "--from 'noon' is not possible");
    assert_bad(WORDS("t", "--count", "0"), "--count '0' is not possible");
    assert_bad(WORDS("t", "--partition", "-1"), "--partition '-1' is not possible");
    assert_bad(WORDS("t", "--isolation", "none"), "--isolation 'none' is not known");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_topic__is_followed_from_its_end),
        cmocka_unit_test(beginnings__are_words_or_times),
        cmocka_unit_test(what_is_shown__is_chosen),
        cmocka_unit_test(wrong_options__are_explained),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
