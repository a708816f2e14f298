// SPDX-License-Identifier: Apache-2.0
// `cardwatch tail` on records that have no frame: whatever bytes there are become one line of JSON.
// (Framed ones: avro_json_fuzz.)
//   u8 what is shown, u8 room; key, 0xff, header's name, 0xff, header's value, 0xff, value
#include <stdlib.h>

#include "base/assert.h"
#include "broker/broker.h"
#include "cli/tail_line.h"
#include "fuzz/fuzz.h"

enum { MARK = 0xff, ROOM_BYTES_MIN = 64, FRAME_BYTES_MIN = 5 };

// A frame needs a registry to be read.
static struct view unframed(struct view bytes)
{
    if (bytes.size >= FRAME_BYTES_MIN && bytes.data[0] == 0)
        return (struct view){bytes.data + 1, bytes.size - 1};
    return bytes;
}

static struct view key_read(struct reader *input)
{
    struct view key = fuzz_part(input, MARK);
    while (key.size >= FRAME_BYTES_MIN && key.data[0] == 0)
        key = unframed(key);
    return fuzz_exact(key);
}

static void check_line(const struct tail_options *options, const struct kafka_followed *record,
                       size_t room)
{
    struct buffer out;
    struct error err = {""};
    struct tail_values *values = tail_values_open(NULL, false);
    buffer_init(&out, room);
    if (tail_line_append(options, values, record, &out, &err) == STATUS_OK) {
        ensure(fuzz_is_json(buffer_view(&out)));
        ensure(memchr(out.data, '\n', out.size) == NULL);
    } else {
        ensure(out.size == 0 && strstr(err.text, "too large") != NULL);
    }
    buffer_release(&out);
    tail_values_close(values);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader input = fuzz_input(data, size);
    uint8_t shown = fuzz_byte(&input);
    size_t room = (size_t)ROOM_BYTES_MIN << fuzz_byte(&input) % 12;
    struct view key = key_read(&input);
    char *name = fuzz_text(fuzz_part(&input, MARK));
    struct view header_value = fuzz_exact(fuzz_part(&input, MARK));
    struct view value = fuzz_rest(&input);
    while (value.size >= FRAME_BYTES_MIN && value.data[0] == 0)
        value = unframed(value);
    const struct header header = {name, header_value};
    const struct kafka_followed record = {.offset = 7,
                                          .has_timestamp = (shown & 1) != 0,
                                          .key = (shown & 2) != 0 ? key : (struct view){NULL, 0},
                                          .value = value,
                                          .headers = &header,
                                          .header_count = 1};
    const struct tail_options options = {.show_key = (shown & 4) != 0,
                                         .show_headers = (shown & 8) != 0,
                                         .show_timestamp = (shown & 16) != 0,
                                         .show_partition = (shown & 32) != 0};
    check_line(&options, &record, room);
    free((void *)(uintptr_t)key.data);
    free((void *)(uintptr_t)header_value.data);
    free(name);
    return 0;
}
