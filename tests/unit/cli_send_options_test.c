// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/commands.h"
#include "cli/send_options.h"

enum { WORDS_MAX = 32 };

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static enum status read_words(const char *const *words, struct send_options *out, struct error *err)
{
    char *argv[WORDS_MAX];
    static struct line line; // borrowed by *out
    int argc = 0;
    for (; words[argc] != NULL; argc++)
        argv[argc] = (char *)(uintptr_t)words[argc];
    assert_int_equal(line_parse(argc, argv, send_options, common_options, 1, &line, err),
                     STATUS_OK);
    return send_options_read(&line, out, err);
}

static void good(const char *const *words, struct send_options *out)
{
    struct error err = {""};
    if (read_words(words, out, &err) != STATUS_OK)
        fail_msg("%s", err.text);
}

static void assert_bad(const char *const *words, const char *sentence)
{
    struct send_options options;
    struct error err = {""};
    assert_int_equal(read_words(words, &options, &err), STATUS_FATAL);
    if (strstr(err.text, sentence) == NULL)
        fail_msg("%s", err.text);
}

static void a_topic__is_all_that_is_needed(void **state)
{
    (void)state;
    struct send_options options;
    good(WORDS("t"), &options);
    assert_string_equal(options.topic, "t");
    assert_false(options.text || options.tombstones);
    assert_null(options.schema_file);
    assert_null(options.key);
    assert_null(options.key_field);
    assert_string_equal(options.key_separator, "");
    assert_int_equal(options.header_count, 0);
    assert_int_equal(options.partition, -1);
    assert_int_equal(options.timestamp_ms, 0);
    assert_int_equal(options.rate, 0);
    assert_int_equal(options.create, 0);
}

static void everything__is_taken(void **state)
{
    (void)state;
    struct send_options options;
    good(WORDS("t", "--text", "-k", "", "-H", "a=b=c", "--header", "empty=", "-p", "3",
               "--timestamp", "2026-01-01T00:00:01Z", "--null", "--rate", "5", "--create", "4"),
         &options);
    assert_true(options.text && options.tombstones);
    assert_string_equal(options.key, "");
    assert_int_equal(options.header_count, 2);
    assert_string_equal(options.headers[0].name, "a");
    assert_true(view_equal(options.headers[0].value, view_text("b=c")));
    assert_string_equal(options.headers[1].name, "empty");
    assert_int_equal(options.headers[1].value.size, 0);
    assert_int_equal(options.partition, 3);
    assert_int_equal(options.timestamp_ms, 1767225601000);
    assert_int_equal(options.rate, 5);
    assert_int_equal(options.create, 4);
    good(WORDS("t", "--key-separator", "\\t=\\t"), &options);
    assert_string_equal(options.key_separator, "\t=\t");
    good(WORDS("t", "--key-field", "credit_card", "--schema", "f"), &options);
    assert_string_equal(options.key_field, "credit_card");
    assert_string_equal(options.schema_file, "f");
}

static void wrong_options__are_explained(void **state)
{
    (void)state;
    assert_bad(WORDS("--text"), "which topic? cardwatch send TOPIC");
    assert_bad(WORDS("t", "--header", "a"), "--header 'a' is not possible; it takes NAME=VALUE");
    assert_bad(WORDS("t", "--header", "=a"), "--header '=a' is not possible");
    assert_bad(WORDS("t", "--partition", "-1"), "--partition '-1' is not possible");
    assert_bad(WORDS("t", "--rate", "0"), "--rate '0' is not possible");
    assert_bad(WORDS("t", "--timestamp", "0"), "--timestamp '0' is not possible");
    assert_bad(WORDS("t", "--key-separator", ""), "--key-separator takes 1 to 63 characters");
    assert_bad(WORDS("t", "--key", "a", "--key-field", "b"), "exclude each other");
    assert_bad(WORDS("t", "--text", "--schema", "b"), "exclude each other");
    assert_bad(WORDS("t", "--null"), "--null needs a key");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_topic__is_all_that_is_needed),
        cmocka_unit_test(everything__is_taken),
        cmocka_unit_test(wrong_options__are_explained),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
