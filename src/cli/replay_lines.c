// SPDX-License-Identifier: Apache-2.0
#include "cli/replay_lines.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/memory.h"
#include "cli/printer.h"
#include "cli/replay_alert.h"

struct replay_lines {
    pthread_mutex_t lock;
    struct printer printer;
    bool show_cards;
    atomic_bool *stop;
    enum status status; // of writing
    struct error err;
};

enum status replay_lines_open(const char *path, bool show_cards, atomic_bool *stop,
                              struct replay_lines **out, struct error *err)
{
    int fd = STDOUT_FILENO;
    if (strcmp(path, "-") != 0)
        fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return error_set(err, STATUS_FATAL, "%s cannot be written: %s", path, strerror(errno));
    struct replay_lines *lines = memory_zeroed(1, sizeof(*lines));
    pthread_mutex_init(&lines->lock, NULL);
    printer_init(&lines->printer, fd, stop);
    lines->show_cards = show_cards;
    lines->stop = stop;
    *out = lines;
    return STATUS_OK;
}

static void flush(struct replay_lines *lines)
{
    if (lines->status == STATUS_OK)
        lines->status = printer_flush(&lines->printer, &lines->err);
    if (lines->status != STATUS_OK || lines->printer.closed)
        atomic_store(lines->stop, true);
}

enum status replay_lines_finish(struct replay_lines *lines, struct error *err)
{
    flush(lines);
    if (lines->status != STATUS_OK)
        *err = lines->err;
    return lines->status;
}

bool replay_lines_reader_is_gone(const struct replay_lines *lines)
{
    return lines->printer.closed;
}

void replay_lines_close(struct replay_lines *lines)
{
    if (lines == NULL)
        return;
    if (lines->printer.fd != STDOUT_FILENO)
        (void)close(lines->printer.fd);
    printer_release(&lines->printer);
    pthread_mutex_destroy(&lines->lock);
    free(lines);
}

static void written(void *context, const struct record *record)
{
    struct replay_lines *lines = context;
    if (record->topic != OUTPUT_ALERTS_JSON)
        return;
    const struct replay_alert alert = replay_alert_written(record, 1);
    pthread_mutex_lock(&lines->lock);
    ensure(replay_alert_append(&alert, lines->show_cards, printer_buffer(&lines->printer)));
    if (printer_is_large(&lines->printer))
        flush(lines);
    pthread_mutex_unlock(&lines->lock);
}

struct replay_listener replay_lines_listener(struct replay_lines *lines)
{
    return (struct replay_listener){written, lines};
}
