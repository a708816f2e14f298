// SPDX-License-Identifier: Apache-2.0
// Frame and decode: bytes against a writer's schema, compared with the strict reader of the tests.
//   u8 schema, u8 needed fields, u8 bytes of the message key, the key, then a body (writers.h)
#include <jansson.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "fuzz/fuzz.h"
#include "fuzz/writers.h"
#include "lib/strict_walk.h"
#include "wire/mask.h"
#include "wire/purchase.h"
#include "wire/skip.h"

static struct purchase_plan *plans[UINT8_MAX + 1];

static const uint32_t always = PURCHASE_CREDIT_CARD | PURCHASE_TIMESTAMP;

// The plan for all of the writer's fields; NULL when one of them cannot be read.
static const struct purchase_plan *whole_plan(uint8_t number)
{
    struct error err;
    if (plans[number] == NULL)
        (void)!purchase_plan_compile(fuzz_writer(number)->json, 63, &plans[number], &err);
    return plans[number];
}

// A member that is needed has a branch that cannot be read: that may be met before bad bytes are.
static bool may_mismatch(const struct fuzz_writer *writer, uint32_t needed)
{
    for (size_t i = 0; i < WRITER_MEMBERS; i++) {
        const struct writer_member *member = &writer->writer.members[i];
        for (uint32_t b = 0; b < member->branch_count; b++) {
            if (member->branches[b] == READING_NONE && (needed & 1u << i) != 0)
                return true;
        }
    }
    return false;
}

static bool lies_in(struct view part, struct view whole)
{
    return part.size == 0 ||
           (part.data >= whole.data && part.data + part.size <= whole.data + whole.size);
}

static void check_class(const struct fuzz_writer *writer, uint32_t needed, struct view body,
                        enum dead_letter_class class)
{
    struct strict_result strict = strict_walk(writer->schema, body);
    bool mismatch = class == DEAD_LETTER_SCHEMA_MISMATCH;
    ensure(!mismatch || may_mismatch(writer, needed));
    if (strict.strict == STRICT_VALID)
        ensure(class == DEAD_LETTER_NONE || mismatch);
    else if (body.size < SKIP_DEPTH_MAX) // the two count the record itself differently
        ensure(class == DEAD_LETTER_BAD_AVRO || mismatch);
}

// jansson has a UTF-8 decoder of its own.
static bool is_utf8(struct view text)
{
    json_t *json = json_stringn((const char *)text.data, text.size);
    json_decref(json);
    return json != NULL;
}

static void check_card(const struct purchase *purchase, struct view key)
{
    const char *reason = NULL;
    struct view card;
    bool own = (purchase->present & PURCHASE_CREDIT_CARD) != 0;
    struct view expected = own ? purchase->credit_card : key;
    bool good = expected.data != NULL && expected.size > 0 && expected.size <= CARD_BYTES_MAX &&
                is_utf8(expected);
    ensure(purchase_card(purchase, key, &card, &reason) == good);
    ensure(good ? view_equal(card, expected) : reason != NULL);
}

// Leaving out a field that nobody needs changes nothing in the others.
static void check_fewer(const struct purchase *few, const struct purchase *all, uint32_t needed)
{
    ensure(few->present == (all->present & (needed | always)));
    ensure(few->timestamp_ms == all->timestamp_ms);
    ensure(view_equal(few->credit_card, all->credit_card));
    ensure((few->present & PURCHASE_ID) == 0 || few->id == all->id);
    ensure((few->present & PURCHASE_CATEGORY) == 0 || view_equal(few->category, all->category));
}

// The masked body reads as the purchase with another card, and is the same on both sides of it.
static void check_masked(const struct purchase_plan *plan, const struct purchase *purchase,
                         struct view body)
{
    struct view masked = view_text("************4444");
    bool own = (purchase->present & PURCHASE_CREDIT_CARD) != 0;
    struct purchase read;
    const char *reason = NULL;
    struct buffer out;
    if (own && purchase->credit_card.size == 0)
        return;
    buffer_init(&out, body.size + 64);
    ensure(mask_append(body, purchase, masked, &out));
    struct view copy = fuzz_exact(buffer_view(&out));
    ensure(own || view_equal(copy, body));
    ensure(purchase_decode(plan, copy, &read, &reason) == DEAD_LETTER_NONE);
    ensure(read.present == purchase->present && read.timestamp_ms == purchase->timestamp_ms);
    ensure(read.id == purchase->id && view_equal(read.category, purchase->category));
    ensure(!own || view_equal(read.credit_card, masked));
    if (own) {
        const uint8_t *end = body.data + body.size;
        size_t back = (size_t)(end - purchase->credit_card.data) - purchase->credit_card.size;
        ensure(back <= copy.size);
        ensure(memcmp(copy.data + copy.size - back, end - back, back) == 0);
    }
    buffer_release(&out);
    free((void *)(uintptr_t)copy.data);
}

static void check_body(uint8_t number, uint32_t needed, struct view body, struct view key)
{
    const struct fuzz_writer *writer = fuzz_writer(number);
    const struct purchase_plan *whole = whole_plan(number);
    struct purchase_plan *plan;
    struct purchase purchase, all;
    const char *reason = NULL;
    struct error err;
    if (purchase_plan_compile(writer->json, needed, &plan, &err) != STATUS_OK)
        return;
    enum dead_letter_class class = purchase_decode(plan, body, &purchase, &reason);
    check_class(writer, needed | always, body, class);
    ensure(class == DEAD_LETTER_NONE || reason != NULL);
    if (class == DEAD_LETTER_NONE) {
        ensure(lies_in(purchase.category, body) && lies_in(purchase.credit_card, body));
        check_card(&purchase, key);
        check_masked(plan, &purchase, body);
        if (whole != NULL && purchase_decode(whole, body, &all, &reason) == DEAD_LETTER_NONE)
            check_fewer(&purchase, &all, needed);
    }
    purchase_plan_free(plan);
}

// The same bytes as a message of their own.
static void check_frame(struct view value)
{
    uint32_t id = 0;
    struct view body;
    bool framed = value.size >= 5 && value.data[0] == 0;
    ensure(frame_split(value, &id, &body) == framed);
    if (!framed)
        return;
    ensure(id == ((uint32_t)value.data[1] << 24 | (uint32_t)value.data[2] << 16 |
                  (uint32_t)value.data[3] << 8 | value.data[4]));
    ensure(body.data == value.data + 5 && body.size == value.size - 5);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader input = fuzz_input(data, size);
    check_frame((struct view){data, size});
    uint8_t number = fuzz_byte(&input);
    uint32_t needed = fuzz_byte(&input) & 63u;
    size_t key_bytes = fuzz_byte(&input);
    struct view key = {NULL, 0};
    if (!reader_view(&input, key_bytes, &key))
        key = (struct view){NULL, 0};
    struct view body = fuzz_body(fuzz_writer(number), &input);
    check_body(number, needed, body, key);
    free((void *)(uintptr_t)body.data);
    return 0;
}
