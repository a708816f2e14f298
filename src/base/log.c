// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/clock.h"
#include "base/log_repeats.h"
#include "base/utf8.h"

// A value longer than VALUE_BYTES_MAX is cut; a field that does not fit the line any more, escapes
// included, is left out with all that follow it. So a line is always whole, JSON included.
enum { LINE_BYTES_MAX = 8192, VALUE_BYTES_MAX = 2048, LINE_END_BYTES = 32 };

static enum log_level lowest_level = LOG_INFO;
static enum log_format line_format = LOG_FORMAT_TEXT;

// Held while lines are written, so that a count stands in front of what comes after it.
static pthread_mutex_t repeats_lock = PTHREAD_MUTEX_INITIALIZER;
static struct log_repeats repeats;
static atomic_bool repeats_pending;

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

// A line under construction. What does not fit is cut, which `cut` tells; LINE_END_BYTES are kept
// free for what line_end appends.
struct line {
    char text[LINE_BYTES_MAX];
    size_t size;
    size_t said_from; // behind the time: what the line says begins there
    bool cut;
};

static void line_bytes(struct line *line, const void *bytes, size_t size)
{
    size_t room = sizeof(line->text) - LINE_END_BYTES - line->size;
    if (size > room) {
        size = room;
        line->cut = true;
    }
    memcpy(line->text + line->size, bytes, size);
    line->size += size;
}

static void line_text(struct line *line, const char *text)
{
    line_bytes(line, text, strlen(text));
}

static void line_end(struct line *line, const char *end)
{
    size_t size = strlen(end);
    ensure(size <= sizeof(line->text) - line->size);
    memcpy(line->text + line->size, end, size);
    line->size += size;
}

// Appends the character at the front of `text` as JSON has it (a byte that is not UTF-8 becomes
// U+FFFD); returns the bytes taken.
static size_t line_character(struct line *line, struct view text)
{
    unsigned char c = text.data[0];
    char escaped[8];
    size_t bytes = utf8_character(text);
    if (bytes == 0) {
        line_text(line, "\\ufffd");
        return 1;
    }
    if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7f) {
        line_bytes(line, text.data, bytes);
        return bytes;
    }
    if (c == '"' || c == '\\')
        snprintf(escaped, sizeof(escaped), "\\%c", c);
    else
        snprintf(escaped, sizeof(escaped), "\\u%04x", c);
    line_text(line, escaped);
    return 1;
}

// JSON's string rules serve both formats.
static void line_quoted(struct line *line, struct view text)
{
    size_t shown = text.size < VALUE_BYTES_MAX ? text.size : VALUE_BYTES_MAX;
    line_text(line, "\"");
    for (size_t at = 0; at < shown;)
        at += line_character(line, (struct view){text.data + at, text.size - at});
    line_text(line, shown < text.size ? "...\"" : "\"");
}

static bool is_bare(struct view text)
{
    if (text.size == 0 || text.size > VALUE_BYTES_MAX || !utf8_is_valid(text))
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
        line_bytes(line, field->text.data, field->text.size);
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

static void line_field(struct line *line, const struct log_field *field)
{
    if (line_format == LOG_FORMAT_JSON) {
        line_text(line, ",");
        line_quoted(line, view_text(field->name));
        line_text(line, ":");
    } else {
        line_text(line, " ");
        line_text(line, field->name);
        line_text(line, "=");
    }
    line_value(line, field);
}

static void line_fields(struct line *line, const struct log_field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t before = line->size;
        if (fields[i].kind == LOG_FIELD_NONE)
            continue;
        line_field(line, &fields[i]);
        if (line->cut) {
            line->size = before;
            return;
        }
    }
}

static void line_head(struct line *line, enum log_level level, const char *component,
                      const char *sentence)
{
    line_time(line);
    line->said_from = line->size;
    line_text(line, " ");
    line_text(line, level_name(level));
    line_text(line, " ");
    line_text(line, component);
    line_text(line, " ");
    line_text(line, sentence);
}

static void line_head_json(struct line *line, enum log_level level, const char *component,
                           const char *sentence)
{
    line_text(line, "{\"time\":\"");
    line_time(line);
    line->said_from = line->size;
    line_text(line, "\",\"level\":\"");
    line_text(line, level_name(level));
    line_text(line, "\",\"component\":");
    line_quoted(line, view_text(component));
    line_text(line, ",\"message\":");
    line_quoted(line, view_text(sentence));
}

static void line_make(struct line *line, enum log_level level, const char *component,
                      const char *sentence, const struct log_field *fields, size_t count)
{
    line->size = 0;
    line->cut = false;
    if (line_format == LOG_FORMAT_JSON)
        line_head_json(line, level, component, sentence);
    else
        line_head(line, level, component, sentence);
    line_fields(line, fields, count);
    if (line->cut)
        line_end(line, line_format == LOG_FORMAT_JSON ? ",\"cut\":true" : " cut=true");
    line_end(line, line_format == LOG_FORMAT_JSON ? "}\n" : "\n");
}

// One write a record keeps the lines of several threads apart; a closed stderr is no reason to stop
// the service.
static void line_write(const struct line *line)
{
    ssize_t written = write(STDERR_FILENO, line->text, line->size);
    (void)written;
}

static void tell(const struct log_repeats_told *told)
{
    struct line line;
    const struct log_field fields[] = {LOG_TEXT("kind", told->kind),
                                       LOG_INT("repeated", told->count),
                                       LOG_INT("within_ms", told->for_ms)};
    size_t without = told->kind[0] == '\0'; // the first field
    line_make(&line, told->level, told->component, told->sentence, fields + without, 3 - without);
    line_write(&line);
}

// With the lock.
static void settle(int64_t now_ms, bool all)
{
    struct log_repeats_told told;
    while (log_repeats_settle(&repeats, now_ms, all, &told))
        tell(&told);
    atomic_store(&repeats_pending, log_repeats_pending(&repeats));
}

static void write_unless_repeated(const struct line *line, const struct log_repeats_line *said)
{
    struct log_repeats_told told;
    pthread_mutex_lock(&repeats_lock);
    int64_t now_ms = clock_now_ms();
    if (atomic_load(&repeats_pending))
        settle(now_ms, false);
    bool admitted = log_repeats_admit(&repeats, said, now_ms, &told);
    if (told.count > 0)
        tell(&told);
    if (admitted)
        line_write(line);
    else
        atomic_store(&repeats_pending, true);
    pthread_mutex_unlock(&repeats_lock);
}

// Whoever holds the lock settles as well, or waits for a reader of stderr; the caller shall not.
void log_settle(void)
{
    if (!atomic_load(&repeats_pending) || pthread_mutex_trylock(&repeats_lock) != 0)
        return;
    settle(clock_now_ms(), false);
    pthread_mutex_unlock(&repeats_lock);
}

void log_flush(void)
{
    pthread_mutex_lock(&repeats_lock);
    settle(clock_now_ms(), true);
    pthread_mutex_unlock(&repeats_lock);
}

// The kind among the fields as text; "" when there is none.
static const char *kind_among(const struct log_field *fields, size_t count, char *out, size_t size)
{
    out[0] = '\0';
    for (size_t i = 0; i < count; i++)
        if (fields[i].tells_kinds_apart)
            snprintf(out, size, "%.*s", (int)fields[i].text.size,
                     (const char *)fields[i].text.data);
    return out;
}

void log_write(enum log_level level, const char *component, const char *sentence,
               const struct log_field *fields, size_t count)
{
    struct line line;
    char kind[sizeof(((struct log_repeats_told *)NULL)->kind)];
    if (level < lowest_level)
        return;
    line_make(&line, level, component, sentence, fields, count);
    if (lowest_level == LOG_DEBUG) { // all of it was asked for
        line_write(&line);
        return;
    }
    const struct log_repeats_line said = {
        .level = level,
        .component = component,
        .sentence = sentence,
        .kind = kind_among(fields, count, kind, sizeof(kind)),
        .content = {(const uint8_t *)line.text + line.said_from, line.size - line.said_from},
    };
    write_unless_repeated(&line, &said);
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
