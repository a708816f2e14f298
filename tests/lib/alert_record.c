// SPDX-License-Identifier: Apache-2.0
#include "lib/alert_record.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

// A nullable string that is not null, as schemas/alert.avsc has it: branch 1, length, bytes.
static char *read_text(struct reader *reader)
{
    int64_t branch;
    int64_t size;
    struct view text;
    if (!reader_zigzag(reader, &branch) || branch != 1 || !reader_zigzag(reader, &size) ||
        size < 0 || !reader_view(reader, (uint64_t)size, &text))
        return NULL;
    return memory_copy(text.data, text.size);
}

static const char *read_avro(struct view value, char **type, struct alert_record *out)
{
    struct reader reader = reader_of(value);
    uint8_t magic;
    uint32_t schema_id;
    int64_t branch;
    if (!reader_byte(&reader, &magic) || magic != 0 || !reader_be32(&reader, &schema_id))
        return "no Confluent frame";
    *type = read_text(&reader);
    out->card = read_text(&reader);
    if (*type == NULL || out->card == NULL)
        return "type or credit_card is not a string";
    if (!reader_zigzag(&reader, &branch) || branch != 1 ||
        !reader_zigzag(&reader, &out->timestamp_ms))
        return "timestamp is not a long";
    return reader_left(&reader) == 0 ? NULL : "bytes behind the record";
}

static const char *read_json(struct view value, char **type, struct alert_record *out)
{
    json_t *root = json_loadb((const char *)value.data, value.size, JSON_REJECT_DUPLICATES, NULL);
    const char *type_text;
    const char *card_text;
    json_int_t timestamp_ms;
    int failed = json_unpack(root, "{s:s, s:s, s:I !}", "type", &type_text, "credit_card",
                             &card_text, "timestamp", &timestamp_ms);
    if (root != NULL && failed == 0) {
        *type = memory_text(type_text);
        out->card = memory_text(card_text);
        out->timestamp_ms = timestamp_ms;
    }
    json_decref(root);
    return failed == 0 ? NULL : "not the JSON of an alert";
}

static bool read_number(const char *text, int64_t *out)
{
    char *end;
    errno = 0;
    *out = strtoll(text, &end, 10);
    return errno == 0 && end != text && *end == '\0';
}

static bool read_number_header(const struct topic_record *record, const char *name, int64_t *out)
{
    char *text = record_header(record, name);
    bool found = text != NULL && read_number(text, out);
    free(text);
    return found;
}

// topic/partition/offset
static bool read_source(const struct topic_record *record, const char *topic,
                        struct alert_record *out)
{
    char *text = record_header(record, "cardwatch.source");
    size_t topic_size = strlen(topic);
    int64_t partition;
    bool right = false;
    if (text != NULL && strncmp(text, topic, topic_size) == 0 && text[topic_size] == '/') {
        char *slash = strchr(text + topic_size + 1, '/');
        if (slash != NULL) {
            *slash = '\0';
            right = read_number(text + topic_size + 1, &partition) &&
                    read_number(slash + 1, &out->source_offset);
        }
    }
    if (right)
        out->source_partition = (int32_t)partition;
    free(text);
    return right;
}

static const char *read_headers(const struct topic_record *record, const char *topic,
                                const char *type, struct alert_record *out)
{
    int64_t count;
    char *rule = record_header(record, "cardwatch.rule");
    bool same = rule != NULL && strcmp(rule, type) == 0;
    free(rule);
    if (!same)
        return "cardwatch.rule is not the type";
    if (!read_number_header(record, "cardwatch.count", &count) || count < 1)
        return "cardwatch.count is missing or no number";
    if (!read_number_header(record, "cardwatch.detected_at", &out->detected_at_ms))
        return "cardwatch.detected_at is missing or no number";
    if (!read_source(record, topic, out))
        return "cardwatch.source is missing or names no purchase";
    out->count = (uint64_t)count;
    char *level = record_header(record, "cardwatch.level"); // of sums and different values alone
    bool fifth = level != NULL;
    free(level);
    return record->header_count == 4U + fifth ? NULL : "not exactly four headers";
}

static const char *find_rule(const char *type, const char *const *rule_names,
                             struct alert_record *out)
{
    for (out->rule = 0; rule_names[out->rule] != NULL; out->rule++) {
        if (strcmp(rule_names[out->rule], type) == 0)
            return NULL;
    }
    return "type is not a rule's name";
}

const char *alert_record_read(const struct topic_record *record, bool json, const char *topic,
                              const char *const *rule_names, struct alert_record *out)
{
    char *type = NULL;
    *out = (struct alert_record){
        .partition = record->partition,
        .offset = record->offset,
        .message_timestamp_ms = record->timestamp_ms,
    };
    if (record->value.data == NULL)
        return "no value";
    const char *wrong =
        json ? read_json(record->value, &type, out) : read_avro(record->value, &type, out);
    if (wrong == NULL)
        wrong = find_rule(type, rule_names, out);
    if (wrong == NULL && !view_equal(record->key, view_text(out->card)))
        wrong = "the key is not the card";
    if (wrong == NULL)
        wrong = read_headers(record, topic, type, out);
    free(type);
    return wrong;
}

void alert_record_release(struct alert_record *alert)
{
    free(alert->card);
    alert->card = NULL;
}
