// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>

#include "base/random.h"
#include "cli/moment.h"

static void is(const char *text, int64_t expected)
{
    int64_t unix_ms;
    if (!moment_parse(text, &unix_ms) || unix_ms != expected)
        fail_msg("'%s' is not %" PRId64, text, expected);
}

static void milliseconds__are_taken_as_they_are(void **state)
{
    (void)state;
    is("0", 0);
    is("1767225600000", 1767225600000);
}

static void dates_and_times__are_utc_or_of_their_zone(void **state)
{
    (void)state;
    is("1970-01-01", 0);
    is("2026-01-01", 1767225600000);
    is("2026-01-01T00:00Z", 1767225600000);
    is("2026-01-01 00:00:01", 1767225601000);
    is("2026-01-01T00:00:00.25", 1767225600250);
    is("2026-01-01T00:00:00.123456789Z", 1767225600123);
    is("2026-01-01T02:00:00+02:00", 1767225600000);
    is("2025-12-31T18:30-0530", 1767225600000);
}

static void nonsense__is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "yesterday",
                                      "-5",
                                      "12x",
                                      "99999999999999999999",
                                      "2026-13-01",
                                      "2026-02-29",
                                      "2026-00-01",
                                      "2026-01-32",
                                      "26-01-01",
                                      "2026-01-01T24:00",
                                      "2026-01-01T00:60",
                                      "2026-01-01T00",
                                      "2026-01-01T00:00:00.",
                                      "2026-01-01T00:00:00+1",
                                      "2026-01-01T00:00:00Zulu",
                                      "2026-01-01Z"};
    int64_t unix_ms;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (moment_parse(bad[i], &unix_ms))
            fail_msg("'%s' was taken", bad[i]);
    }
}

static void any_second__is_what_the_c_library_says(void **state)
{
    (void)state;
    struct random random;
    random_seed(&random, 1);
    for (int i = 0; i < 20000; i++) {
        char text[64];
        struct tm parts;
        time_t second = (time_t)random_range(&random, 0, 32503680000);
        gmtime_r(&second, &parts);
        strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts);
        is(text, (int64_t)second * 1000);
    }
}

static void moment__is_written_as_it_is_read(void **state)
{
    static const struct {
        int64_t ms;
        const char *text;
    } cases[] = {
        {0, "1970-01-01T00:00:00.000Z"},
        {-1, "1969-12-31T23:59:59.999Z"},
        {1769846400123, "2026-01-31T08:00:00.123Z"},
        {INT64_MAX, "9223372036854775807"},
        {INT64_MIN, "-9223372036854775808"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[MOMENT_TEXT_BYTES];
        moment_text(cases[i].ms, text);
        assert_string_equal(text, cases[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(milliseconds__are_taken_as_they_are),
        cmocka_unit_test(dates_and_times__are_utc_or_of_their_zone),
        cmocka_unit_test(nonsense__is_refused),
        cmocka_unit_test(any_second__is_what_the_c_library_says),
        cmocka_unit_test(moment__is_written_as_it_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
