// SPDX-License-Identifier: Apache-2.0
#include "cli/demo_screen.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/assert.h"
#include "cli/colour.h"

enum {
    TERMINAL_EVERY_MS = 250,
    PLAIN_EVERY_MS = 5000,
    STATUS_BYTES_MAX = 1024,
    COLUMNS_DEFAULT = 80,
};

void demo_screen_init(struct demo_screen *screen)
{
    *screen = (struct demo_screen){.terminal = colour_terminal(STDOUT_FILENO),
                                   .colour = colour_wanted(STDOUT_FILENO)};
}

void demo_screen_end(struct demo_screen *screen)
{
    if (screen->status_shown)
        printf("\r\033[K");
    screen->status_shown = false;
    (void)fflush(stdout);
}

bool demo_screen_line(struct demo_screen *screen, struct view text)
{
    if (screen->status_shown)
        printf("\r\033[K");
    screen->status_shown = false;
    printf("%.*s\n", (int)text.size, (const char *)text.data);
    screen->status_ms = screen->terminal ? 0 : screen->status_ms; // shown again below it
    return fflush(stdout) == 0 && !ferror(stdout);
}

double demo_quantile(const struct histogram *histogram, double share)
{
    double rank = share * (double)histogram->count;
    double below = 0;
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
        double in_bucket = (double)histogram->counts[i];
        if (in_bucket == 0 || below + in_bucket < rank) {
            below += in_bucket;
            continue;
        }
        double low = i == 0 ? 0 : histogram_bound(i - 1);
        double high = histogram_bound(i);
        return isinf(high) ? low : low + (high - low) * (rank - below) / in_bucket;
    }
    return 0;
}

// "1.2" or "48": no more digits than the buckets are good for.
static void append_ms(struct buffer *out, double seconds)
{
    double ms = seconds * 1000;
    ensure(buffer_append_format(out, ms < 9.95 ? "%.1f" : "%.0f", ms));
}

static void append_quantiles(struct buffer *out, const struct histogram *histogram)
{
    if (histogram->count == 0) {
        ensure(buffer_append_byte(out, '-'));
        return;
    }
    append_ms(out, demo_quantile(histogram, 0.5));
    ensure(buffer_append_byte(out, '/'));
    append_ms(out, demo_quantile(histogram, 0.99));
    ensure(buffer_append(out, " ms", 3));
}

void demo_status_text(const struct demo_glance *before, const struct demo_glance *now,
                      uint64_t sent, struct buffer *out)
{
    int64_t passed_ms = now->at_ms - before->at_ms;
    double rate =
        passed_ms > 0 ? (double)(now->consumed - before->consumed) * 1000 / (double)passed_ms : 0;
    uint64_t lag = sent > now->position ? sent - now->position : 0;
    ensure(buffer_append_format(out, "%.0f purchases/s, lag %" PRIu64 ", %" PRIu64 " alerts, ",
                                rate, lag, now->alerts));
    ensure(buffer_append_format(out, "p50/p99: commit "));
    append_quantiles(out, &now->commit_seconds);
    ensure(buffer_append_format(out, ", alert "));
    append_quantiles(out, &now->alert_latency_seconds);
}

static size_t columns(void)
{
    struct winsize size;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return COLUMNS_DEFAULT;
    return size.ws_col;
}

// A line that reaches the last column would wrap, and could not be written over.
static void write_over(const struct demo_screen *screen, struct view text)
{
    size_t room = columns() - 1;
    size_t size = text.size < room ? text.size : room;
    printf("\r\033[K%s%.*s%s", screen->colour ? "\033[2m" : "", (int)size, (const char *)text.data,
           screen->colour ? "\033[0m" : "");
}

void demo_screen_wait(struct demo_screen *screen, const char *text)
{
    screen->before = (struct demo_glance){.at_ms = 0};
    screen->status_ms = 0;
    if (!screen->terminal || screen->status_shown)
        return;
    write_over(screen, view_text(text));
    (void)fflush(stdout);
    screen->status_shown = true;
}

void demo_screen_status(struct demo_screen *screen, const struct demo_glance *now, uint64_t sent)
{
    int64_t every_ms = screen->terminal ? TERMINAL_EVERY_MS : PLAIN_EVERY_MS;
    if (screen->before.at_ms == 0)
        screen->before = *now;
    if (screen->status_ms == 0 && !screen->terminal)
        screen->status_ms = now->at_ms; // the first one says nothing yet
    if (screen->status_ms != 0 && now->at_ms - screen->status_ms < every_ms)
        return;
    struct buffer text;
    buffer_init(&text, STATUS_BYTES_MAX);
    demo_status_text(&screen->before, now, sent, &text);
    if (screen->terminal)
        write_over(screen, buffer_view(&text));
    else
        printf("%.*s\n", (int)text.size, (const char *)text.data);
    (void)fflush(stdout);
    buffer_release(&text);
    screen->status_shown = screen->terminal;
    screen->status_ms = now->at_ms;
    if (now->at_ms - screen->before.at_ms >= 1000)
        screen->before = *now;
}
