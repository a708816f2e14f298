// SPDX-License-Identifier: Apache-2.0
// Schema texts as a registry may serve them: parser, plan and alert encoder, and what they do with
// bytes. Nobody vouches for such a schema, so the program's readers are held against each other.
//   u8 needed fields, the schema's text, NUL, a body
#include <stdlib.h>

#include "base/assert.h"
#include "fuzz/fuzz.h"
#include "wire/alert.h"
#include "wire/avro_json.h"
#include "wire/avsc.h"
#include "wire/purchase.h"
#include "wire/skip.h"

enum { OUT_BYTES_MAX = 64 * 1024, ALERT_BYTES_MAX = 1024 * 1024 };

static bool is_datum(const struct avsc *avsc, struct view body)
{
    const uint8_t *end = body.data + body.size;
    return skip_datum(avsc, avsc->root, body.data, end) == end;
}

static void check_json(const struct avsc *avsc, struct view body)
{
    struct buffer out;
    const char *reason = NULL;
    buffer_init(&out, OUT_BYTES_MAX);
    if (avro_json_append(avsc, body, &out, &reason))
        ensure(is_datum(avsc, body) && fuzz_is_json(buffer_view(&out)));
    else
        ensure(!is_datum(avsc, body) || strstr(reason, " too ") != NULL);
    buffer_release(&out);
}

static void check_plan(const struct avsc *avsc, struct view schema, uint32_t needed,
                       struct view body)
{
    struct purchase_plan *plan;
    struct purchase purchase;
    const char *reason = NULL;
    struct error err = {""};
    if (purchase_plan_compile(schema, needed, &plan, &err) != STATUS_OK) {
        ensure(strlen(err.text) > 20);
        return;
    }
    ensure(avsc != NULL);
    enum dead_letter_class class = purchase_decode(plan, body, &purchase, &reason);
    if (class == DEAD_LETTER_BAD_AVRO)
        ensure(!is_datum(avsc, body));
    else if (class == DEAD_LETTER_NONE && body.size < SKIP_DEPTH_MAX)
        ensure(is_datum(avsc, body));
    purchase_plan_free(plan);
}

// What is encoded by a schema is a datum of it.
static void check_encoder(const struct avsc *avsc, struct view schema, struct view body)
{
    struct alert_encoder *encoder;
    struct error err = {""};
    if (alert_encoder_compile(schema, 7, &encoder, &err) != STATUS_OK) {
        ensure(strlen(err.text) > 20);
        return;
    }
    struct buffer out;
    uint32_t id = 0;
    struct view encoded;
    const int64_t ids[] = {INT64_MIN, 3};
    const struct alert_fields alert = {.type = view_text("rule"),
                                       .credit_card = body,
                                       .timestamp_ms = -7,
                                       .count = 3,
                                       .known = (uint32_t)body.size,
                                       .purchase_ids = ids,
                                       .purchase_id_count = 2};
    buffer_init(&out, ALERT_BYTES_MAX);
    alert_encode_avro(encoder, &alert, &out);
    ensure(avsc != NULL && frame_split(buffer_view(&out), &id, &encoded) && id == 7);
    ensure(is_datum(avsc, encoded));
    buffer_release(&out);
    alert_encoder_free(encoder);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader input = fuzz_input(data, size);
    struct avsc *avsc = NULL;
    struct error err = {""};
    uint32_t needed = fuzz_byte(&input);
    struct view schema = fuzz_exact(fuzz_part(&input, '\0'));
    struct view body = fuzz_rest(&input);
    char described[AVSC_DESCRIPTION_BYTES];
    if (avsc_parse(schema, &avsc, &err) != STATUS_OK) {
        ensure(strlen(err.text) > 20 && avsc == NULL);
    } else {
        avsc_describe(avsc, avsc->root, described);
        ensure(strlen(described) < sizeof(described));
        check_json(avsc, body);
    }
    check_plan(avsc, schema, needed, body);
    check_encoder(avsc, schema, body);
    avsc_free(avsc);
    free((void *)(uintptr_t)schema.data);
    return 0;
}
