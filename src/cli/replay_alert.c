// SPDX-License-Identifier: Apache-2.0
#include "cli/replay_alert.h"

#include <stdlib.h>

#include "base/assert.h"
#include "base/log.h"
#include "base/murmur2.h"
#include "wire/json_text.h"

enum { SOURCE_BYTES_MAX = 512 };

static void read_headers(struct replay_alert *alert, const struct header *headers, size_t count)
{
    const struct {
        const char *name;
        struct view *value;
    } wanted[] = {
        {"cardwatch.rule", &alert->rule},
        {"cardwatch.count", &alert->count},
        {"cardwatch.detected_at", &alert->detected_at},
        {"cardwatch.source", &alert->source},
    };
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < sizeof(wanted) / sizeof(wanted[0]); k++)
            if (strcmp(headers[i].name, wanted[k].name) == 0)
                *wanted[k].value = headers[i].value;
}

struct replay_alert replay_alert_written(const struct record *record, int32_t partitions)
{
    struct replay_alert alert = {
        .topic = record->topic,
        .partition = record->partition,
        .key = record->key,
        .value = record->value,
    };
    if (alert.partition < 0)
        alert.partition = murmur2_partition(record->key, partitions);
    read_headers(&alert, record->headers, record->header_count);
    return alert;
}

struct replay_alert replay_alert_read(const struct kafka_followed *record, enum output_topic topic)
{
    struct replay_alert alert = {
        .topic = topic,
        .partition = record->partition,
        .key = record->key,
        .value = record->value,
    };
    read_headers(&alert, record->headers, record->header_count);
    return alert;
}

// The number behind the last '/' of the text, which is cut off there.
static bool number_cut(char *text, int64_t *out)
{
    char *slash = strrchr(text, '/');
    char *end;
    if (slash == NULL || slash[1] < '0' || slash[1] > '9')
        return false;
    *out = strtoll(slash + 1, &end, 10);
    *slash = '\0';
    return *end == '\0';
}

bool replay_alert_source(const struct replay_alert *alert, struct view *topic, int32_t *partition,
                         int64_t *offset)
{
    char text[SOURCE_BYTES_MAX];
    int64_t number;
    if (alert->source.data == NULL || alert->source.size >= sizeof(text))
        return false;
    memcpy(text, alert->source.data, alert->source.size);
    text[alert->source.size] = '\0';
    if (!number_cut(text, offset) || !number_cut(text, &number) || number > INT32_MAX)
        return false;
    *partition = (int32_t)number;
    *topic = (struct view){alert->source.data, strlen(text)};
    return true;
}

static const uint8_t *find(struct view in, const char *text)
{
    return in.size == 0 ? NULL : memmem(in.data, in.size, text, strlen(text));
}

// The text between the quotes of the string that is the value of "credit_card".
static bool card_find(struct view json, struct view *card)
{
    static const char name[] = "\"credit_card\"";
    const uint8_t *end = json.data + json.size;
    const uint8_t *at = find(json, name);
    if (at == NULL)
        return false;
    at += sizeof(name) - 1;
    while (at < end && (*at == ' ' || *at == ':'))
        at++;
    if (at == end || *at != '"')
        return false;
    const uint8_t *from = ++at;
    while (at < end && *at != '"')
        at += *at == '\\' ? 2 : 1;
    *card = (struct view){from, (size_t)(at - from)};
    return at < end;
}

bool replay_alert_mask(struct view json, struct buffer *out)
{
    struct view card;
    char masked[CARD_MASKED_MAX];
    size_t before = out->size;
    if (!card_find(json, &card))
        return false;
    card_mask(card, masked);
    const uint8_t *behind = card.data + card.size + 1; // its closing quote, too
    bool fits = buffer_append(out, json.data, (size_t)(card.data - 1 - json.data)) &&
                json_text_append(out, view_text(masked)) &&
                buffer_append(out, behind, (size_t)(json.data + json.size - behind));
    if (!fits)
        out->size = before;
    return fits;
}

// Unless the alert has such a field already: a quote inside of a text would be escaped.
static bool text_add(struct view json, const char *lead, struct view text, struct buffer *out)
{
    if (text.data == NULL || find(json, lead) != NULL)
        return true;
    return buffer_append(out, lead, strlen(lead)) && json_text_append(out, text);
}

static bool number_add(struct view json, const char *lead, struct view number, struct buffer *out)
{
    if (number.data == NULL || find(json, lead) != NULL)
        return true;
    return buffer_append(out, lead, strlen(lead)) && buffer_append(out, number.data, number.size);
}

bool replay_alert_append(const struct replay_alert *alert, bool show_card, struct buffer *out)
{
    struct view json = alert->value;
    ensure(json.size > 0 && json.data[json.size - 1] == '}');
    bool fits = show_card ? buffer_append(out, json.data, json.size) : replay_alert_mask(json, out);
    if (!fits)
        return false;
    out->size--; // the brace
    return text_add(json, ", \"rule\": ", alert->rule, out) &&
           number_add(json, ", \"count\": ", alert->count, out) &&
           number_add(json, ", \"detected_at\": ", alert->detected_at, out) &&
           text_add(json, ", \"source\": ", alert->source, out) && buffer_append(out, "}\n", 2);
}
