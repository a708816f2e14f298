// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/line.h"
#include "lib/capture.h"

static const struct line_option own[] = {
    {"partitions", '\0', "N", "x"}, {"verify", 'v', NULL, "x"}, {NULL, '\0', NULL, NULL}};
static const struct line_option common[] = {
    {"config", 'c', "FILE", "x"}, {"set", '\0', "KEY=VALUE", "x"}, {NULL, '\0', NULL, NULL}};

// Parses the words up to NULL; at most one argument.
static enum status parse(struct line *line, struct error *err, const char *const *words)
{
    char *argv[16];
    int argc = 0;
    for (; words[argc] != NULL; argc++)
        argv[argc] = (char *)(uintptr_t)words[argc];
    return line_parse(argc, argv, own, common, 1, line, err);
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void assert_refused(const char *const *words, const char *expected)
{
    struct line line;
    struct error err;
    assert_int_equal(parse(&line, &err, words), STATUS_FATAL);
    assert_string_equal(err.text, expected);
}

static void options__come_in_all_their_forms(void **state)
{
    (void)state;
    const char *const *const forms[] = {WORDS("-c", "a.yaml"), WORDS("-ca.yaml"),
                                        WORDS("--config", "a.yaml"), WORDS("--config=a.yaml"),
                                        WORDS("-c", "b", "-c", "a.yaml")};
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        struct line line;
        struct error err;
        assert_int_equal(parse(&line, &err, forms[i]), STATUS_OK);
        assert_string_equal(line_value(&line, "config"), "a.yaml");
        assert_false(line_has(&line, "verify"));
    }
}

static void options__that_repeat_are_all_kept(void **state)
{
    (void)state;
    struct line line;
    struct error err;
    assert_int_equal(parse(&line, &err, WORDS("--set", "a=b", "-v", "--set=c=d")), STATUS_OK);
    assert_int_equal(line.given_count, 3);
    assert_string_equal(line.given[0].value, "a=b");
    assert_string_equal(line.given[2].value, "c=d");
    assert_true(line_has(&line, "verify"));
}

static void arguments__are_told_from_options(void **state)
{
    (void)state;
    struct line line;
    struct error err;
    assert_int_equal(parse(&line, &err, WORDS("-")), STATUS_OK);
    assert_string_equal(line.arguments[0], "-");
    assert_int_equal(parse(&line, &err, WORDS("-v", "--", "-c")), STATUS_OK);
    assert_int_equal(line.argument_count, 1);
    assert_string_equal(line.arguments[0], "-c");
    assert_refused(WORDS("a", "b"), "'b' is one argument too many");
}

static void mistakes__are_named(void **state)
{
    (void)state;
    assert_refused(WORDS("--nothing"), "there is no option --nothing");
    assert_refused(WORDS("--conf=x"), "there is no option --conf=x");
    assert_refused(WORDS("-x"), "there is no option -x");
    assert_refused(WORDS("-c"), "--config needs a value: --config FILE");
    assert_refused(WORDS("--set"), "--set needs a value: --set KEY=VALUE");
    assert_refused(WORDS("--verify=yes"), "--verify takes no value");
    assert_refused(WORDS("-vv"), "--verify takes no value");
}

static void options__are_bounded(void **state)
{
    (void)state;
    char *argv[LINE_GIVEN_MAX + 1];
    char word[] = "-v";
    struct line line;
    struct error err;
    for (size_t i = 0; i <= LINE_GIVEN_MAX; i++)
        argv[i] = word;
    assert_int_equal(line_parse(LINE_GIVEN_MAX, argv, own, common, 1, &line, &err), STATUS_OK);
    assert_int_equal(line_parse(LINE_GIVEN_MAX + 1, argv, own, common, 1, &line, &err),
                     STATUS_FATAL);
}

static void numbers__must_be_whole_and_in_bounds(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "0", "11", "1x", "x", "99999999999999999999"};
    struct line line;
    struct error err;
    int64_t number;
    assert_int_equal(parse(&line, &err, WORDS("-v")), STATUS_OK);
    assert_int_equal(line_number(&line, "partitions", 4, 1, 10, &number, &err), STATUS_OK);
    assert_int_equal(number, 4);
    assert_int_equal(parse(&line, &err, WORDS("--partitions", "10")), STATUS_OK);
    assert_int_equal(line_number(&line, "partitions", 4, 1, 10, &number, &err), STATUS_OK);
    assert_int_equal(number, 10);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(parse(&line, &err, WORDS("--partitions", bad[i])), STATUS_OK);
        assert_int_equal(line_number(&line, "partitions", 4, 1, 10, &number, &err), STATUS_FATAL);
        assert_text_contains(err.text, "is not possible; allowed: 1 .. 10");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options__come_in_all_their_forms),
        cmocka_unit_test(options__that_repeat_are_all_kept),
        cmocka_unit_test(arguments__are_told_from_options),
        cmocka_unit_test(mistakes__are_named),
        cmocka_unit_test(options__are_bounded),
        cmocka_unit_test(numbers__must_be_whole_and_in_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
