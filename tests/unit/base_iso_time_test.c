// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/iso_time.h"
#include "base/random.h"

static void moment_is(const char *text, int64_t seconds, int32_t nanoseconds)
{
    struct iso_moment moment;
    if (!iso_moment_parse(text, &moment) || moment.seconds != seconds ||
        moment.nanoseconds != nanoseconds)
        fail_msg("'%s'", text);
}

static void moments__are_read_to_the_nanosecond(void **state)
{
    (void)state;
    moment_is("1970-01-01", 0, 0);
    moment_is("2026-01-01T00:00:00.123456789Z", 1767225600, 123456789);
    moment_is("1969-12-31 23:59:59.5", -1, 500000000);
    moment_is("2026-01-01T02:00+02:00", 1767225600, 0);
    struct iso_moment moment;
    assert_false(iso_moment_parse("2026-02-29", &moment));
    assert_false(iso_moment_parse("2026-01-01T", &moment));
    assert_false(iso_moment_parse("2026-01-01T00:00:00ZZ", &moment));
}

static void dates_and_times_of_day__are_read_alone(void **state)
{
    (void)state;
    int64_t value;
    assert_true(iso_date_parse("1970-01-02", &value) && value == 1);
    assert_true(iso_date_parse("0001-01-01", &value) && value == -719162);
    assert_false(iso_date_parse("1970-01-02T00:00", &value));
    assert_true(iso_day_time_parse("08:30", &value) && value == INT64_C(30600000000000));
    assert_true(iso_day_time_parse("23:59:59.000000001", &value) &&
                value == INT64_C(86399000000001));
    assert_false(iso_day_time_parse("24:00", &value));
    assert_false(iso_day_time_parse("08:30Z", &value));
}

static void written(bool fits, struct buffer *out, const char *expected)
{
    assert_true(fits && buffer_append_byte(out, '\0'));
    assert_string_equal((const char *)out->data, expected);
    buffer_clear(out);
}

static void values__are_written(void **state)
{
    (void)state;
    struct buffer out;
    buffer_init(&out, 64);
    written(iso_date_append(&out, 0), &out, "1970-01-01");
    written(iso_date_append(&out, -719162), &out, "0001-01-01");
    written(iso_date_append(&out, 2932896), &out, "9999-12-31");
    written(iso_day_time_append(&out, INT64_C(30600123456789), 3), &out, "08:30:00.123");
    written(iso_day_time_append(&out, 1000, 6), &out, "00:00:00.000001");
    written(iso_moment_append(&out, (struct iso_moment){-1, 500000000}, 3), &out,
            "1969-12-31T23:59:59.500Z");
    written(iso_moment_append(&out, (struct iso_moment){1767225600, 0}, 0), &out,
            "2026-01-01T00:00:00Z");
    assert_false(iso_date_append(&out, -719163));
    assert_false(iso_date_append(&out, 2932897));
    assert_false(iso_day_time_append(&out, INT64_C(86400000000000), 3));
    assert_false(iso_moment_append(&out, (struct iso_moment){INT64_C(9223372036825200), 0}, 3));
    assert_int_equal(out.size, 0);
    buffer_release(&out);
}

// Against the C library, over the years that have four digits.
static void dates__are_those_of_the_calendar(void **state)
{
    (void)state;
    struct random random;
    struct buffer out;
    random_seed(&random, 1);
    buffer_init(&out, 64);
    for (int i = 0; i < 20000; i++) {
        int64_t days = random_range(&random, -719162, 2932896);
        time_t seconds = (time_t)(days * 86400 + random_range(&random, 0, 86399));
        struct tm tm;
        char text[64];
        struct iso_moment again;
        assert_non_null(gmtime_r(&seconds, &tm));
        assert_true(strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm) > 0);
        assert_true(iso_moment_append(&out, (struct iso_moment){seconds, 0}, 0));
        assert_true(buffer_append_byte(&out, '\0'));
        if (tm.tm_year + 1900 >= 1000)
            assert_string_equal((const char *)out.data, text);
        assert_true(iso_moment_parse((const char *)out.data, &again));
        assert_true(again.seconds == seconds && again.nanoseconds == 0);
        buffer_clear(&out);
    }
    buffer_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moments__are_read_to_the_nanosecond),
        cmocka_unit_test(dates_and_times_of_day__are_read_alone),
        cmocka_unit_test(values__are_written),
        cmocka_unit_test(dates__are_those_of_the_calendar),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
