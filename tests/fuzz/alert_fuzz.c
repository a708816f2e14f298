// SPDX-License-Identifier: Apache-2.0
// What is written: alerts in both forms, texts, numbers and decimals as JSON.
//   u64 timestamp, u64 bits of a number, u16 scale, the rule's name, 0xff, the card
#include <jansson.h>
#include <math.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/utf8.h"
#include "fuzz/fuzz.h"
#include "wire/alert.h"
#include "wire/avsc.h"
#include "wire/decimal.h"
#include "wire/json_text.h"
#include "wire/purchase.h"
#include "wire/schemas.h"

enum { OUT_BYTES_MAX = 1024 * 1024, MARK = 0xff };

static const struct alert_encoder *encoder(void)
{
    static struct alert_encoder *made;
    struct error err;
    if (made == NULL)
        ensure(alert_encoder_compile(schema_alert(), 2, &made, &err) == STATUS_OK);
    return made;
}

static bool takes_text(struct reader *reader, struct view expected)
{
    uint8_t branch;
    int64_t size;
    struct view text;
    return reader_byte(reader, &branch) && branch == 2 && reader_zigzag(reader, &size) &&
           reader_view(reader, (uint64_t)size, &text) && view_equal(text, expected);
}

// Field by field, as schemas/alert.avsc has them.
static void check_avro(const struct alert_fields *alert, struct buffer *out)
{
    uint32_t id = 0;
    struct view body;
    uint8_t branch = 0;
    int64_t timestamp = 0;
    buffer_clear(out);
    alert_encode_avro(encoder(), alert, out);
    ensure(frame_split(buffer_view(out), &id, &body) && id == 2);
    struct reader reader = reader_of(body);
    ensure(takes_text(&reader, alert->type) && takes_text(&reader, alert->credit_card));
    ensure(reader_byte(&reader, &branch) && branch == 2);
    ensure(reader_zigzag(&reader, &timestamp) && timestamp == alert->timestamp_ms);
    ensure(reader_left(&reader) == 0);
}

static bool same_text(const json_t *json, struct view text)
{
    if (!utf8_is_valid(text))
        return json_is_string(json);
    const struct view read = {(const uint8_t *)json_string_value(json), json_string_length(json)};
    return view_equal(read, text);
}

static json_t *read_json(const struct buffer *out)
{
    ensure(fuzz_is_json(buffer_view(out)) && json_is_valid(buffer_view(out)));
    json_t *json =
        json_loadb((const char *)out->data, out->size, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    ensure(json != NULL);
    return json;
}

static void check_json(const struct alert_fields *alert, struct buffer *out)
{
    buffer_clear(out);
    alert_encode_json(encoder(), alert, out);
    json_t *json = read_json(out);
    ensure(json_object_size(json) == 3);
    ensure(same_text(json_object_get(json, "type"), alert->type));
    ensure(same_text(json_object_get(json, "credit_card"), alert->credit_card));
    ensure(json_integer_value(json_object_get(json, "timestamp")) == alert->timestamp_ms);
    json_decref(json);
}

static void check_bytes(struct view bytes, struct buffer *out)
{
    buffer_clear(out);
    ensure(json_bytes_append(out, bytes));
    json_t *json = read_json(out);
    const char *at = json_string_value(json);
    for (size_t i = 0; i < bytes.size; i++) { // U+0080 .. U+00FF are two bytes
        unsigned lead = (unsigned char)*at++;
        unsigned read = lead < 0x80 ? lead : (lead & 3) << 6 | ((unsigned char)*at++ & 0x3f);
        ensure(read == bytes.data[i]);
    }
    json_decref(json);
}

static void check_real(uint64_t bits, struct buffer *out)
{
    double value;
    memcpy(&value, &bits, sizeof(value));
    for (int single = 0; single < 2; single++) {
        double expected = single ? (double)(float)value : value;
        buffer_clear(out);
        ensure(json_real_append(out, expected, single != 0));
        ensure(buffer_append_byte(out, '\0'));
        double read =
            single ? (double)strtof((char *)out->data, NULL) : strtod((char *)out->data, NULL);
        out->size--;
        if (isfinite(expected))
            ensure(memcmp(&read, &expected, sizeof(read)) == 0);
        else
            ensure(view_equal(buffer_view(out), view_text("null")));
        ensure(fuzz_is_json(buffer_view(out)));
    }
}

// The text has all digits, so the C library's reading of it is the nearest double.
static void check_decimal(struct view unscaled, int32_t scale, struct buffer *out)
{
    double value = decimal_to_double(unscaled, scale);
    ensure(!isnan(value));
    if (unscaled.size > DECIMAL_TEXT_BYTES_MAX)
        return;
    buffer_clear(out);
    ensure(decimal_append(unscaled, scale, out));
    ensure(fuzz_is_json(buffer_view(out)));
    ensure(buffer_append_byte(out, '\0'));
    ensure(strtod((char *)out->data, NULL) == value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader input = fuzz_input(data, size);
    struct buffer out;
    struct alert_fields alert = {.timestamp_ms = (int64_t)fuzz_number(&input, 8)};
    uint64_t bits = fuzz_number(&input, 8);
    int64_t scale = (int64_t)fuzz_number(&input, 2) % (2 * AVSC_DECIMAL_SCALE_MAX + 1);
    struct view type = fuzz_exact(fuzz_part(&input, MARK));
    alert.type = type;
    alert.credit_card = fuzz_rest(&input);
    buffer_init(&out, OUT_BYTES_MAX);
    check_avro(&alert, &out);
    check_json(&alert, &out);
    check_bytes(alert.credit_card, &out);
    check_real(bits, &out);
    check_decimal(type, (int32_t)scale - AVSC_DECIMAL_SCALE_MAX, &out);
    buffer_release(&out);
    free((void *)(uintptr_t)type.data);
    return 0;
}
