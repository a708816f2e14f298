// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/commands.h"
#include "cli/replay_options.h"

enum { WORDS_MAX = 16 };

static enum status read_words(const char *const *words, struct replay_options *out,
                              struct error *err)
{
    char *argv[WORDS_MAX];
    static struct line line; // borrowed by *out
    int argc = 0;
    for (; words[argc] != NULL; argc++)
        argv[argc] = (char *)(uintptr_t)words[argc];
    assert_int_equal(line_parse(argc, argv, replay_options, common_options, 1, &line, err),
                     STATUS_OK);
    return replay_options_read(&line, out, err);
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static struct replay_options good(const char *const *words)
{
    struct replay_options options;
    struct error err = {.text = ""};
    if (read_words(words, &options, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    return options;
}

static void assert_bad(const char *const *words, const char *sentence)
{
    struct replay_options options;
    struct error err = {.text = ""};
    assert_int_equal(read_words(words, &options, &err), STATUS_FATAL);
    if (strstr(err.text, sentence) == NULL)
        fail_msg("%s", err.text);
}

static void nothing__is_the_whole_topic_counted(void **state)
{
    (void)state;
    struct replay_options options = good(WORDS("-c", "file"));
    assert_int_equal(options.mode, REPLAY_COUNT);
    assert_int_equal(options.from.kind, REPLAY_EDGE);
    assert_int_equal(options.until.kind, REPLAY_EDGE);
    assert_int_equal(options.partitions, 1);
    assert_null(options.input);
    assert_false(options.show_cards);
}

static void modes__are_one_of_three(void **state)
{
    (void)state;
    assert_int_equal(good(WORDS("--verify")).mode, REPLAY_VERIFY);
    assert_int_equal(good(WORDS("--rebuild")).mode, REPLAY_REBUILD);
    struct replay_options options = good(WORDS("--out", "-", "--show-cards"));
    assert_int_equal(options.mode, REPLAY_OUT);
    assert_string_equal(options.out, "-");
    assert_true(options.show_cards);
    assert_bad(WORDS("--verify", "--rebuild"), "choose one");
    assert_bad(WORDS("--verify", "--out", "-"), "choose one");
    assert_bad(WORDS("--out", ""), "which file");
    assert_bad(WORDS("--verify", "--show-cards"), "--show-cards");
}

static void places__are_offsets_or_times(void **state)
{
    (void)state;
    struct replay_options options = good(WORDS("--from", "17", "--until", "1767225600000"));
    assert_int_equal(options.from.kind, REPLAY_OFFSET);
    assert_int_equal(options.from.number, 17);
    assert_int_equal(options.until.kind, REPLAY_TIME);
    assert_int_equal(options.until.number, 1767225600000);
    options = good(WORDS("--from", "2026-01-01", "--until", "end"));
    assert_int_equal(options.from.kind, REPLAY_TIME);
    assert_int_equal(options.from.number, 1767225600000);
    assert_int_equal(options.until.kind, REPLAY_EDGE);
    assert_int_equal(good(WORDS("--from", "beginning")).from.kind, REPLAY_EDGE);
    assert_bad(WORDS("--from", "soon"), "--from 'soon'");
    assert_bad(WORDS("--until", "beginning"), "--until 'beginning'");
}

static void files__have_no_places_and_are_not_verified(void **state)
{
    (void)state;
    struct replay_options options = good(WORDS("--input", "a.avro", "--partitions", "4"));
    assert_string_equal(options.input, "a.avro");
    assert_int_equal(options.partitions, 4);
    assert_bad(WORDS("--input", "a", "--verify"), "--verify is about the topic");
    assert_bad(WORDS("--input", "a", "--rebuild"), "--rebuild is about the topic");
    assert_bad(WORDS("--input", "a", "--from", "1"), "places in the topic");
    assert_bad(WORDS("--partitions", "2"), "--input alone");
    assert_bad(WORDS("--input", "a", "--partitions", "0"), "partitions");
}

static void rebuilding__takes_everything(void **state)
{
    (void)state;
    assert_bad(WORDS("--rebuild", "--until", "5"), "up to the group's offsets");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing__is_the_whole_topic_counted),
        cmocka_unit_test(modes__are_one_of_three),
        cmocka_unit_test(places__are_offsets_or_times),
        cmocka_unit_test(files__have_no_places_and_are_not_verified),
        cmocka_unit_test(rebuilding__takes_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
