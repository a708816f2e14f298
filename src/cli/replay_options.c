// SPDX-License-Identifier: Apache-2.0
#include "cli/replay_options.h"

#include <string.h>

#include "base/limits.h"
#include "cli/moment.h"

// A plain number below it is an offset, one above it Unix milliseconds (from March 1973 on).
#define OFFSET_END INT64_C(100000000000)

const struct line_option replay_options[] = {
    {"verify", '\0', NULL, "Compare with the alerts in the topics; exit with 1 if they differ."},
    {"out", 'o', "FILE", "Write the alerts as JSON lines; - is standard output."},
    {"rebuild", '\0', NULL, "Write the state anew, for a service that is stopped."},
    {"from", '\0', "WHERE", "beginning, an offset, Unix milliseconds, or a time."},
    {"until", '\0', "WHERE", "end (that of the start), an offset, Unix milliseconds, or a time."},
    {"input", 'i', "FILE", "Purchases from an Avro container file instead of the topic."},
    {"partitions", '\0', "N", "With --input: spread by card over so many partitions (default 1)."},
    {"show-cards", '\0', NULL, "With --out: write card numbers in full."},
    {NULL, '\0', NULL, NULL},
};

static bool is_number(const char *text)
{
    return text[0] != '\0' && text[strspn(text, "0123456789")] == '\0';
}

static enum status place_read(const struct line *line, const char *name, const char *edge,
                              struct replay_place *out, struct error *err)
{
    const char *text = line_value(line, name);
    int64_t number = 0;
    *out = (struct replay_place){REPLAY_EDGE, 0};
    if (text == NULL || strcmp(text, edge) == 0)
        return STATUS_OK;
    if (!moment_parse(text, &number))
        return error_set(err, STATUS_FATAL,
                         "--%s '%s' is not possible; allowed: %s, an offset, Unix milliseconds, "
                         "or a time as 2026-01-31T08:00:00Z",
                         name, text, edge);
    bool offset = is_number(text) && number < OFFSET_END;
    *out = (struct replay_place){offset ? REPLAY_OFFSET : REPLAY_TIME, number};
    return STATUS_OK;
}

static enum status mode_read(const struct line *line, struct replay_options *out, struct error *err)
{
    bool verify = line_has(line, "verify");
    bool rebuild = line_has(line, "rebuild");
    out->out = line_value(line, "out");
    if (verify + rebuild + (out->out != NULL) > 1)
        return error_set(err, STATUS_FATAL,
                         "--verify, --out and --rebuild do not go together: choose one");
    if (verify)
        out->mode = REPLAY_VERIFY;
    if (rebuild)
        out->mode = REPLAY_REBUILD;
    if (out->out != NULL)
        out->mode = REPLAY_OUT;
    if (out->out != NULL && out->out[0] == '\0')
        return error_set(err, STATUS_FATAL, "--out: which file? - is standard output");
    return STATUS_OK;
}

static enum status check(const struct line *line, const struct replay_options *options,
                         struct error *err)
{
    bool placed = options->from.kind != REPLAY_EDGE || options->until.kind != REPLAY_EDGE;
    bool of_topic = options->mode == REPLAY_VERIFY || options->mode == REPLAY_REBUILD;
    if (options->input != NULL && of_topic)
        return error_set(err, STATUS_FATAL, "--%s is about the topic: it does not go with --input",
                         options->mode == REPLAY_VERIFY ? "verify" : "rebuild");
    if (options->input != NULL && placed)
        return error_set(err, STATUS_FATAL,
                         "--from and --until are places in the topic: they do not go with --input");
    if (options->input == NULL && line_has(line, "partitions"))
        return error_set(err, STATUS_FATAL, "--partitions goes with --input alone");
    if (options->mode == REPLAY_REBUILD && placed)
        return error_set(err, STATUS_FATAL,
                         "--rebuild takes all purchases up to the group's offsets: --from and "
                         "--until do not go with it");
    if (options->mode != REPLAY_OUT && options->show_cards)
        return error_set(err, STATUS_FATAL, "--show-cards goes with --out alone");
    return STATUS_OK;
}

enum status replay_options_read(const struct line *line, struct replay_options *out,
                                struct error *err)
{
    int64_t partitions = 1;
    *out = (struct replay_options){
        .mode = REPLAY_COUNT,
        .input = line_value(line, "input"),
        .show_cards = line_has(line, "show-cards"),
    };
    enum status status = mode_read(line, out, err);
    if (status == STATUS_OK)
        status = place_read(line, "from", "beginning", &out->from, err);
    if (status == STATUS_OK)
        status = place_read(line, "until", "end", &out->until, err);
    if (status == STATUS_OK)
        status = line_number(line, "partitions", 1, 1, PARTITIONS_MAX, &partitions, err);
    out->partitions = (int32_t)partitions;
    return status == STATUS_OK ? check(line, out, err) : status;
}
