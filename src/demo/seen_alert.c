// SPDX-License-Identifier: Apache-2.0
#include "demo/seen_alert.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/assert.h"
#include "base/log.h"

enum { NUMBER_BYTES_MAX = 24, SOURCE_BYTES_MAX = 320 };

static bool copy_text(const json_t *object, const char *name, char *out, size_t size)
{
    const json_t *text = json_object_get(object, name);
    size_t length = json_string_length(text);
    if (!json_is_string(text) || length >= size)
        return false;
    memcpy(out, json_string_value(text), length + 1);
    return true;
}

static enum status read_value(struct view value, struct seen_alert *out, struct error *err)
{
    json_error_t where;
    json_t *object =
        value.data == NULL ? NULL : json_loadb((const char *)value.data, value.size, 0, &where);
    const json_t *timestamp = json_object_get(object, "timestamp");
    bool good = copy_text(object, "type", out->type, sizeof(out->type)) &&
                copy_text(object, "credit_card", out->card, sizeof(out->card)) &&
                json_is_integer(timestamp);
    out->timestamp_ms = json_integer_value(timestamp);
    json_decref(object);
    if (good)
        return STATUS_OK;
    return error_set(err, STATUS_RECORD,
                     "an alert's value is not an object with type, credit_card and timestamp");
}

static struct view header_value(const struct header *headers, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(headers[i].name, name) == 0)
            return headers[i].value;
    }
    return (struct view){NULL, 0};
}

static bool parse_number(const char *text, const char *end, int64_t *out)
{
    char *stopped;
    errno = 0;
    *out = strtoll(text, &stopped, 10);
    return errno == 0 && stopped != text && stopped == end;
}

static bool number_of(struct view text, int64_t *out)
{
    char copy[NUMBER_BYTES_MAX];
    if (text.size == 0 || text.size >= sizeof(copy))
        return false;
    memcpy(copy, text.data, text.size);
    copy[text.size] = '\0';
    return parse_number(copy, copy + text.size, out);
}

// "topic/partition/offset"; a topic's name has no slash.
static bool source_of(struct view text, struct seen_alert *out)
{
    char copy[SOURCE_BYTES_MAX];
    if (text.size == 0 || text.size >= sizeof(copy))
        return false;
    memcpy(copy, text.data, text.size);
    copy[text.size] = '\0';
    const char *first = strchr(copy, '/');
    const char *second = first == NULL ? NULL : strchr(first + 1, '/');
    int64_t partition;
    if (second == NULL || !parse_number(first + 1, second, &partition) ||
        !parse_number(second + 1, copy + text.size, &out->source_offset))
        return false;
    out->source_partition = (int32_t)partition;
    return partition >= 0 && partition <= INT32_MAX;
}

enum status seen_alert_read(struct view value, const struct header *headers, size_t header_count,
                            struct seen_alert *out, struct error *err)
{
    enum status status = read_value(value, out, err);
    if (status != STATUS_OK)
        return status;
    if (!number_of(header_value(headers, header_count, "cardwatch.count"), &out->count))
        return error_set(err, STATUS_RECORD, "an alert has no header cardwatch.count");
    if (!number_of(header_value(headers, header_count, "cardwatch.detected_at"),
                   &out->detected_at_ms))
        return error_set(err, STATUS_RECORD, "an alert has no header cardwatch.detected_at");
    if (!source_of(header_value(headers, header_count, "cardwatch.source"), out))
        return error_set(err, STATUS_RECORD, "an alert has no header cardwatch.source");
    return STATUS_OK;
}

// "10:31:45.123"; event times that no calendar has are shown as the number they are.
static void time_of_day(int64_t ms, char *out, size_t size)
{
    int64_t second = ms / 1000 - (ms % 1000 < 0 ? 1 : 0);
    struct tm utc;
    time_t time = (time_t)second;
    if (gmtime_r(&time, &utc) == NULL) {
        snprintf(out, size, "%" PRId64, ms);
        return;
    }
    snprintf(out, size, "%02d:%02d:%02d.%03d", utc.tm_hour, utc.tm_min, utc.tm_sec,
             (int)(ms - second * 1000));
}

void seen_alert_line(const struct seen_alert *alert, int64_t age_ms, bool colour,
                     struct buffer *out)
{
    char card[CARD_MASKED_MAX];
    char since[64];
    card_mask(view_text(alert->card), card);
    time_of_day(alert->timestamp_ms, since, sizeof(since));
    ensure(buffer_append_format(out,
                                "%sALERT%s %s  %s  %" PRId64 " purchases since %s  %" PRId64 " ms",
                                colour ? "\033[1;31m" : "", colour ? "\033[0m" : "", card,
                                alert->type, alert->count, since, age_ms));
}
