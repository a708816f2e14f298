// SPDX-License-Identifier: Apache-2.0
#include "base/iso_time.h"

#include <inttypes.h>

enum {
    MINUTE_SECONDS = 60,
    DAY_SECONDS = 86400,
    DAYS_LEAST = -719162, // 0001-01-01
    DAYS_MOST = 2932896,  // 9999-12-31
    ERA_DAYS = 146097,    // of 400 years
};

static const int64_t SECOND_NS = 1000000000;
static const int64_t DAY_NS = DAY_SECONDS * INT64_C(1000000000);

// Exactly `count` digits as a number of low .. high; moves on behind them.
static bool digits(const char **at, int count, int low, int high, int *out)
{
    int value = 0;
    for (int i = 0; i < count; i++) {
        if ((*at)[i] < '0' || (*at)[i] > '9')
            return false;
        value = value * 10 + ((*at)[i] - '0');
    }
    *at += count;
    *out = value;
    return value >= low && value <= high;
}

static bool sign(const char **at, char expected)
{
    if (**at != expected)
        return false;
    (*at)++;
    return true;
}

static int days_of_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (month == 2 && leap);
}

// Days since 1970-01-01.
static int64_t days_of(int year, int month, int day)
{
    int64_t before = year - 1;
    int64_t days = before * 365 + before / 4 - before / 100 + before / 400 + DAYS_LEAST;
    for (int m = 1; m < month; m++)
        days += days_of_month(year, m);
    return days + day - 1;
}

static bool date_take(const char **at, int64_t *days)
{
    int year, month, day;
    if (!digits(at, 4, 1, 9999, &year) || !sign(at, '-') || !digits(at, 2, 1, 12, &month) ||
        !sign(at, '-') || !digits(at, 2, 1, days_of_month(year, month), &day))
        return false;
    *days = days_of(year, month, day);
    return true;
}

// "hh:mm[:ss[.fraction]]" as nanoseconds of the day; digits behind the ninth are passed over.
static bool day_time_take(const char **at, int64_t *nanoseconds)
{
    int hour, minute, second = 0;
    if (!digits(at, 2, 0, 23, &hour) || !sign(at, ':') || !digits(at, 2, 0, 59, &minute))
        return false;
    bool has_second = sign(at, ':');
    if (has_second && !digits(at, 2, 0, 59, &second))
        return false;
    *nanoseconds = (((int64_t)hour * 60 + minute) * MINUTE_SECONDS + second) * SECOND_NS;
    if (!has_second || !sign(at, '.'))
        return true;
    const char *first = *at;
    for (int64_t unit = SECOND_NS / 10; **at >= '0' && **at <= '9'; (*at)++, unit /= 10)
        *nanoseconds += (**at - '0') * unit;
    return *at > first;
}

// "Z", "+hh:mm", "+hhmm", "+hh", or nothing, as minutes east of Greenwich.
static bool zone_take(const char **at, int *minutes)
{
    int hour, minute = 0;
    *minutes = 0;
    if (**at == '\0' || sign(at, 'Z'))
        return true;
    bool west = **at == '-';
    if (!sign(at, west ? '-' : '+') || !digits(at, 2, 0, 23, &hour))
        return false;
    bool colon = sign(at, ':');
    if ((colon || **at != '\0') && !digits(at, 2, 0, 59, &minute))
        return false;
    *minutes = (west ? -1 : 1) * (hour * 60 + minute);
    return true;
}

bool iso_moment_parse(const char *text, struct iso_moment *out)
{
    int64_t days, nanoseconds = 0;
    int zone_minutes = 0;
    if (!date_take(&text, &days))
        return false;
    if ((*text == 'T' || *text == ' ') &&
        (text++, !day_time_take(&text, &nanoseconds) || !zone_take(&text, &zone_minutes)))
        return false;
    out->seconds =
        days * DAY_SECONDS - (int64_t)zone_minutes * MINUTE_SECONDS + nanoseconds / SECOND_NS;
    out->nanoseconds = (int32_t)(nanoseconds % SECOND_NS);
    return *text == '\0';
}

bool iso_date_parse(const char *text, int64_t *days)
{
    return date_take(&text, days) && *text == '\0';
}

bool iso_day_time_parse(const char *text, int64_t *nanoseconds)
{
    return day_time_take(&text, nanoseconds) && *text == '\0';
}

bool iso_date_append(struct buffer *out, int64_t days)
{
    if (days < DAYS_LEAST || days > DAYS_MOST)
        return false;
    int64_t left = days - DAYS_LEAST;
    int year = (int)(left / ERA_DAYS) * 400 + 1;
    int month = 1;
    left %= ERA_DAYS;
    // Whole centuries, groups of four years and years; the last of each may be a day longer.
    int64_t centuries = left / 36524 < 3 ? left / 36524 : 3;
    left -= centuries * 36524;
    int64_t fours = left / 1461;
    left -= fours * 1461;
    int64_t years = left / 365 < 3 ? left / 365 : 3;
    left -= years * 365;
    year += (int)(centuries * 100 + fours * 4 + years);
    for (; left >= days_of_month(year, month); month++)
        left -= days_of_month(year, month);
    return buffer_append_format(out, "%04d-%02d-%02d", year, month, (int)left + 1);
}

bool iso_day_time_append(struct buffer *out, int64_t nanoseconds, int decimals)
{
    if (nanoseconds < 0 || nanoseconds >= DAY_NS)
        return false;
    int seconds = (int)(nanoseconds / SECOND_NS);
    int64_t fraction = nanoseconds % SECOND_NS;
    for (int i = decimals; i < 9; i++)
        fraction /= 10;
    size_t before = out->size;
    bool fits = buffer_append_format(out, "%02d:%02d:%02d", seconds / 3600, seconds / 60 % 60,
                                     seconds % 60);
    if (fits && decimals > 0)
        fits = buffer_append_format(out, ".%0*" PRId64, decimals, fraction);
    if (!fits)
        out->size = before;
    return fits;
}

bool iso_moment_append(struct buffer *out, struct iso_moment moment, int decimals)
{
    size_t before = out->size;
    int64_t days = moment.seconds / DAY_SECONDS;
    int64_t second = moment.seconds % DAY_SECONDS;
    if (second < 0) {
        days--;
        second += DAY_SECONDS;
    }
    bool fits = iso_date_append(out, days) && buffer_append_byte(out, 'T') &&
                iso_day_time_append(out, second * SECOND_NS + moment.nanoseconds, decimals) &&
                buffer_append_byte(out, 'Z');
    if (!fits)
        out->size = before;
    return fits;
}
