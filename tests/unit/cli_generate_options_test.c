// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/commands.h"
#include "cli/generate_options.h"
#include "lib/capture.h"

enum { WORDS_MAX = 16 };

static const int64_t now_ms = 1767225600000;

// The words up to NULL as options.
static enum status read(const char *const *words, struct generate_options *out, struct error *err)
{
    char *argv[WORDS_MAX];
    int argc = 0;
    struct line line;
    for (; words[argc] != NULL; argc++)
        argv[argc] = (char *)(uintptr_t)words[argc];
    assert_int_equal(line_parse(argc, argv, generate_options, common_options, 0, &line, err),
                     STATUS_OK);
    return generate_options_read(&line, now_ms, out, err);
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static struct generate_options good(const char *const *words)
{
    struct generate_options options;
    struct error err = {.text = ""};
    if (read(words, &options, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    return options;
}

static void assert_bad(const char *const *words, const char *sentence)
{
    struct generate_options options;
    struct error err = {.text = ""};
    assert_int_equal(read(words, &options, &err), STATUS_FATAL);
    assert_text_contains(err.text, sentence);
}

static void defaults__end_at_the_clocks_now_and_are_clean(void **state)
{
    (void)state;
    struct generate_options options = good(WORDS(NULL));
    assert_int_equal(options.events, 100000);
    assert_int_equal(options.rate, 0);
    assert_null(options.out);
    assert_null(options.truth);
    assert_true(options.generator.clean);
    assert_true(options.generator.card_count >= options.clean_cards);
    assert_int_equal(options.generator.start_ms, now_ms - 100000);
    assert_int_equal(options.generator.seed, now_ms);
}

static void a_rate__starts_at_the_clocks_now(void **state)
{
    (void)state;
    struct generate_options options = good(WORDS("--rate", "50", "--events", "0"));
    assert_int_equal(options.generator.start_ms, now_ms);
    assert_int_equal(options.generator.events_per_second, 50);
    assert_int_equal(options.generator.message_count, 0);
}

static void runs__have_ids_of_their_own(void **state)
{
    (void)state;
    struct generate_options one = good(WORDS("--start-ms", "1000"));
    struct generate_options other = good(WORDS("--start-ms", "2000"));
    assert_true(other.generator.first_id - one.generator.first_id >= 1000 * 1000);
}

static void shares__are_percents_or_fractions(void **state)
{
    (void)state;
    struct generate_options options =
        good(WORDS("--duplicates", "1.5%", "--malformed", "0.002", "--bursts", "0.25%"));
    assert_int_equal(options.generator.duplicate_ppm, 15000);
    assert_int_equal(options.generator.malformed_ppm, 2000);
    assert_int_equal(options.generator.burst_ppm, 2500);
    assert_int_equal(options.generator.burst_count, 0);
}

static void bursts__can_be_a_number(void **state)
{
    (void)state;
    struct generate_options options = good(WORDS("--bursts", "250"));
    assert_int_equal(options.generator.burst_count, 250);
    assert_int_equal(options.generator.burst_ppm, 0);
    options = good(WORDS("--bursts", "0", "--rate", "5"));
    assert_int_equal(options.generator.burst_count + options.generator.burst_ppm, 0);
}

static void few_cards__are_taken_as_they_are(void **state)
{
    (void)state;
    struct generate_options options = good(WORDS("--cards", "100", "--rate", "10"));
    assert_int_equal(options.generator.card_count, 100);
    assert_false(options.generator.clean);
    assert_true(options.clean_cards > 600);
}

static void wrong_options__are_explained(void **state)
{
    (void)state;
    assert_bad(WORDS("--events", "0"), "--events 0, without an end, needs a --rate");
    assert_bad(WORDS("--events", "0", "--rate", "1", "--out", "x"), "--out needs an end");
    assert_bad(WORDS("--events", "0", "--rate", "1", "--bursts", "5"), "--bursts 5 needs --events");
    assert_bad(WORDS("--bursts", "5001"), "--bursts '5001' is not possible; allowed: 0 .. 5000");
    assert_bad(WORDS("--bursts", "90%"), "allowed: a share from 0 to 5%, as 1% or 0.01");
    assert_bad(WORDS("--duplicates", "51%"), "--duplicates '51%' is not possible");
    assert_bad(WORDS("--duplicates", "-1%"), "--duplicates '-1%' is not possible");
    assert_bad(WORDS("--duplicates", "nan"), "--duplicates 'nan' is not possible");
    assert_bad(WORDS("--duplicates", "1%%"), "--duplicates '1%%' is not possible");
    assert_bad(WORDS("--malformed", "1%", "--out", "x"), "--malformed is for a topic");
    assert_bad(WORDS("--cards", "0"), "--cards '0' is not possible");
    assert_bad(WORDS("--disorder-ms", "30001"), "allowed: 0 .. 30000");
    assert_bad(WORDS("--start-ms", "0"), "--start-ms '0' is not possible");
    assert_bad(WORDS("--seed", "x"), "--seed 'x' is not possible");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults__end_at_the_clocks_now_and_are_clean),
        cmocka_unit_test(a_rate__starts_at_the_clocks_now),
        cmocka_unit_test(runs__have_ids_of_their_own),
        cmocka_unit_test(shares__are_percents_or_fractions),
        cmocka_unit_test(bursts__can_be_a_number),
        cmocka_unit_test(few_cards__are_taken_as_they_are),
        cmocka_unit_test(wrong_options__are_explained),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
