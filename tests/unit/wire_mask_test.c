// SPDX-License-Identifier: Apache-2.0
// Masked purchases, byte by byte, and over random writer schemas with avro-c as the judge: what is
// read of both is equal, but for the card.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <avro.h>
#include <cmocka.h>

#include "base/log.h"
#include "lib/scale.h"
#include "lib/writer_random.h"
#include "wire/mask.h"
#include "wire/schemas.h"

enum { DATA_EACH = 20, SCHEMAS = 1500, ENCODED_BYTES_MAX = 1 << 24 };

static const char stars[] = "************4444";

static void masks(const char *value, size_t size, const char *expected, size_t expected_size)
{
    struct purchase_plan *plan;
    struct error err;
    assert_int_equal(purchase_plan_compile(schema_purchase(), 0, &plan, &err), STATUS_OK);
    struct view whole = {(const uint8_t *)value, size};
    struct view body = {whole.data + 5, size - 5};
    struct purchase purchase;
    const char *reason = "";
    if (purchase_decode(plan, body, &purchase, &reason) != DEAD_LETTER_NONE)
        fail_msg("%s", reason);
    struct buffer out;
    buffer_init(&out, 4096);
    assert_true(mask_append(whole, &purchase, view_text(stars), &out));
    assert_int_equal(out.size, expected_size);
    assert_memory_equal(out.data, expected, expected_size);
    buffer_release(&out);
    purchase_plan_free(plan);
}

#define MASKS(value, expected) masks(value, sizeof(value) - 1, expected, sizeof(expected) - 1)
#define FRONT                                                                                      \
    "\x00\x00\x00\x00\x07\x0e\x02\x06"                                                             \
    "abc\x00"
#define BACK "\x02\x00\x00\x00\x00\x00\x00\xf0\x3f\x02\xff\xff\x01"

static void card__is_replaced_and_its_length(void **state)
{
    (void)state;
    MASKS(FRONT "\x02\x26"
                "1111-2222-3333-4444" BACK,
          FRONT "\x02\x20************4444" BACK);
    MASKS(FRONT "\x02\x02"
                "4" BACK,
          FRONT "\x02\x20************4444" BACK);
}

static void length_longer_than_it_has_to_be__is_found(void **state)
{
    (void)state;
    MASKS(FRONT "\x02\xa6\x80\x00"
                "1111-2222-3333-4444" BACK,
          FRONT "\x02\x20************4444" BACK);
    MASKS(FRONT "\x82\x80\x00\x8a\x80\x80\x80\x80\x80\x80\x80\x80\x00"
                "44444" BACK,
          FRONT "\x82\x80\x00\x20************4444" BACK);
}

static void length_of_two_bytes__is_found(void **state)
{
    (void)state;
    MASKS(FRONT "\x02\x90\x01"
                "111111111111111111111111111111111111111111111111111111111111111111111111" BACK,
          FRONT "\x02\x20************4444" BACK);
}

static void purchase_without_a_card_of_its_own__is_unchanged(void **state)
{
    (void)state;
    MASKS(FRONT "\x00" BACK, FRONT "\x00" BACK);
}

static void buffer_too_small__is_said(void **state)
{
    (void)state;
    static const uint8_t value[] = "\x02"
                                   "4";
    const struct purchase purchase = {.present = PURCHASE_CREDIT_CARD,
                                      .credit_card = {value + 1, 1}};
    struct buffer out;
    buffer_init(&out, 16);
    assert_false(mask_append((struct view){value, 2}, &purchase, view_text(stars), &out));
    assert_int_equal(out.size, 0);
    buffer_release(&out);
}

// --- random writers ---

struct world {
    struct writer writer;
    avro_schema_t schema;
    avro_value_iface_t *class;
    struct purchase_plan *plan;
    struct random random;
    uint64_t masked;
    uint64_t unchanged;
};

static void read_whole(const struct world *world, struct view body, avro_value_t *value)
{
    assert_int_equal(avro_generic_value_new(world->class, value), 0);
    avro_reader_t reader = avro_reader_memory((const char *)body.data, (int64_t)body.size);
    char more;
    assert_int_equal(avro_value_read(reader, value), 0);
    assert_int_not_equal(avro_read(reader, &more, 1), 0); // and nothing is left
    avro_reader_free(reader);
}

static avro_value_t card_of(avro_value_t *record)
{
    avro_value_t value = {0}, branch = {0};
    assert_int_equal(avro_value_get_by_name(record, "credit_card", &value, NULL), 0);
    if (avro_value_get_type(&value) != AVRO_UNION)
        return value;
    assert_int_equal(avro_value_get_current_branch(&value, &branch), 0);
    return branch;
}

static void set_card(avro_value_t *card, const char *text)
{
    if (avro_value_get_type(card) == AVRO_STRING)
        assert_int_equal(avro_value_set_string(card, text), 0);
    else
        assert_int_equal(avro_value_set_bytes(card, (void *)(uintptr_t)text, strlen(text)), 0);
}

static size_t written(avro_value_t *value, char *out)
{
    avro_writer_t writer = avro_writer_memory(out, ENCODED_BYTES_MAX);
    assert_int_equal(avro_value_write(writer, value), 0);
    size_t size = (size_t)avro_writer_tell(writer);
    avro_writer_free(writer);
    return size;
}

// Equal to the last bit, NaNs too: avro-c encodes both alike.
static void assert_same(avro_value_t *a, avro_value_t *b)
{
    static char first[ENCODED_BYTES_MAX], second[ENCODED_BYTES_MAX];
    size_t size = written(a, first);
    assert_int_equal(written(b, second), size);
    assert_memory_equal(first, second, size);
}

// avro-c reads the original, puts the mask in, and has the very value that it reads of our bytes.
static void body_check(struct world *world, struct view body)
{
    const char *reason = "";
    struct purchase purchase;
    struct buffer out;
    avro_value_t original, ours;
    if (purchase_decode(world->plan, body, &purchase, &reason) != DEAD_LETTER_NONE)
        return;
    bool own = (purchase.present & PURCHASE_CREDIT_CARD) != 0;
    if (own && purchase.credit_card.size == 0)
        return;
    char masked[CARD_MASKED_MAX];
    card_mask(purchase.credit_card, masked);
    buffer_init(&out, 1 << 24);
    assert_true(mask_append(body, &purchase, view_text(masked), &out));
    read_whole(world, body, &original);
    read_whole(world, buffer_view(&out), &ours);
    if (own) {
        avro_value_t card = card_of(&original);
        set_card(&card, masked);
    }
    assert_same(&original, &ours);
    size_t front = own ? (size_t)(purchase.credit_card.data - body.data) - 10 : 0;
    if (own && purchase.credit_card.data - body.data > 10)
        assert_memory_equal(out.data, body.data, front);
    size_t back = own ? (size_t)(body.data + body.size - purchase.credit_card.data) -
                            purchase.credit_card.size
                      : body.size;
    assert_memory_equal(out.data + out.size - back, body.data + body.size - back, back);
    world->masked += own;
    world->unchanged += !own;
    avro_value_decref(&original);
    avro_value_decref(&ours);
    buffer_release(&out);
}

static void schema_check(struct world *world, uint64_t seed)
{
    struct error err;
    struct buffer body;
    random_seed(&world->random, seed);
    writer_random(&world->writer, &world->random, false);
    struct view json = buffer_view(&world->writer.json);
    assert_int_equal(
        avro_schema_from_json_length((const char *)json.data, json.size, &world->schema), 0);
    world->class = avro_generic_class_from_schema(world->schema);
    buffer_init(&body, 1 << 24);
    if (purchase_plan_compile(json, 0, &world->plan, &err) == STATUS_OK) {
        for (int i = 0; i < DATA_EACH; i++) {
            buffer_clear(&body);
            datum_random(world->schema, &world->random, &body);
            body_check(world, buffer_view(&body));
        }
        purchase_plan_free(world->plan);
    }
    buffer_release(&body);
    avro_value_iface_decref(world->class);
    avro_schema_decref(world->schema);
    writer_release(&world->writer);
}

static void random_purchases__differ_in_the_card_alone(void **state)
{
    (void)state;
    struct world world = {.masked = 0};
    uint64_t schemas = scale_count(SCHEMAS);
    for (uint64_t seed = 1; seed <= schemas; seed++)
        schema_check(&world, seed);
    print_message("%llu masked, %llu unchanged\n", (unsigned long long)world.masked,
                  (unsigned long long)world.unchanged);
    assert_true(world.masked > schemas && world.unchanged > schemas);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(card__is_replaced_and_its_length),
        cmocka_unit_test(length_longer_than_it_has_to_be__is_found),
        cmocka_unit_test(length_of_two_bytes__is_found),
        cmocka_unit_test(purchase_without_a_card_of_its_own__is_unchanged),
        cmocka_unit_test(buffer_too_small__is_said),
        cmocka_unit_test(random_purchases__differ_in_the_card_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
