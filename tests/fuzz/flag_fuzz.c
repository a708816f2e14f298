// SPDX-License-Identifier: Apache-2.0
// Rows of the travel_flags table: any schema with any body, and any key.
//   the schema's text (empty: schemas/travel_flags.avsc), NUL, u8 size of the key, the key, a body
#include <stdlib.h>

#include "base/assert.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "fuzz/fuzz.h"
#include "wire/avsc.h"
#include "wire/flag.h"
#include "wire/schemas.h"
#include "wire/skip.h"

static void check_key(struct view key)
{
    struct view card;
    const char *reason = NULL;
    if (!flag_card(key, &card, &reason)) {
        ensure(reason != NULL && strlen(reason) > 10);
        return;
    }
    ensure(card.size > 0 && card.size <= CARD_BYTES_MAX);
    ensure(card.data >= key.data && card.data + card.size <= key.data + key.size);
    ensure(utf8_is_valid(card));
}

static bool is_datum(struct view schema, struct view body)
{
    struct avsc *avsc = NULL;
    struct error err = {""};
    ensure(avsc_parse(schema, &avsc, &err) == STATUS_OK);
    const uint8_t *end = body.data + body.size;
    bool whole = skip_datum(avsc, avsc->root, body.data, end) == end;
    avsc_free(avsc);
    return whole;
}

static void check_row(struct view schema, struct view body)
{
    struct flag_plan *plan = NULL;
    struct error err = {""};
    const char *reason = NULL;
    bool enabled = false;
    if (flag_plan_compile(schema, &plan, &err) != STATUS_OK) {
        ensure(strlen(err.text) > 20);
        return;
    }
    if (!flag_decode(plan, body, &enabled, &reason))
        ensure(reason != NULL && strlen(reason) > 10);
    else if (body.size < SKIP_DEPTH_MAX)
        ensure(is_datum(schema, body));
    flag_plan_free(plan);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader input = fuzz_input(data, size);
    struct view text = fuzz_part(&input, '\0');
    struct view schema = fuzz_exact(text.size == 0 ? schema_travel_flags() : text);
    size_t key_size = fuzz_byte(&input);
    struct view key = {NULL, 0};
    if (key_size > reader_left(&input))
        key_size = reader_left(&input);
    ensure(reader_view(&input, key_size, &key));
    key = fuzz_exact(key);
    struct view body = fuzz_exact(fuzz_rest(&input));
    check_key(key);
    check_row(schema, body);
    free((void *)(uintptr_t)schema.data);
    free((void *)(uintptr_t)key.data);
    free((void *)(uintptr_t)body.data);
    return 0;
}
