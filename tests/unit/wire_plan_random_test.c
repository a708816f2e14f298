// SPDX-License-Identifier: Apache-2.0
// Damaged schema texts: whatever comes of them, nothing crashes, leaks or reads past an end (a
// sanitizer sees it), and plans that still compile take any bytes.
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/writer_random.h"
#include "wire/purchase.h"

enum { TEXTS = 3000, BODIES_EACH = 4 };

static const char *const words[] = {"\"null\"",     "\"int\"",   "\"record\"",
                                    "\"fixed\"",    "\"array\"", "[]",
                                    "{}",           "\"name\"",  "\"com.example.model.Purchase\"",
                                    "\"Purchase\"", "null",      "1e9",
                                    "-1",           "\"size\"",  "\"symbols\"",
                                    "\"aliases\"",  "\"scale\"", "\"logicalType\"",
                                    "\\u0000"};

static void text_damage(struct random *random, struct buffer *text)
{
    size_t at = random_below(random, text->size);
    const char *word = words[random_below(random, sizeof(words) / sizeof(words[0]))];
    size_t size = strlen(word);
    switch (random_below(random, 4)) {
    case 0:
        text->data[at] = (uint8_t)random_next(random);
        return;
    case 1:
        text->size = at;
        return;
    case 2: // a stretch gone
        size = random_below(random, text->size - at);
        memmove(text->data + at, text->data + at + size, text->size - at - size);
        text->size -= size;
        return;
    default:
        if (size <= text->size - at)
            memcpy(text->data + at, word, size);
    }
}

// In place of a whole quoted word, so that the text stays JSON and its meaning changes.
static void word_damage(struct random *random, struct buffer *text)
{
    size_t at = random_below(random, text->size);
    const uint8_t *from = memchr(text->data + at, '"', text->size - at);
    if (from == NULL || from + 1 == text->data + text->size)
        return;
    const uint8_t *to = memchr(from + 1, '"', (size_t)(text->data + text->size - from - 1));
    if (to == NULL)
        return;
    size_t head = (size_t)(from - text->data), tail = (size_t)(text->data + text->size - to - 1);
    const char *word = words[random_below(random, sizeof(words) / sizeof(words[0]))];
    struct buffer whole;
    buffer_init(&whole, 1u << 20);
    assert_true(buffer_append(&whole, text->data, head));
    assert_true(buffer_append(&whole, word, strlen(word)));
    assert_true(buffer_append(&whole, to + 1, tail));
    buffer_release(text);
    *text = whole;
}

static void bodies_decode(struct random *random, const struct purchase_plan *plan)
{
    for (int i = 0; i < BODIES_EACH; i++) {
        size_t size = random_below(random, 200);
        uint8_t *body = malloc(size + 1);
        assert_non_null(body);
        for (size_t b = 0; b < size; b++)
            body[b + 1] = (uint8_t)(random_chance(random, 1, 2) ? random_below(random, 8)
                                                                : random_next(random));
        struct purchase purchase;
        const char *reason = NULL;
        enum dead_letter_class class =
            purchase_decode(plan, (struct view){body + 1, size}, &purchase, &reason);
        assert_true((class == DEAD_LETTER_NONE) == (reason == NULL));
        free(body);
    }
}

static void damaged_schema_texts__are_refused_or_compile(void **state)
{
    (void)state;
    unsigned compiled = 0;
    for (uint64_t seed = 1; seed <= TEXTS; seed++) {
        struct random random;
        random_seed(&random, seed);
        struct writer writer;
        writer_random(&writer, &random, false);
        for (uint64_t i = random_below(&random, 3); i > 0; i--)
            word_damage(&random, &writer.json);
        if (random_chance(&random, 1, 3))
            text_damage(&random, &writer.json);
        struct purchase_plan *plan = NULL;
        struct error err = {""};
        enum status status = purchase_plan_compile(
            buffer_view(&writer.json), (uint32_t)random_below(&random, 64), &plan, &err);
        if ((status == STATUS_OK) != (plan != NULL) || (status != STATUS_OK && err.text[0] == '\0'))
            fail_msg("seed %" PRIu64, seed);
        compiled += status == STATUS_OK;
        if (status == STATUS_OK)
            bodies_decode(&random, plan);
        purchase_plan_free(plan);
        writer_release(&writer);
    }
    assert_true(compiled > TEXTS / 10 && compiled < TEXTS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(damaged_schema_texts__are_refused_or_compile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
