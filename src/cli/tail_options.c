// SPDX-License-Identifier: Apache-2.0
#include "cli/tail_options.h"

#include <string.h>

#include "base/limits.h"
#include "cli/moment.h"

const struct line_option tail_options[] = {
    {"from", '\0', "WHERE", "beginning, end, Unix milliseconds, or a time: 2026-01-31T08:00Z."},
    {"count", 'n', "N", "Stop after so many records."},
    {"exit-at-end", 'e', NULL, "Stop at the end the topic has now; --from is beginning then."},
    {"keys", '\0', NULL, "Show keys."},
    {"headers", '\0', NULL, "Show headers."},
    {"timestamps", '\0', NULL, "Show the records' timestamps, Unix milliseconds."},
    {"partitions", '\0', NULL, "Show partitions and offsets."},
    {"all", '\0', NULL, "Show all of these."},
    {"partition", 'p', "N", "This partition alone."},
    {"times", '\0', NULL, "Show Avro's dates and times as texts: 2026-01-31T08:00:00.000Z."},
    {"isolation", '\0', "LEVEL", "read_committed (the default) or read_uncommitted."},
    {NULL, '\0', NULL, NULL},
};

static enum status from_read(const struct line *line, struct tail_options *out, struct error *err)
{
    const char *text = line_value(line, "from");
    if (text == NULL)
        out->from = out->exit_at_end ? KAFKA_FOLLOW_BEGINNING : KAFKA_FOLLOW_END;
    else if (strcmp(text, "beginning") == 0)
        out->from = KAFKA_FOLLOW_BEGINNING;
    else if (strcmp(text, "end") == 0)
        out->from = KAFKA_FOLLOW_END;
    else if (moment_parse(text, &out->from_ms))
        out->from = KAFKA_FOLLOW_TIME;
    else
        return error_set(err, STATUS_FATAL,
                         "--from '%s' is not possible; allowed: beginning, end, Unix milliseconds, "
                         "or a time as 2026-01-31T08:00:00Z",
                         text);
    return STATUS_OK;
}

static enum status isolation_read(const struct line *line, struct tail_options *out,
                                  struct error *err)
{
    const char *text = line_value(line, "isolation");
    out->uncommitted = text != NULL && strcmp(text, "read_uncommitted") == 0;
    if (text == NULL || out->uncommitted || strcmp(text, "read_committed") == 0)
        return STATUS_OK;
    return error_set(err, STATUS_FATAL,
                     "--isolation '%s' is not known; allowed: read_committed, read_uncommitted",
                     text);
}

enum status tail_options_read(const struct line *line, struct tail_options *out, struct error *err)
{
    bool all = line_has(line, "all");
    *out = (struct tail_options){
        .exit_at_end = line_has(line, "exit-at-end"),
        .readable_times = line_has(line, "times"),
        .show_key = all || line_has(line, "keys"),
        .show_headers = all || line_has(line, "headers"),
        .show_timestamp = all || line_has(line, "timestamps"),
        .show_partition = all || line_has(line, "partitions"),
    };
    if (line->argument_count == 0)
        return error_set(err, STATUS_FATAL, "which topic? cardwatch tail TOPIC");
    out->topic = line->arguments[0];
    int64_t count, partition = -1;
    enum status status = line_number(line, "count", 0, 1, INT64_MAX, &count, err);
    if (status == STATUS_OK)
        status = line_number(line, "partition", -1, 0, PARTITIONS_MAX - 1, &partition, err);
    out->count = (uint64_t)count;
    out->partition = (int32_t)partition;
    if (status == STATUS_OK)
        status = from_read(line, out, err);
    return status == STATUS_OK ? isolation_read(line, out, err) : status;
}
