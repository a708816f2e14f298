// SPDX-License-Identifier: Apache-2.0
#include "wire/json_scalar.h"

#include <math.h>
#include <stdlib.h>
#include <strings.h>

#include "base/assert.h"
#include "base/iso_time.h"
#include "wire/digits.h"

static const char TOO_LARGE[] = "the record is too large";

static const int64_t SECOND_NS = 1000000000;

static const char *text_of(const struct tree_node *node)
{
    return (const char *)node->text.data;
}

// A text without a NUL in it, which C's functions see the whole of.
static bool is_text(const struct tree_node *node)
{
    return node->kind == TREE_TEXT && strlen(text_of(node)) == node->text.size;
}

static const char *written(bool fits)
{
    return fits ? NULL : TOO_LARGE;
}

static const char *boolean_append(const struct tree_node *node, struct buffer *out)
{
    if (node->kind != TREE_TRUE && node->kind != TREE_FALSE)
        return "true or false is expected";
    return written(buffer_append_byte(out, node->kind == TREE_TRUE));
}

// --- Integers, and the times that they stand for -------------------------------------------------

static const char *moment_read(const char *text, int64_t units_per_second, int64_t *out)
{
    struct iso_moment moment;
    if (!iso_moment_parse(text, &moment))
        return "a time is expected: an integer, or a text as 2026-01-31T08:00:00.000Z";
    if (__builtin_mul_overflow(moment.seconds, units_per_second, out) ||
        __builtin_add_overflow(*out, moment.nanoseconds / (SECOND_NS / units_per_second), out))
        return "the time is out of range";
    return NULL;
}

static const char *day_time_read(const struct avsc_type *type, const char *text, int64_t *out)
{
    int64_t nanoseconds;
    if (!iso_day_time_parse(text, &nanoseconds))
        return "a time of day is expected: an integer, or a text as 08:00:00.000";
    *out = nanoseconds / (type->kind == AVSC_INT ? 1000000 : 1000);
    return NULL;
}

static const char *time_read(const struct avsc_type *type, const char *text, int64_t *out)
{
    switch ((enum avsc_logical)type->logical) {
    case AVSC_DATE:
        return iso_date_parse(text, out) ? NULL
                                         : "a date is expected: days, or a text as 2026-01-31";
    case AVSC_TIME:
        return day_time_read(type, text, out);
    case AVSC_TIMESTAMP_MILLIS:
        return moment_read(text, 1000, out);
    case AVSC_TIMESTAMP_MICROS:
        return moment_read(text, 1000000, out);
    case AVSC_TIMESTAMP_NANOS:
        return moment_read(text, SECOND_NS, out);
    case AVSC_PLAIN:
    case AVSC_DECIMAL:
        break;
    }
    return "an integer is expected, not a text";
}

static const char *integer_read(const struct tree_node *node, int64_t *out)
{
    struct digits digits;
    if (node->kind != TREE_NUMBER || !digits_read(node->text, &digits))
        return "an integer is expected";
    switch (digits_integer(&digits, out)) {
    case DIGITS_FIT:
        return NULL;
    case DIGITS_FRACTION:
        return "an integer is expected, not a fraction";
    case DIGITS_TOO_LARGE:
        break;
    }
    return "the integer is out of range";
}

static const char *integer_append(const struct avsc_type *type, const struct tree_node *node,
                                  struct buffer *out)
{
    int64_t value = 0;
    const char *reason =
        is_text(node) ? time_read(type, text_of(node), &value) : integer_read(node, &value);
    if (reason != NULL)
        return reason;
    if (type->kind == AVSC_INT && (value < INT32_MIN || value > INT32_MAX))
        return "the integer is out of range";
    return written(buffer_append_zigzag(out, value));
}

// --- Floating point ------------------------------------------------------------------------------

static bool rare_read(const struct tree_node *node, double *out)
{
    static const struct {
        const char *text;
        double value;
    } rows[] = {{"NaN", NAN},      {"Infinity", INFINITY},   {"+Infinity", INFINITY},
                {"Inf", INFINITY}, {"-Infinity", -INFINITY}, {"-Inf", -INFINITY},
                {"+Inf", INFINITY}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]) && is_text(node); i++) {
        if (strcasecmp(text_of(node), rows[i].text) != 0)
            continue;
        *out = rows[i].value;
        return true;
    }
    return false;
}

static const char *real_append(const struct avsc_type *type, const struct tree_node *node,
                               struct buffer *out)
{
    double wide = 0;
    float narrow = 0;
    bool rare = rare_read(node, &wide);
    if (!rare && node->kind != TREE_NUMBER)
        return "a number is expected, or one of the texts NaN, Infinity, -Infinity";
    if (!rare && type->kind == AVSC_DOUBLE)
        wide = strtod(text_of(node), NULL);
    narrow = rare ? (float)wide : strtof(text_of(node), NULL);
    if (!rare && !(type->kind == AVSC_DOUBLE ? isfinite(wide) : isfinite(narrow)))
        return "the number is out of range";
    return written(type->kind == AVSC_DOUBLE ? buffer_append_double(out, wide)
                                             : buffer_append_float(out, narrow));
}

// --- Bytes ---------------------------------------------------------------------------------------

// Behind its length, or stretched to the size of a fixed.
static const char *unscaled_append(const struct avsc_type *type, struct view unscaled,
                                   struct buffer *out)
{
    if (type->kind == AVSC_BYTES)
        return written(buffer_append_sized(out, unscaled));
    if (unscaled.size > type->size)
        return "the decimal has too many digits for its fixed";
    bool fits = buffer_reserve(out, type->size);
    for (size_t i = unscaled.size; i < type->size && fits; i++)
        fits = buffer_append_byte(out, (unscaled.data[0] & 0x80) != 0 ? 0xff : 0x00);
    return written(fits && buffer_append(out, unscaled.data, unscaled.size));
}

static const char *decimal_append_exactly(const struct avsc_type *type,
                                          const struct tree_node *node, struct buffer *out)
{
    uint8_t bytes[DIGITS_UNSCALED_BYTES_MAX];
    struct digits digits;
    size_t size = 0;
    if ((node->kind != TREE_NUMBER && node->kind != TREE_TEXT) || !digits_read(node->text, &digits))
        return "a decimal is expected: a number, or a text with one";
    switch (digits_unscaled(&digits, type->scale, bytes, &size)) {
    case DIGITS_FIT:
        return unscaled_append(type, (struct view){bytes, size}, out);
    case DIGITS_FRACTION:
        return "the decimal has more digits behind the point than its scale";
    case DIGITS_TOO_LARGE:
        break;
    }
    return "the decimal has too many digits";
}

// How many characters the text has; SIZE_MAX when one of them is no byte.
static size_t bytes_count(struct view text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] > 0xc3)
            return SIZE_MAX; // above U+00FF
        count += (text.data[i] & 0xc0) != 0x80;
    }
    return count;
}

// The text is UTF-8 of at most two bytes a character.
static bool bytes_write(struct view text, struct buffer *out)
{
    bool fits = true;
    for (size_t i = 0; i < text.size && fits; i++) {
        unsigned byte = text.data[i];
        if (byte >= 0x80)
            byte = (byte & 0x03) << 6 | (text.data[++i] & 0x3f);
        fits = buffer_append_byte(out, (uint8_t)byte);
    }
    return fits;
}

static const char *bytes_append(const struct avsc_type *type, const struct tree_node *node,
                                struct buffer *out)
{
    if (type->logical == AVSC_DECIMAL)
        return decimal_append_exactly(type, node, out);
    if (node->kind != TREE_TEXT)
        return "bytes are expected as a text, each byte the character of its number";
    size_t count = bytes_count(node->text);
    if (count == SIZE_MAX)
        return "a character above U+00FF is no byte";
    if (type->kind == AVSC_FIXED && count != type->size)
        return "the number of bytes is not that of the fixed";
    bool fits = type->kind == AVSC_FIXED || buffer_append_zigzag(out, (int64_t)count);
    return written(fits && bytes_write(node->text, out));
}

static const char *string_append(const struct tree_node *node, struct buffer *out)
{
    if (node->kind != TREE_TEXT)
        return "a text is expected";
    return written(buffer_append_sized(out, node->text));
}

static const char *enum_append(const struct avsc *avsc, const struct avsc_type *type,
                               const struct tree_node *node, struct buffer *out)
{
    if (node->kind != TREE_TEXT)
        return "a text is expected, one of the enum's symbols";
    for (uint32_t i = 0; i < type->size; i++) {
        if (view_equal(avsc_symbol(avsc, type, i), node->text))
            return written(buffer_append_zigzag(out, i));
    }
    return "it is none of the enum's symbols";
}

static const char *append(const struct avsc *avsc, const struct avsc_type *type,
                          const struct tree_node *node, struct buffer *out)
{
    switch ((enum avsc_kind)type->kind) {
    case AVSC_NULL:
        return node->kind == TREE_NULL ? NULL : "null is expected";
    case AVSC_BOOLEAN:
        return boolean_append(node, out);
    case AVSC_INT:
    case AVSC_LONG:
        return integer_append(type, node, out);
    case AVSC_FLOAT:
    case AVSC_DOUBLE:
        return real_append(type, node, out);
    case AVSC_BYTES:
    case AVSC_FIXED:
        return bytes_append(type, node, out);
    case AVSC_STRING:
        return string_append(node, out);
    case AVSC_ENUM:
        return enum_append(avsc, type, node, out);
    case AVSC_ARRAY:
    case AVSC_MAP:
    case AVSC_UNION:
    case AVSC_RECORD:
        break;
    }
    ensure(false);
    return NULL;
}

const char *json_scalar_append(const struct avsc *avsc, const struct avsc_type *type,
                               const struct tree_node *node, struct buffer *out)
{
    size_t before = out->size;
    const char *reason = append(avsc, type, node, out);
    if (reason != NULL)
        out->size = before;
    return reason;
}

static bool looks_like(const struct avsc_type *type, const struct tree_node *node)
{
    bool whole = node->kind == TREE_NUMBER && strpbrk(text_of(node), ".eE") == NULL;
    switch ((enum avsc_kind)type->kind) {
    case AVSC_INT:
    case AVSC_LONG:
        return whole;
    case AVSC_FLOAT:
    case AVSC_DOUBLE:
    case AVSC_BYTES:
    case AVSC_FIXED:
        return node->kind == TREE_NUMBER && !whole;
    default:
        return true;
    }
}

bool json_scalar_fits(const struct avsc *avsc, const struct avsc_type *type,
                      const struct tree_node *node, bool plainly)
{
    struct buffer scratch;
    if (plainly && !looks_like(type, node))
        return false;
    buffer_init(&scratch, SIZE_MAX / 4);
    const char *reason = json_scalar_append(avsc, type, node, &scratch);
    buffer_release(&scratch);
    return reason == NULL;
}
