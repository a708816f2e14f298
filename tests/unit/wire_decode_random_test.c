// SPDX-License-Identifier: Apache-2.0
// The plan against avro-c's own reader: random writer schemas and data, whole and damaged.
#include <avro.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/strict_walk.h"
#include "lib/writer_random.h"
#include "wire/purchase.h"
#include "wire/schemas.h"

enum { SCHEMAS = 12000, PLAIN_SCHEMAS = 500, DATA_EACH = 3, DAMAGES_EACH = 5 };

struct world {
    uint64_t seed;
    struct random random;
    struct writer writer;
    avro_schema_t schema;
    avro_value_iface_t *class;
    uint32_t needed;
    struct purchase_plan *plan; // NULL: the schema was refused
    uint64_t accepted, mismatched, refused, cut, invalid;
};

static void blame(const struct world *world, struct view body, const char *what)
{
    print_error("seed %" PRIu64 ": %s\nneeded %u\nschema %.*s\nbody ", world->seed, what,
                world->needed, (int)world->writer.json.size, world->writer.json.data);
    for (size_t i = 0; i < body.size; i++)
        print_error("%02x", body.data[i]);
    print_error("\n");
    fail();
}

// --- What is expected, from avro-c's value and the writer's notes -------------------------------

static double decimal_expected(const uint8_t *bytes, size_t size, int scale)
{
    // Schoolbook: the magnitude's decimal digits, lowest first, grow by times 256 plus a byte.
    char digits[800] = {0}, text[820];
    size_t count = 1;
    bool negative = size > 0 && bytes[0] >= 0x80;
    unsigned add = negative;
    uint8_t magnitude[320];
    assert_true(size <= sizeof(magnitude));
    for (size_t i = size; i-- > 0;) {
        add += negative ? 255u - bytes[i] : bytes[i];
        magnitude[i] = (uint8_t)add;
        add >>= 8;
    }
    for (size_t i = 0; i < size; i++) {
        unsigned carry = magnitude[i];
        for (size_t d = 0; d < count || carry > 0; d++) {
            count = d < count ? count : d + 1;
            carry += (unsigned)digits[d] * 256;
            digits[d] = (char)(carry % 10);
            carry /= 10;
        }
    }
    size_t at = 0;
    text[at++] = negative ? '-' : '+';
    while (count > 0)
        text[at++] = (char)('0' + digits[--count]);
    snprintf(text + at, sizeof(text) - at, "e%d", -scale);
    return strtod(text, NULL);
}

static int64_t floored(int64_t value, int64_t divisor)
{
    int64_t quotient = value / divisor;
    return quotient * divisor > value ? quotient - 1 : quotient;
}

struct expected {
    enum dead_letter_class class;
    struct purchase purchase;
};

static int64_t long_of(const avro_value_t *value, enum reading reading)
{
    int32_t narrow = 0;
    int64_t wide = 0;
    if (reading == READING_INT) {
        assert_int_equal(avro_value_get_int(value, &narrow), 0);
        return narrow;
    }
    assert_int_equal(avro_value_get_long(value, &wide), 0);
    if (reading == READING_LONG_MICROS)
        return floored(wide, 1000);
    return reading == READING_LONG_NANOS ? floored(wide, 1000000) : wide;
}

static double double_of(const avro_value_t *value, enum reading reading, int scale)
{
    float narrow = 0;
    double wide = 0;
    const void *bytes = NULL;
    size_t size = 0;
    switch (reading) {
    case READING_INT:
    case READING_LONG:
        return (double)long_of(value, reading);
    case READING_FLOAT:
        assert_int_equal(avro_value_get_float(value, &narrow), 0);
        return (double)narrow;
    case READING_DECIMAL:
        assert_int_equal(avro_value_get_bytes(value, &bytes, &size), 0);
        return decimal_expected(bytes, size, scale);
    case READING_DECIMAL_FIXED:
        assert_int_equal(avro_value_get_fixed(value, &bytes, &size), 0);
        return decimal_expected(bytes, size, scale);
    default:
        assert_int_equal(avro_value_get_double(value, &wide), 0);
        return wide;
    }
}

static struct view text_of(const avro_value_t *value, enum reading reading)
{
    const char *text = NULL;
    const void *bytes = NULL;
    size_t size = 0;
    if (reading == READING_STRING) {
        assert_int_equal(avro_value_get_string(value, &text, &size), 0);
        return (struct view){(const uint8_t *)text, size - 1};
    }
    assert_int_equal(avro_value_get_bytes(value, &bytes, &size), 0);
    return (struct view){bytes, size};
}

static void member_expect(const struct writer_member *member, size_t index, avro_value_t value,
                          struct expected *out)
{
    int branch = 0;
    avro_value_t inner = value;
    if (member->is_union) {
        assert_int_equal(avro_value_get_discriminant(&value, &branch), 0);
        assert_int_equal(avro_value_get_current_branch(&value, &inner), 0);
    }
    enum reading reading = member->branches[branch];
    if (reading == READING_NONE)
        out->class = DEAD_LETTER_SCHEMA_MISMATCH;
    if (reading == READING_NONE || reading == READING_NULL)
        return;
    out->purchase.present |= 1u << index;
    if (index == 0)
        out->purchase.id = long_of(&inner, reading);
    if (index == 1)
        out->purchase.category = text_of(&inner, reading);
    if (index == 2)
        out->purchase.amount = double_of(&inner, reading, member->scales[branch]);
    if (index == 3)
        out->purchase.credit_card = text_of(&inner, reading);
    if (index == 4)
        out->purchase.distance_from_billing_zip = double_of(&inner, reading, 0);
    if (index == 5)
        out->purchase.timestamp_ms = long_of(&inner, reading);
}

static struct expected expected_of(const struct world *world, avro_value_t *record)
{
    struct expected expected = {DEAD_LETTER_NONE, {0}};
    for (size_t i = 0; i < WRITER_MEMBERS; i++) {
        avro_value_t value = {0};
        if ((world->needed & 1u << i) == 0 || !world->writer.members[i].there)
            continue;
        assert_int_equal(avro_value_get_by_name(record, writer_member_names[i], &value, NULL), 0);
        member_expect(&world->writer.members[i], i, value, &expected);
    }
    return expected;
}

// --- Comparison ---------------------------------------------------------------------------------

static bool same_double(double a, double b)
{
    return memcmp(&a, &b, sizeof(a)) == 0 || (a != a && b != b);
}

static bool same_purchase(const struct purchase *a, const struct purchase *b)
{
    return a->present == b->present && a->id == b->id && a->timestamp_ms == b->timestamp_ms &&
           view_equal(a->category, b->category) && view_equal(a->credit_card, b->credit_card) &&
           same_double(a->amount, b->amount) &&
           same_double(a->distance_from_billing_zip, b->distance_from_billing_zip);
}

static int avro_read_whole(avro_value_t *value, struct view body)
{
    static const char nothing[1];
    avro_reader_t reader =
        avro_reader_memory(body.size == 0 ? nothing : (const char *)body.data, (int64_t)body.size);
    int result = avro_value_read(reader, value);
    avro_reader_free(reader);
    return result;
}

// Any needed member may have had its SchemaMismatch before the bad bytes came.
static bool may_mismatch(const struct world *world)
{
    for (size_t i = 0; i < WRITER_MEMBERS; i++) {
        const struct writer_member *member = &world->writer.members[i];
        for (uint32_t b = 0; b < member->branch_count; b++) {
            if (member->branches[b] == READING_NONE && (world->needed & 1u << i) != 0)
                return true;
        }
    }
    return false;
}

static void body_check(struct world *world, struct view body)
{
    const char *reason = NULL;
    struct purchase purchase;
    enum dead_letter_class class = purchase_decode(world->plan, body, &purchase, &reason);
    struct strict_result strict = strict_walk(world->schema, body);
    world->cut += strict.strict == STRICT_CUT;
    world->invalid += strict.strict == STRICT_INVALID;
    if (strict.strict != STRICT_VALID) {
        bool right = class == DEAD_LETTER_BAD_AVRO ||
                     (class == DEAD_LETTER_SCHEMA_MISMATCH && may_mismatch(world));
        if (!right || reason == NULL)
            blame(world, body, "bad bytes were taken");
        if (strict.strict == STRICT_INVALID || strict.hostile)
            return;
    } else if (strict.hostile) {
        return;
    }
    avro_value_t value = {0};
    avro_generic_value_new(world->class, &value);
    int result = avro_read_whole(&value, body);
    if ((result == 0) != (strict.strict == STRICT_VALID))
        blame(world, body, "avro-c does not agree with the strict reader");
    struct expected expected = {0};
    if (result == 0)
        expected = expected_of(world, &value);
    if (result == 0 && expected.class != class)
        blame(world, body, "another class than expected");
    if (result == 0 && class == DEAD_LETTER_NONE && !same_purchase(&purchase, &expected.purchase))
        blame(world, body, "another purchase than avro-c's");
    world->accepted += result == 0 && class == DEAD_LETTER_NONE;
    world->mismatched += result == 0 && class != DEAD_LETTER_NONE;
    avro_value_decref(&value);
}

// The body in a block of exactly its size, so that a sanitizer sees a read past its end.
static void exact_check(struct world *world, struct view body)
{
    uint8_t *block = malloc(body.size);
    assert_true(block != NULL || body.size == 0);
    if (body.size > 0)
        memcpy(block, body.data, body.size);
    body_check(world, (struct view){block, body.size});
    free(block);
}

static void damage(struct random *random, struct buffer *body)
{
    uint64_t kind = random_below(random, 4);
    if (body->size == 0 || kind == 0) {
        for (uint64_t i = 1 + random_below(random, 5); i > 0; i--)
            assert_true(buffer_append_byte(body, (uint8_t)random_next(random)));
        return;
    }
    size_t at = random_below(random, body->size);
    if (kind == 1)
        body->size = at;
    else if (kind == 2)
        body->data[at] ^= (uint8_t)(1u << random_below(random, 8));
    else
        body->data[at] = random_chance(random, 1, 2) ? 0xff : (uint8_t)random_next(random);
}

static void data_check(struct world *world)
{
    struct buffer body, damaged;
    buffer_init(&body, 1u << 24);
    buffer_init(&damaged, 1u << 24);
    for (int i = 0; i < DATA_EACH; i++) {
        buffer_clear(&body);
        datum_random(world->schema, &world->random, &body);
        if (strict_walk(world->schema, buffer_view(&body)).strict != STRICT_VALID)
            blame(world, buffer_view(&body), "the test's own data is not valid");
        exact_check(world, buffer_view(&body));
        for (int d = 0; d < DAMAGES_EACH; d++) {
            buffer_clear(&damaged);
            assert_true(buffer_append(&damaged, body.data, body.size));
            damage(&world->random, &damaged);
            exact_check(world, buffer_view(&damaged));
        }
    }
    buffer_release(&body);
    buffer_release(&damaged);
}

// --- Schemas ------------------------------------------------------------------------------------

static bool compile_expected(const struct world *world)
{
    for (size_t i = 0; i < WRITER_MEMBERS; i++) {
        const struct writer_member *member = &world->writer.members[i];
        bool readable = !member->there && i != 0;
        for (uint32_t b = 0; b < member->branch_count; b++)
            readable |= member->branches[b] != READING_NONE;
        if ((world->needed & 1u << i) != 0 && !readable)
            return false;
    }
    return true;
}

static void schema_open(struct world *world, bool plain)
{
    random_seed(&world->random, world->seed);
    writer_random(&world->writer, &world->random, plain);
    struct view json = buffer_view(&world->writer.json);
    if (avro_schema_from_json_length((const char *)json.data, json.size, &world->schema) != 0)
        blame(world, (struct view){NULL, 0}, avro_strerror());
    world->class = avro_generic_class_from_schema(world->schema);
    world->needed = (uint32_t)random_below(&world->random, 64);
    world->needed |= plain ? 63u : PURCHASE_CREDIT_CARD | PURCHASE_TIMESTAMP;
    struct error err = {""};
    enum status status = purchase_plan_compile(json, world->needed, &world->plan, &err);
    if ((status == STATUS_OK) != compile_expected(world))
        blame(world, (struct view){NULL, 0}, status == STATUS_OK ? "compiled" : err.text);
    assert_true(status == STATUS_OK || (status == STATUS_RECORD && strlen(err.text) > 20));
    world->refused += status != STATUS_OK;
}

static void schema_close(struct world *world)
{
    purchase_plan_free(world->plan);
    avro_value_iface_decref(world->class);
    avro_schema_decref(world->schema);
    writer_release(&world->writer);
}

static void random_data__reads_as_avro_c_reads_it_and_damaged_data_is_refused(void **state)
{
    (void)state;
    struct world world = {0};
    for (uint64_t seed = 1; seed <= SCHEMAS; seed++) {
        world.seed = seed;
        schema_open(&world, false);
        if (world.plan != NULL)
            data_check(&world);
        schema_close(&world);
    }
    print_message("%" PRIu64 " read, %" PRIu64 " mismatches, %" PRIu64 " cut, %" PRIu64
                  " invalid, %" PRIu64 " schemas refused\n",
                  world.accepted, world.mismatched, world.cut, world.invalid, world.refused);
    assert_true(world.accepted > 20000 && world.mismatched > 20000 && world.refused > 2000);
    assert_true(world.cut > 20000 && world.invalid > 20000);
}

// --- avro-c's own schema resolution -------------------------------------------------------------

// The value that avro-c resolves a member to: false for null.
static bool resolved_member(avro_value_t *resolved, size_t index, avro_value_t *out)
{
    assert_int_equal(avro_value_get_by_name(resolved, writer_member_names[index], out, NULL), 0);
    if (avro_value_get_type(out) != AVRO_UNION)
        return true;
    avro_value_t branch = {0};
    assert_int_equal(avro_value_get_current_branch(out, &branch), 0);
    *out = branch;
    return avro_value_get_type(&branch) != AVRO_NULL;
}

static struct purchase resolved_purchase(avro_value_t *resolved)
{
    struct purchase purchase = {0};
    for (size_t i = 0; i < WRITER_MEMBERS; i++) {
        avro_value_t value = {0};
        if (!resolved_member(resolved, i, &value))
            continue;
        purchase.present |= 1u << i;
        if (i == 0)
            purchase.id = long_of(&value, READING_LONG);
        if (i == 1)
            purchase.category = text_of(&value, READING_STRING);
        if (i == 2)
            purchase.amount = double_of(&value, READING_DOUBLE, 0);
        if (i == 3)
            purchase.credit_card = text_of(&value, READING_STRING);
        if (i == 4)
            purchase.distance_from_billing_zip = double_of(&value, READING_DOUBLE, 0);
        if (i == 5)
            purchase.timestamp_ms = long_of(&value, READING_LONG);
    }
    return purchase;
}

static void resolution_check(struct world *world, avro_value_iface_t *resolver, struct view body)
{
    avro_value_t value = {0}, resolved = {0};
    avro_generic_value_new(world->class, &value);
    assert_int_equal(avro_read_whole(&value, body), 0);
    assert_int_equal(avro_resolved_reader_new_value(resolver, &resolved), 0);
    avro_resolved_reader_set_source(&resolved, &value);
    struct purchase expected = resolved_purchase(&resolved), purchase;
    const char *reason = "";
    if (purchase_decode(world->plan, body, &purchase, &reason) != DEAD_LETTER_NONE)
        blame(world, body, reason);
    if (!same_purchase(&purchase, &expected))
        blame(world, body, "another purchase than avro-c's resolution gives");
    avro_value_decref(&resolved);
    avro_value_decref(&value);
}

static void plain_data__reads_as_avro_c_resolves_it(void **state)
{
    (void)state;
    avro_schema_t reader;
    struct view json = schema_purchase();
    assert_int_equal(avro_schema_from_json_length((const char *)json.data, json.size, &reader), 0);
    struct world world = {0};
    struct buffer body;
    buffer_init(&body, 1u << 24);
    for (world.seed = 100000; world.seed < 100000 + PLAIN_SCHEMAS; world.seed++) {
        schema_open(&world, true);
        avro_value_iface_t *resolver = avro_resolved_reader_new(world.schema, reader);
        if (resolver == NULL)
            blame(&world, (struct view){NULL, 0}, avro_strerror());
        for (int i = 0; i < DATA_EACH; i++) {
            buffer_clear(&body);
            datum_random(world.schema, &world.random, &body);
            resolution_check(&world, resolver, buffer_view(&body));
        }
        avro_value_iface_decref(resolver);
        schema_close(&world);
    }
    buffer_release(&body);
    avro_schema_decref(reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_data__reads_as_avro_c_reads_it_and_damaged_data_is_refused),
        cmocka_unit_test(plain_data__reads_as_avro_c_resolves_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
