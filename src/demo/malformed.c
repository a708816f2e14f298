// SPDX-License-Identifier: Apache-2.0
#include "demo/malformed.h"

#include "base/assert.h"

enum { FRAME_BYTES = 5, CARD_TOO_LONG_BYTES = CARD_BYTES_MAX + 1 };

struct view generator_mismatch_schema(void)
{
    return view_text("{\"type\": \"record\", \"name\": \"Purchase\", \"fields\": ["
                     "{\"name\": \"id\", \"type\": \"long\"}, "
                     "{\"name\": \"credit_card\", \"type\": {\"type\": \"record\", "
                     "\"name\": \"Card\", \"fields\": ["
                     "{\"name\": \"number\", \"type\": \"string\"}]}}]}");
}

static void write_good(const struct generated *out, uint32_t schema_id, struct buffer *value)
{
    ensure(purchase_write(&out->purchase, schema_id, value));
}

// Another magic byte, or too short for a frame.
static void write_bad_frame(uint32_t schema_id, struct random *random, struct buffer *value,
                            struct generated *out)
{
    write_good(out, schema_id, value);
    value->data[0] = 1;
    if (random_chance(random, 1, 2))
        value->size = random_below(random, FRAME_BYTES);
}

// Cut off inside the body, or with bytes behind it.
static void write_bad_avro(uint32_t schema_id, struct random *random, struct buffer *value,
                           struct generated *out)
{
    write_good(out, schema_id, value);
    if (random_chance(random, 1, 2))
        value->size = FRAME_BYTES + random_below(random, value->size - FRAME_BYTES);
    else
        ensure(buffer_append_byte(value, 0));
}

static void write_mismatch(uint32_t schema_id, struct buffer *value, const struct generated *out)
{
    struct view card = out->purchase.credit_card;
    ensure(buffer_append_byte(value, 0) && buffer_append_be32(value, schema_id) &&
           buffer_append_zigzag(value, out->purchase.id) && buffer_append_sized(value, card));
}

// No card at all, an empty one, one that is too long, or one that is not UTF-8.
static void write_no_card(uint32_t schema_id, struct random *random, struct buffer *value,
                          struct generated *out)
{
    size_t size = 0;
    uint64_t kind = random_below(random, 4);
    if (kind == 2)
        size = CARD_TOO_LONG_BYTES;
    if (kind == 3)
        size = 3;
    memset(out->card, kind == 3 ? 0xff : '4', size);
    out->card[size] = '\0';
    out->key = (struct view){(const uint8_t *)out->card, size};
    if (kind == 0)
        out->key = (struct view){NULL, 0};
    out->purchase.credit_card = out->key;
    write_good(out, schema_id, value);
}

static void write_times(const struct generator_settings *settings, enum dead_letter_class class_,
                        struct buffer *value, struct generated *out)
{
    if (class_ == DEAD_LETTER_FUTURE_TIMESTAMP) {
        out->purchase.has_timestamp = true;
        out->purchase.timestamp_ms = out->message_timestamp_ms + settings->max_future_ms + 1;
    } else {
        out->purchase.has_timestamp = false;
        out->message_timestamp_ms = -1;
    }
    write_good(out, settings->schema_id, value);
}

void malformed_write(const struct generator_settings *settings, struct random *random,
                     enum dead_letter_class class_, struct buffer *value, struct generated *out)
{
    buffer_clear(value);
    switch (class_) {
    case DEAD_LETTER_BAD_FRAME:
        write_bad_frame(settings->schema_id, random, value, out);
        break;
    case DEAD_LETTER_UNKNOWN_SCHEMA:
        write_good(out, settings->unknown_schema_id, value);
        break;
    case DEAD_LETTER_BAD_AVRO:
        write_bad_avro(settings->schema_id, random, value, out);
        break;
    case DEAD_LETTER_SCHEMA_MISMATCH:
        write_mismatch(settings->mismatch_schema_id, value, out);
        break;
    case DEAD_LETTER_NO_CARD:
        write_no_card(settings->schema_id, random, value, out);
        break;
    case DEAD_LETTER_NO_TIMESTAMP:
    case DEAD_LETTER_FUTURE_TIMESTAMP:
        write_times(settings, class_, value, out);
        break;
    case DEAD_LETTER_NONE:
    case DEAD_LETTER_CLASSES:
        ensure(class_ != DEAD_LETTER_NONE && class_ != DEAD_LETTER_CLASSES);
    }
    out->malformed = class_;
    out->value = buffer_view(value);
}

enum dead_letter_class malformed_draw(const struct generator_settings *settings,
                                      struct random *random)
{
    static const enum dead_letter_class classes[] = {
        DEAD_LETTER_BAD_FRAME, DEAD_LETTER_UNKNOWN_SCHEMA,   DEAD_LETTER_BAD_AVRO,
        DEAD_LETTER_NO_CARD,   DEAD_LETTER_FUTURE_TIMESTAMP, DEAD_LETTER_SCHEMA_MISMATCH,
    };
    size_t count = sizeof(classes) / sizeof(classes[0]);
    return classes[random_below(random, settings->mismatch_schema_id == 0 ? count - 1 : count)];
}
