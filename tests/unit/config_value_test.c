// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/value.h"

// Sets one value in a zeroed configuration; the caller releases *config.
static bool set(const char *name, struct view text, struct config *config)
{
    struct buffer report;
    buffer_init(&report, 4096);
    struct mistakes mistakes = {&report, 0};
    memset(config, 0, sizeof(*config));
    bool good = value_set(key_find(view_text(name)), name, config, text,
                          (struct origin){view_text("x"), 1}, &mistakes);
    assert_int_equal(mistakes.count, good ? 0 : 1);
    buffer_release(&report);
    return good;
}

static bool set_text(const char *name, const char *text, struct config *config)
{
    return set(name, view_text(text), config);
}

static void integers__are_decimal_and_whole(void **state)
{
    (void)state;
    static const char *const bad[] = {"",     "-",  "+",  "1.0",   "1e3",
                                      "0x10", " 1", "1 ", "1_000", "one"};
    struct config config;
    assert_true(set_text("processing.max_future_ms", "+007", &config));
    assert_int_equal(config.processing.max_future_ms, 7);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(set_text("processing.max_future_ms", bad[i], &config));
    assert_false(set_text("processing.max_future_ms",
                          "99999999999999999999999999999999999999999999999999", &config));
    assert_false(
        set_text("processing.max_future_ms", "340282366920938463463374607431768211457", &config));
}

static void bytes__take_units(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t bytes;
    } good[] = {{"1048576", 1048576},
                {"2048KiB", 2097152},
                {"64 MiB", 67108864},
                {"1GiB", 1073741824},
                {"1024GiB", 1099511627776}};
    static const char *const bad[] = {"MiB", "1MB", "1 M", "1.5GiB", "1KiB", "2 TiB", " 1GiB"};
    struct config config;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(set_text("state.cache_bytes", good[i].text, &config));
        assert_true(config.state.cache_bytes == good[i].bytes);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(set_text("state.cache_bytes", bad[i], &config));
}

static void yes_and_no__have_several_words(void **state)
{
    (void)state;
    static const char *const yes[] = {"true", "True", "TRUE", "yes", "on"};
    static const char *const no[] = {"false", "no", "No", "off"};
    static const char *const bad[] = {"", "1", "y", "tru", "truee"};
    struct config config;
    for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
        assert_true(set_text("processing.dedupe", yes[i], &config) && config.processing.dedupe);
    for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
        assert_true(set_text("processing.dedupe", no[i], &config) && !config.processing.dedupe);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(set_text("processing.dedupe", bad[i], &config));
}

static void choices__are_case_sensitive(void **state)
{
    (void)state;
    struct config config;
    assert_true(set_text("log.level", "error", &config));
    assert_int_equal(config.log.level, LOG_ERROR);
    assert_false(set_text("log.level", "Error", &config));
    assert_false(set_text("log.level", "", &config));
}

static void text__is_one_line_of_utf8(void **state)
{
    (void)state;
    struct config config;
    assert_true(set_text("application_id", "caf\xc3\xa9", &config));
    assert_string_equal(config.application_id, "caf\xc3\xa9");
    free(config.application_id);
    assert_false(set_text("application_id", "a\nb", &config));
    assert_false(set_text("application_id", "\xff", &config));
    assert_false(set("application_id", (struct view){(const uint8_t *)"a\0b", 3}, &config));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers__are_decimal_and_whole),
        cmocka_unit_test(bytes__take_units),
        cmocka_unit_test(yes_and_no__have_several_words),
        cmocka_unit_test(choices__are_case_sensitive),
        cmocka_unit_test(text__is_one_line_of_utf8),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
