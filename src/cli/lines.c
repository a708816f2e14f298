// SPDX-License-Identifier: Apache-2.0
#include "cli/lines.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/assert.h"

enum { CHUNK_BYTES = 64 * 1024 };

void lines_init(struct lines *lines, int fd)
{
    *lines = (struct lines){.fd = fd};
    buffer_init(&lines->data, LINES_BYTES_MAX + CHUNK_BYTES);
}

void lines_release(struct lines *lines)
{
    buffer_release(&lines->data);
}

static enum lines_answer take(struct lines *lines, size_t end, size_t next, struct view *line)
{
    *line = (struct view){lines->data.data + lines->at, end - lines->at};
    lines->at = lines->scanned = next;
    lines->number++;
    if (!lines->skipping && line->size <= LINES_BYTES_MAX)
        return LINES_LINE;
    lines->skipping = false;
    return LINES_TOO_LONG;
}

// A whole line of what is there.
static bool find(struct lines *lines, struct view *line, enum lines_answer *answer)
{
    struct buffer *data = &lines->data;
    const uint8_t *from = data->data + lines->scanned;
    const uint8_t *end =
        data->size == lines->scanned ? NULL : memchr(from, '\n', data->size - lines->scanned);
    lines->scanned = data->size;
    if (end == NULL)
        return false;
    size_t at = (size_t)(end - data->data);
    *answer = take(lines, at, at + 1, line);
    return true;
}

// Forgets the lines that were given, and what is known to be too long.
static void make_room(struct lines *lines)
{
    struct buffer *data = &lines->data;
    if (data->size - lines->at > LINES_BYTES_MAX) {
        lines->skipping = true;
        lines->at = data->size;
    }
    if (lines->at > 0)
        memmove(data->data, data->data + lines->at, data->size - lines->at);
    data->size -= lines->at;
    lines->scanned -= lines->at;
    lines->at = 0;
}

// Waits, and reads what is there. LINES_LINE: look again.
static enum lines_answer fill(struct lines *lines, int timeout_ms, struct error *err)
{
    struct pollfd ready = {.fd = lines->fd, .events = POLLIN};
    struct buffer *data = &lines->data;
    int count = poll(&ready, 1, timeout_ms);
    if (count == 0 || (count < 0 && errno == EINTR))
        return LINES_IDLE;
    make_room(lines);
    ensure(buffer_reserve(data, CHUNK_BYTES));
    ssize_t got = count < 0 ? -1 : read(lines->fd, data->data + data->size, CHUNK_BYTES);
    if (got < 0 && (errno == EINTR || errno == EAGAIN))
        return LINES_IDLE;
    if (got < 0) {
        enum status ignored =
            error_set(err, STATUS_FATAL, "the input cannot be read: %s", strerror(errno));
        (void)ignored;
        return LINES_FAILED;
    }
    lines->ended = got == 0;
    data->size += (size_t)got;
    return LINES_LINE;
}

enum lines_answer lines_next(struct lines *lines, int timeout_ms, struct view *line,
                             struct error *err)
{
    enum lines_answer answer;
    while (!find(lines, line, &answer)) {
        if (lines->ended && lines->data.size == lines->at && !lines->skipping)
            return LINES_END;
        if (lines->ended)
            return take(lines, lines->data.size, lines->data.size, line);
        answer = fill(lines, timeout_ms, err);
        if (answer != LINES_LINE)
            return answer;
    }
    return answer;
}
