// SPDX-License-Identifier: Apache-2.0
#include "cli/generate_options.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    EVENTS_DEFAULT = 100000,
    EVENTS_PER_SECOND_DEFAULT = 1000, // of event time, when the clock sets no rate
    RATE_MAX = 10000000,
    CARDS_DEFAULT = 10000,
    CARDS_MAX = 100000000, // four bytes of memory each
    DISORDER_MS_MAX = 30000,
    SHARE_PPM_MAX = 500000,
    BURSTS_PPM_MAX = 50000,
    MESSAGES_PER_BURST_MIN = 20,
    IDS_PER_MS = 1000,
};
static const int64_t events_max = 1000000000000;
static const int64_t start_ms_max = INT64_C(1) << 52;

const struct line_option generate_options[] = {
    {"events", '\0', "N", "Messages to make (default 100000); 0: until Ctrl-C, with --rate."},
    {"rate", '\0', "R", "Messages a second by the clock; 0, the default: as fast as possible."},
    {"cards", '\0', "N", "Cards (default: enough to keep the purchases of each apart)."},
    {"seed", '\0', "S", "The same seed makes the same messages (default: from the clock)."},
    {"bursts", '\0', "N|SHARE", "Bursts in all, or a share of messages (default 0.1%)."},
    {"disorder-ms", '\0', "N", "How late purchases come, at most (default 0, up to 30000)."},
    {"duplicates", '\0', "SHARE", "Purchases that are sent twice, e.g. 1% or 0.01 (default 0)."},
    {"malformed", '\0', "SHARE", "Messages that cannot be read, of each kind (default 0)."},
    {"start-ms", '\0', "N", "Event time of the first message, Unix milliseconds (default: now)."},
    {"out", '\0', "FILE", "Write an Avro container file, not the topic; - is stdout."},
    {"truth", '\0', "FILE", "Write the planted bursts there, a JSON object a line."},
    {NULL, '\0', NULL, NULL},
};

// A share as text, "1.5%" or "0.015", in parts per million.
static enum status share_parse(const char *name, const char *text, uint32_t ppm_max, uint32_t *ppm,
                               struct error *err)
{
    char *end;
    errno = 0;
    double share = strtod(text, &end);
    bool percent = end != text && *end == '%';
    double parts = share * (percent ? 1e4 : 1e6);
    if (end == text || end[percent ? 1 : 0] != '\0' || errno != 0 || !(parts >= 0) ||
        parts > ppm_max)
        return error_set(err, STATUS_FATAL,
                         "--%s '%s' is not possible; allowed: a share from 0 to %g%%, as 1%% or "
                         "0.01",
                         name, text, ppm_max / 1e4);
    *ppm = (uint32_t)(parts + 0.5);
    return STATUS_OK;
}

static enum status share_read(const struct line *line, const char *name, uint32_t *ppm,
                              struct error *err)
{
    const char *text = line_value(line, name);
    *ppm = 0;
    return text == NULL ? STATUS_OK : share_parse(name, text, SHARE_PPM_MAX, ppm, err);
}

// A whole number is a count; with a point or a percent sign it is a share.
static enum status bursts_read(const struct line *line, struct generate_options *out,
                               struct error *err)
{
    const char *text = line_value(line, "bursts");
    if (text == NULL)
        return STATUS_OK;
    if (strpbrk(text, ".%") != NULL)
        return share_parse("bursts", text, BURSTS_PPM_MAX, &out->generator.burst_ppm, err);
    int64_t count;
    if (out->events == 0)
        return error_set(err, STATUS_FATAL,
                         "--bursts %s needs --events to be spread over; without an end give a "
                         "share, e.g. --bursts 0.1%%",
                         text);
    enum status status = line_number(line, "bursts", 0, 0,
                                     (int64_t)out->events / MESSAGES_PER_BURST_MIN, &count, err);
    out->generator.burst_ppm = 0;
    out->generator.burst_count = (uint64_t)count;
    return status;
}

static enum status amounts_read(const struct line *line, struct generate_options *out,
                                struct error *err)
{
    int64_t events;
    enum status status = line_number(line, "events", EVENTS_DEFAULT, 0, events_max, &events, err);
    if (status == STATUS_OK)
        status = line_number(line, "rate", 0, 0, RATE_MAX, &out->rate, err);
    if (status == STATUS_OK && events == 0 && out->rate == 0)
        return error_set(err, STATUS_FATAL, "--events 0, without an end, needs a --rate");
    if (status == STATUS_OK && out->out != NULL && events == 0)
        return error_set(err, STATUS_FATAL, "--out needs an end: give --events");
    out->events = (uint64_t)events;
    out->generator.message_count = out->events;
    out->generator.events_per_second = out->rate > 0 ? out->rate : EVENTS_PER_SECOND_DEFAULT;
    return status;
}

static enum status spoiling_read(const struct line *line, struct generate_options *out,
                                 struct error *err)
{
    struct generator_settings *generator = &out->generator;
    enum status status = bursts_read(line, out, err);
    if (status == STATUS_OK)
        status =
            line_number(line, "disorder-ms", 0, 0, DISORDER_MS_MAX, &generator->disorder_ms, err);
    if (status == STATUS_OK)
        status = share_read(line, "duplicates", &generator->duplicate_ppm, err);
    if (status == STATUS_OK)
        status = share_read(line, "malformed", &generator->malformed_ppm, err);
    if (status == STATUS_OK && out->out != NULL && generator->malformed_ppm > 0)
        return error_set(err, STATUS_FATAL,
                         "--malformed is for a topic: a file holds nothing but good data");
    return status;
}

// Without a rate, event time ends at the clock's now: brokers refuse what is far ahead of it.
static enum status times_read(const struct line *line, int64_t wall_ms,
                              struct generate_options *out, struct error *err)
{
    struct generator_settings *generator = &out->generator;
    int64_t length_ms = (int64_t)((__int128)out->events * 1000 / generator->events_per_second);
    int64_t start_ms = out->rate > 0 || length_ms >= wall_ms ? wall_ms : wall_ms - length_ms;
    int64_t seed;
    enum status status = line_number(line, "seed", wall_ms, 0, INT64_MAX, &seed, err);
    if (status == STATUS_OK)
        status =
            line_number(line, "start-ms", start_ms, 1, start_ms_max, &generator->start_ms, err);
    generator->seed = (uint64_t)seed;
    // Other ids in each run, or its purchases would count as those of the last run, sent again.
    generator->first_id = generator->start_ms * IDS_PER_MS;
    return status;
}

static enum status cards_read(const struct line *line, struct generate_options *out,
                              struct error *err)
{
    struct generator_settings *generator = &out->generator;
    int64_t cards;
    out->clean_cards = generator_clean_cards(generator);
    int64_t enough = out->clean_cards < CARDS_MAX ? (int64_t)out->clean_cards : CARDS_MAX;
    enum status status = line_number(line, "cards", enough > CARDS_DEFAULT ? enough : CARDS_DEFAULT,
                                     1, CARDS_MAX, &cards, err);
    generator->card_count = (uint64_t)cards;
    generator->clean = generator->card_count >= out->clean_cards;
    generator->spread = generator->clean ? SPREAD_ZIPF : SPREAD_UNIFORM;
    generator->zipf_exponent = 0.9;
    return status;
}

enum status generate_options_read(const struct line *line, int64_t wall_ms,
                                  struct generate_options *out, struct error *err)
{
    *out = (struct generate_options){
        .generator = generator_settings_default(),
        .out = line_value(line, "out"),
        .truth = line_value(line, "truth"),
    };
    enum status status = amounts_read(line, out, err);
    if (status == STATUS_OK)
        status = spoiling_read(line, out, err);
    if (status == STATUS_OK)
        status = times_read(line, wall_ms, out, err);
    return status == STATUS_OK ? cards_read(line, out, err) : status;
}
