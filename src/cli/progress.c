// SPDX-License-Identifier: Apache-2.0
#include "cli/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/clock.h"
#include "cli/colour.h"

enum { SHOW_EVERY_MS = 200, BAR_CELLS = 24, TEXT_BYTES_MAX = 256 };

void progress_begin(struct progress *progress, uint64_t total)
{
    *progress = (struct progress){
        .terminal = colour_terminal(STDERR_FILENO),
        .total = total,
        .begun_ms = clock_now_ms(),
    };
}

static void append_bar(double share, struct buffer *out)
{
    int full = (int)(share * BAR_CELLS);
    ensure(buffer_append_byte(out, '['));
    for (int i = 0; i < BAR_CELLS; i++)
        ensure(buffer_append_byte(out, i < full ? '=' : i == full ? '>' : ' '));
    ensure(buffer_append_format(out, "] %3.0f %%  ", share * 100));
}

static void append_left(double seconds, struct buffer *out)
{
    uint64_t left = (uint64_t)(seconds + 0.999);
    if (left < 120)
        ensure(buffer_append_format(out, "  %" PRIu64 " s left", left));
    else
        ensure(buffer_append_format(out, "  %" PRIu64 " min left", (left + 59) / 60));
}

void progress_text(const struct progress *progress, uint64_t done, int64_t taken_ms,
                   struct buffer *out)
{
    uint64_t total = progress->total > done ? progress->total : done; // it may have grown
    double rate = taken_ms > 0 ? (double)done * 1000 / (double)taken_ms : 0;
    if (progress->total > 0)
        append_bar((double)done / (double)total, out);
    ensure(buffer_append_format(out, "%" PRIu64, done));
    if (progress->total > 0)
        ensure(buffer_append_format(out, " of %" PRIu64, total));
    ensure(buffer_append_format(out, "  %.0f/s", rate));
    if (progress->total > 0 && rate > 0)
        append_left((double)(total - done) / rate, out);
}

void progress_show(struct progress *progress, uint64_t done)
{
    int64_t now_ms = clock_now_ms();
    if (!progress->terminal || now_ms - progress->shown_ms < SHOW_EVERY_MS)
        return;
    struct buffer text;
    buffer_init(&text, TEXT_BYTES_MAX);
    progress_text(progress, done, now_ms - progress->begun_ms, &text);
    fprintf(stderr, "\r\033[K%.*s", (int)text.size, (const char *)text.data);
    fflush(stderr);
    buffer_release(&text);
    progress->shown = true;
    progress->shown_ms = now_ms;
}

void progress_end(struct progress *progress)
{
    if (progress->shown)
        fprintf(stderr, "\r\033[K");
    progress->shown = false;
}
