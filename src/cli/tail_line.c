// SPDX-License-Identifier: Apache-2.0
#include "cli/tail_line.h"

#include <inttypes.h>

#include "base/utf8.h"
#include "wire/json_text.h"

// Appends what comes in front of the value; false when it does not fit.
static bool place_append(const struct tail_options *options, const struct kafka_followed *record,
                         struct buffer *out)
{
    bool fits = buffer_append_byte(out, '{');
    if (fits && options->show_partition)
        fits = buffer_append_format(out, "\"partition\": %" PRId32 ", \"offset\": %" PRId64 ", ",
                                    record->partition, record->offset);
    if (fits && options->show_timestamp && record->has_timestamp)
        fits = buffer_append_format(out, "\"timestamp\": %" PRId64 ", ", record->timestamp_ms);
    else if (fits && options->show_timestamp)
        fits = buffer_append_format(out, "\"timestamp\": null, ");
    return fits;
}

static bool header_append(const struct header *header, struct buffer *out)
{
    if (!json_text_append(out, view_text(header->name)) || !buffer_append(out, ": ", 2))
        return false;
    if (header->value.data == NULL)
        return buffer_append(out, "null", 4);
    return utf8_is_valid(header->value) ? json_text_append(out, header->value)
                                        : json_bytes_append(out, header->value);
}

static bool headers_append(const struct kafka_followed *record, struct buffer *out)
{
    bool fits = buffer_append_format(out, "\"headers\": {");
    for (size_t i = 0; i < record->header_count && fits; i++) {
        if (i > 0)
            fits = buffer_append(out, ", ", 2);
        fits = fits && header_append(&record->headers[i], out);
    }
    return fits && buffer_append(out, "}, ", 3);
}

static enum status too_large(struct error *err)
{
    return error_set(err, STATUS_FATAL, "a record is too large to be shown");
}

static enum status key_append(struct tail_values *values, const struct kafka_followed *record,
                              struct buffer *out, struct error *err)
{
    if (!buffer_append_format(out, "\"key\": "))
        return too_large(err);
    enum status status = tail_values_append(values, record->key, TAIL_KEY, out, err);
    if (status == STATUS_OK && !buffer_append(out, ", ", 2))
        return too_large(err);
    return status;
}

static enum status object_append(const struct tail_options *options, struct tail_values *values,
                                 const struct kafka_followed *record, struct buffer *out,
                                 struct error *err)
{
    enum status status = STATUS_OK;
    if (!place_append(options, record, out))
        return too_large(err);
    if (options->show_key)
        status = key_append(values, record, out, err);
    if (status == STATUS_OK && options->show_headers && !headers_append(record, out))
        return too_large(err);
    if (status == STATUS_OK && !buffer_append_format(out, "\"value\": "))
        return too_large(err);
    if (status == STATUS_OK)
        status = tail_values_append(values, record->value, TAIL_VALUE, out, err);
    if (status == STATUS_OK && !buffer_append_byte(out, '}'))
        return too_large(err);
    return status;
}

enum status tail_line_append(const struct tail_options *options, struct tail_values *values,
                             const struct kafka_followed *record, struct buffer *out,
                             struct error *err)
{
    bool alone = !options->show_key && !options->show_headers && !options->show_timestamp &&
                 !options->show_partition;
    size_t before = out->size;
    enum status status = alone ? tail_values_append(values, record->value, TAIL_VALUE, out, err)
                               : object_append(options, values, record, out, err);
    if (status != STATUS_OK)
        out->size = before;
    return status;
}
