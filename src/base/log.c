// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LINE_BYTES_MAX = 8192 };

static enum log_level lowest_level = LOG_INFO;
static enum log_format line_format = LOG_FORMAT_TEXT;

void log_configure(enum log_level lowest, enum log_format format)
{
    lowest_level = lowest;
    line_format = format;
}

static const char *level_name(enum log_level level)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    return names[level];
}

// A line under construction; what does not fit is cut, the newline always fits.
struct line {
    char text[LINE_BYTES_MAX];
    size_t size;
};

static void line_bytes(struct line *line, const char *bytes, size_t size)
{
    size_t room = sizeof(line->text) - 1 - line->size;
    if (size > room)
        size = room;
    memcpy(line->text + line->size, bytes, size);
    line->size += size;
}

static void line_text(struct line *line, const char *text)
{
    line_bytes(line, text, strlen(text));
}

// JSON string rules serve both formats: quotes, backslashes and control characters are escaped.
static void line_quoted(struct line *line, struct view text)
{
    line_text(line, "\"");
    for (size_t i = 0; i < text.size; i++) {
        unsigned char c = text.data[i];
        char escaped[8];
        if (c == '"' || c == '\\')
            snprintf(escaped, sizeof(escaped), "\\%c", c);
        else if (c < 0x20 || c == 0x7f)
            snprintf(escaped, sizeof(escaped), "\\u%04x", c);
        else
            snprintf(escaped, sizeof(escaped), "%c", c);
        line_text(line, escaped);
    }
    line_text(line, "\"");
}

static bool is_bare(struct view text)
{
    if (text.size == 0)
        return false;
    for (size_t i = 0; i < text.size; i++) {
        unsigned char c = text.data[i];
        if (c <= 0x20 || c == 0x7f || c == '"' || c == '\\' || c == '=')
            return false;
    }
    return true;
}

static void line_value(struct line *line, const struct log_field *field)
{
    char text[64];
    switch (field->kind) {
    case LOG_FIELD_INT:
        snprintf(text, sizeof(text), "%" PRId64, field->integer);
        line_text(line, text);
        return;
    case LOG_FIELD_REAL:
        snprintf(text, sizeof(text), "%.6g", field->real);
        if (line_format == LOG_FORMAT_JSON && !isfinite(field->real))
            snprintf(text, sizeof(text), "null");
        line_text(line, text);
        return;
    case LOG_FIELD_CARD: {
        char masked[CARD_MASKED_MAX];
        card_mask(field->text, masked);
        line_quoted(line, view_text(masked));
        return;
    }
    case LOG_FIELD_TEXT:
    case LOG_FIELD_NONE:
        break;
    }
    if (line_format == LOG_FORMAT_TEXT && is_bare(field->text))
        line_bytes(line, (const char *)field->text.data, field->text.size);
    else
        line_quoted(line, field->text);
}

static void line_time(struct line *line)
{
    struct timespec now;
    struct tm utc;
    char text[64];
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    size_t size = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(text + size, sizeof(text) - size, ".%03ldZ", now.tv_nsec / 1000000);
    line_text(line, text);
}

static void line_as_text(struct line *line, enum log_level level, const char *component,
                         const char *sentence, const struct log_field *fields, size_t count)
{
    line_time(line);
    line_text(line, " ");
    line_text(line, level_name(level));
    line_text(line, " ");
    line_text(line, component);
    line_text(line, " ");
    line_text(line, sentence);
    for (size_t i = 0; i < count; i++) {
        if (fields[i].kind == LOG_FIELD_NONE)
            continue;
        line_text(line, " ");
        line_text(line, fields[i].name);
        line_text(line, "=");
        line_value(line, &fields[i]);
    }
}

static void line_as_json(struct line *line, enum log_level level, const char *component,
                         const char *sentence, const struct log_field *fields, size_t count)
{
    line_text(line, "{\"time\":\"");
    line_time(line);
    line_text(line, "\",\"level\":\"");
    line_text(line, level_name(level));
    line_text(line, "\",\"component\":");
    line_quoted(line, view_text(component));
    line_text(line, ",\"message\":");
    line_quoted(line, view_text(sentence));
    for (size_t i = 0; i < count; i++) {
        if (fields[i].kind == LOG_FIELD_NONE)
            continue;
        line_text(line, ",");
        line_quoted(line, view_text(fields[i].name));
        line_text(line, ":");
        line_value(line, &fields[i]);
    }
    line_text(line, "}");
}

void log_write(enum log_level level, const char *component, const char *sentence,
               const struct log_field *fields, size_t count)
{
    if (level < lowest_level)
        return;
    struct line line = {.size = 0};
    if (line_format == LOG_FORMAT_JSON)
        line_as_json(&line, level, component, sentence, fields, count);
    else
        line_as_text(&line, level, component, sentence, fields, count);
    line.text[line.size++] = '\n';
    // One write a record keeps the lines of several threads apart; a closed stderr is no reason
    // to stop the service.
    ssize_t written = write(STDERR_FILENO, line.text, line.size);
    (void)written;
}

void card_mask(struct view card, char *out)
{
    enum { STARS = 12, SHOWN = 4, SHOWN_FROM_BYTES = 8 };
    memset(out, '*', STARS);
    size_t shown = card.size >= SHOWN_FROM_BYTES ? SHOWN : 0;
    for (size_t i = 0; i < shown; i++) {
        unsigned char c = card.data[card.size - shown + i];
        out[STARS + i] = c > 0x20 && c < 0x7f ? (char)c : '?';
    }
    out[STARS + shown] = '\0';
}

bool log_due(int64_t *last_ms, int64_t now_ms, int64_t interval_ms)
{
    if (*last_ms != 0 && now_ms - *last_ms < interval_ms)
        return false;
    *last_ms = now_ms == 0 ? 1 : now_ms;
    return true;
}
