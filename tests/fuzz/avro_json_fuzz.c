// SPDX-License-Identifier: Apache-2.0
// The decoder of any datum, which `cardwatch tail` shows as JSON, and the skipper: compared with
// each other and with the strict reader of the tests.
//   u8 schema, u8 room for the JSON, then a body (writers.h)
#include <stdlib.h>

#include "base/assert.h"
#include "fuzz/fuzz.h"
#include "fuzz/writers.h"
#include "lib/strict_walk.h"
#include "wire/avro_json.h"
#include "wire/json_text.h"
#include "wire/skip.h"

enum { ROOM_BYTES_MIN = 64 };

static bool is_about_bounds(const char *reason)
{
    return strcmp(reason, "it is too large to be shown") == 0 ||
           strcmp(reason, "it nests too deeply") == 0;
}

static void check(const struct fuzz_writer *writer, struct view body, struct buffer *out)
{
    const char *reason = NULL;
    const struct avsc *avsc = writer->avsc;
    bool valid = strict_walk(writer->schema, body).strict == STRICT_VALID;
    const uint8_t *end = body.data + body.size;
    ensure((skip_datum(avsc, avsc->root, body.data, end) == end) == valid);
    ensure(buffer_append_byte(out, '#'));
    bool shown = avro_json_append(avsc, body, out, &reason);
    ensure(out->size <= out->max && out->data[0] == '#');
    if (!shown) {
        ensure(reason != NULL && (!valid || is_about_bounds(reason)));
        return;
    }
    ensure(valid && reason == NULL);
    buffer_clear(out);
    ensure(buffer_append_byte(out, '#'));
    if (!avro_json_append_readable(avsc, body, out, &reason))
        return;
    ensure(fuzz_is_json((struct view){out->data + 1, out->size - 1}));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader input = fuzz_input(data, size);
    struct buffer out;
    const struct fuzz_writer *writer = fuzz_writer(fuzz_byte(&input));
    buffer_init(&out, (size_t)ROOM_BYTES_MIN << fuzz_byte(&input) % 12);
    struct view body = fuzz_body(writer, &input);
    check(writer, body, &out);
    buffer_release(&out);
    free((void *)(uintptr_t)body.data);
    return 0;
}
