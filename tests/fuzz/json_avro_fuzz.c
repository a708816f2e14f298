// SPDX-License-Identifier: Apache-2.0
// JSON that `cardwatch send` takes: the tree is held against the strict reader of the fuzzers, what
// is encoded against the strict reader of Avro.
//   u8 schema, u8 room for the datum, then the text; when the text begins with 0x00, the JSON of a
//   datum instead: u8 seed, then edits (writers.h)
#include <stdlib.h>

#include "base/assert.h"
#include "fuzz/fuzz.h"
#include "fuzz/writers.h"
#include "lib/strict_walk.h"
#include "wire/avro_json.h"
#include "wire/json_avro.h"

enum { ROOM_BYTES_MIN = 64, SHOWN_BYTES_MAX = 1 << 20 };

// What the strict reader takes, or the tree has no place for.
static bool is_refused_rightly(struct view text, const char *reason)
{
    return !fuzz_is_json(text) || strcmp(reason, "it nests too deeply") == 0 ||
           strcmp(reason, "half of a surrogate pair is no character") == 0;
}

static void check_datum(const struct fuzz_writer *writer, const struct tree *tree,
                        struct buffer *out)
{
    struct json_avro *encoder;
    struct error err = {""};
    ensure(json_avro_open(writer->avsc, &encoder, &err) == STATUS_OK);
    ensure(buffer_append_byte(out, '#'));
    if (json_avro_append(encoder, tree, out, &err) == STATUS_OK) {
        const struct view body = {out->data + 1, out->size - 1};
        ensure(out->size <= out->max && out->data[0] == '#');
        ensure(strict_walk(writer->schema, body).strict == STRICT_VALID);
    } else {
        ensure(out->size == 1 && strlen(err.text) > 10);
    }
    json_avro_close(encoder);
}

static void check(const struct fuzz_writer *writer, struct view text, struct buffer *out)
{
    struct tree tree;
    const char *reason;
    size_t at;
    tree_init(&tree);
    if (tree_read(&tree, text, &reason, &at)) {
        ensure(fuzz_is_json(text));
        check_datum(writer, &tree, out);
    } else {
        ensure(at <= text.size && is_refused_rightly(text, reason));
    }
    tree_release(&tree);
}

// The text of a datum, as tail shows it; empty when it cannot be shown.
static struct view shown(const struct fuzz_writer *writer, struct reader *input)
{
    struct buffer text;
    const char *reason;
    struct view body = fuzz_body(writer, input);
    buffer_init(&text, SHOWN_BYTES_MAX);
    if (!avro_json_append(writer->avsc, body, &text, &reason))
        buffer_clear(&text);
    free((void *)(uintptr_t)body.data);
    struct view exact = fuzz_exact(buffer_view(&text));
    buffer_release(&text);
    return exact;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader input = fuzz_input(data, size);
    struct buffer out;
    const struct fuzz_writer *writer = fuzz_writer(fuzz_byte(&input));
    buffer_init(&out, (size_t)ROOM_BYTES_MIN << fuzz_byte(&input) % 12);
    bool datum = reader_left(&input) > 0 && *input.at == 0;
    struct view text = {NULL, 0};
    if (datum)
        (void)fuzz_byte(&input);
    text = datum ? shown(writer, &input) : fuzz_exact(fuzz_rest(&input));
    check(writer, text, &out);
    buffer_release(&out);
    free((void *)(uintptr_t)text.data);
    return 0;
}
