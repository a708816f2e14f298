// SPDX-License-Identifier: Apache-2.0
#include "cli/moment.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { MINUTE_MS = 60000, DAY_MINUTES = 1440 };

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
    int64_t days = before * 365 + before / 4 - before / 100 + before / 400 - 719162;
    for (int m = 1; m < month; m++)
        days += days_of_month(year, m);
    return days + day - 1;
}

static bool date_parse(const char **at, int64_t *days)
{
    int year, month, day;
    if (!digits(at, 4, 1, 9999, &year) || !sign(at, '-') || !digits(at, 2, 1, 12, &month) ||
        !sign(at, '-') || !digits(at, 2, 1, days_of_month(year, month), &day))
        return false;
    *days = days_of(year, month, day);
    return true;
}

// "hh:mm[:ss[.fraction]]" as milliseconds of the day; digits behind the third are passed over.
static bool time_parse(const char **at, int64_t *ms)
{
    int hour, minute, second = 0;
    if (!digits(at, 2, 0, 23, &hour) || !sign(at, ':') || !digits(at, 2, 0, 59, &minute))
        return false;
    bool has_second = sign(at, ':');
    if (has_second && !digits(at, 2, 0, 59, &second))
        return false;
    *ms = ((int64_t)hour * 60 + minute) * MINUTE_MS + (int64_t)second * 1000;
    if (!has_second || !sign(at, '.'))
        return true;
    const char *first = *at;
    for (int64_t unit = 100; **at >= '0' && **at <= '9'; (*at)++, unit /= 10)
        *ms += (**at - '0') * unit;
    return *at > first;
}

// "Z", "+hh:mm", "+hhmm", "+hh", or nothing, as minutes east of Greenwich.
static bool zone_parse(const char **at, int *minutes)
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

static bool date_time_parse(const char *at, int64_t *unix_ms)
{
    int64_t days, ms = 0;
    int zone_minutes = 0;
    if (!date_parse(&at, &days))
        return false;
    if ((*at == 'T' || *at == ' ') &&
        (at++, !time_parse(&at, &ms) || !zone_parse(&at, &zone_minutes)))
        return false;
    *unix_ms = (days * DAY_MINUTES - zone_minutes) * MINUTE_MS + ms;
    return *at == '\0';
}

bool moment_parse(const char *text, int64_t *unix_ms)
{
    char *end;
    if (date_time_parse(text, unix_ms))
        return true;
    errno = 0;
    *unix_ms = strtoll(text, &end, 10);
    return errno == 0 && end != text && *end == '\0' && *unix_ms >= 0;
}
