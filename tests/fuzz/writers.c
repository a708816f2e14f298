// SPDX-License-Identifier: Apache-2.0
#include "fuzz/writers.h"

#include "base/assert.h"
#include "base/memory.h"
#include "lib/random.h"
#include "wire/schemas.h"

enum { BODY_BYTES_MAX = 1 << 20, EDITS_MAX = 64, EDIT_BYTES = 4 };

static struct fuzz_writer writers[UINT8_MAX + 1];

const struct fuzz_writer *fuzz_writer(uint8_t number)
{
    struct fuzz_writer *made = &writers[number];
    struct random random;
    struct error err;
    if (made->avsc != NULL)
        return made;
    random_seed(&random, number);
    if (number > 0)
        writer_random(&made->writer, &random, false);
    made->json = number > 0 ? buffer_view(&made->writer.json) : schema_purchase();
    ensure(avro_schema_from_json_length((const char *)made->json.data, made->json.size,
                                        &made->schema) == 0);
    ensure(avsc_parse(made->json, &made->avsc, &err) == STATUS_OK);
    return made;
}

static void edit(struct buffer *body, uint64_t kind, size_t place, uint8_t value)
{
    size_t at = body->size == 0 ? 0 : place % body->size;
    if (kind % 4 == 3 || body->size == 0) {
        ensure(buffer_append_byte(body, 0));
        memmove(body->data + at + 1, body->data + at, body->size - at - 1);
        body->data[at] = value;
    } else if (kind % 4 == 2) {
        body->size = at;
    } else {
        body->data[at] = kind % 4 == 0 ? value : body->data[at] ^ value;
    }
}

struct view fuzz_body(const struct fuzz_writer *writer, struct reader *input)
{
    uint8_t seed = fuzz_byte(input);
    struct random random;
    struct buffer body;
    if (seed == 0)
        return fuzz_exact(fuzz_rest(input));
    random_seed(&random, seed);
    buffer_init(&body, BODY_BYTES_MAX);
    datum_random(writer->schema, &random, &body);
    for (int i = 0; i < EDITS_MAX && reader_left(input) >= EDIT_BYTES; i++) {
        uint64_t kind = fuzz_number(input, 1);
        size_t place = (size_t)fuzz_number(input, 2);
        edit(&body, kind, place, fuzz_byte(input));
    }
    struct view exact = fuzz_exact(buffer_view(&body));
    buffer_release(&body);
    return exact;
}
