// SPDX-License-Identifier: Apache-2.0
#include "cli/send_options.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "cli/moment.h"

const struct line_option send_options[] = {
    {"text", '\0', NULL, "Send lines as they are, not as Avro."},
    {"schema", '\0', "FILE", "The Avro schema; registered as <topic>-value when it is new."},
    {"key", 'k', "TEXT", "The key of every record."},
    {"key-field", '\0', "NAME", "Take the key from this field of the JSON."},
    {"key-separator", '\0', "TEXT", "Lines are key, separator, value; \\t is a tab."},
    {"header", 'H', "NAME=VALUE", "A header of every record; may be repeated."},
    {"partition", 'p', "N", "Send to this partition, whatever the key."},
    {"timestamp", '\0', "WHEN", "Unix milliseconds, or 2026-01-31T08:00Z (default: now)."},
    {"null", '\0', NULL, "An empty value, or null, is a tombstone."},
    {"rate", '\0', "N", "At most so many records a second."},
    {"create", '\0', "N", "Create the topic with N partitions when it is missing."},
    {NULL, '\0', NULL, NULL},
};

static enum status separator_read(const char *text, struct send_options *out, struct error *err)
{
    size_t size = 0;
    if (text == NULL)
        return STATUS_OK;
    for (; *text != '\0' && size < SEND_SEPARATOR_BYTES - 1; text++) {
        bool tab = text[0] == '\\' && text[1] == 't';
        text += tab;
        out->key_separator[size++] = tab ? '\t' : *text;
    }
    if (size == 0 || *text != '\0')
        return error_set(err, STATUS_FATAL, "--key-separator takes 1 to %d characters",
                         SEND_SEPARATOR_BYTES - 1);
    return STATUS_OK;
}

static enum status header_add(const char *text, struct send_options *out, struct error *err)
{
    const char *equals = strchr(text, '=');
    if (out->header_count == SEND_HEADERS_MAX)
        return error_set(err, STATUS_FATAL, "--header: at most %d", SEND_HEADERS_MAX);
    if (equals == NULL || equals == text || equals - text >= SEND_HEADER_NAME_BYTES)
        return error_set(err, STATUS_FATAL, "--header '%s' is not possible; it takes NAME=VALUE",
                         text);
    char *name = out->header_names[out->header_count];
    memcpy(name, text, (size_t)(equals - text));
    out->headers[out->header_count++] = (struct header){name, view_text(equals + 1)};
    return STATUS_OK;
}

static enum status headers_read(const struct line *line, struct send_options *out,
                                struct error *err)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < line->given_count && status == STATUS_OK; i++) {
        if (strcmp(line->given[i].option->name, "header") == 0)
            status = header_add(line->given[i].value, out, err);
    }
    return status;
}

static enum status numbers_read(const struct line *line, struct send_options *out,
                                struct error *err)
{
    int64_t partition, create;
    enum status status = line_number(line, "partition", -1, 0, PARTITIONS_MAX - 1, &partition, err);
    if (status == STATUS_OK)
        status = line_number(line, "rate", 0, 1, 1000000, &out->rate, err);
    if (status == STATUS_OK)
        status = line_number(line, "create", 0, 1, PARTITIONS_MAX, &create, err);
    if (status != STATUS_OK)
        return status;
    out->partition = (int32_t)partition;
    out->create = (int32_t)create;
    return STATUS_OK;
}

static enum status timestamp_read(const char *text, struct send_options *out, struct error *err)
{
    if (text == NULL || (moment_parse(text, &out->timestamp_ms) && out->timestamp_ms > 0))
        return STATUS_OK;
    return error_set(err, STATUS_FATAL,
                     "--timestamp '%s' is not possible; allowed: Unix milliseconds, or a time as "
                     "2026-01-31T08:00:00Z",
                     text);
}

// What excludes what.
static enum status combination_check(const struct send_options *options, struct error *err)
{
    int keys =
        (options->key != NULL) + (options->key_field != NULL) + (options->key_separator[0] != '\0');
    if (keys > 1)
        return error_set(err, STATUS_FATAL,
                         "--key, --key-field and --key-separator exclude each other");
    if (options->text && options->schema_file != NULL)
        return error_set(err, STATUS_FATAL, "--text and --schema exclude each other");
    if (options->tombstones && keys == 0)
        return error_set(err, STATUS_FATAL, "--null needs a key: a tombstone deletes by it");
    return STATUS_OK;
}

enum status send_options_read(const struct line *line, struct send_options *out, struct error *err)
{
    *out = (struct send_options){
        .text = line_has(line, "text"),
        .tombstones = line_has(line, "null"),
        .schema_file = line_value(line, "schema"),
        .key = line_value(line, "key"),
        .key_field = line_value(line, "key-field"),
    };
    if (line->argument_count == 0)
        return error_set(err, STATUS_FATAL, "which topic? cardwatch send TOPIC");
    out->topic = line->arguments[0];
    enum status status = separator_read(line_value(line, "key-separator"), out, err);
    if (status == STATUS_OK)
        status = headers_read(line, out, err);
    if (status == STATUS_OK)
        status = numbers_read(line, out, err);
    if (status == STATUS_OK)
        status = timestamp_read(line_value(line, "timestamp"), out, err);
    return status == STATUS_OK ? combination_check(out, err) : status;
}
