// SPDX-License-Identifier: Apache-2.0
#include "lib/plain_alert.h"

enum { FRAME_BYTES = 5 };

static bool take_text(struct reader *reader, struct view *text)
{
    int64_t branch;
    int64_t size;
    return reader_zigzag(reader, &branch) && branch == 1 && reader_zigzag(reader, &size) &&
           size >= 0 && reader_view(reader, (uint64_t)size, text);
}

bool plain_alert_read(struct view value, struct plain_alert *out)
{
    struct reader reader = reader_of(value);
    struct view frame;
    int64_t branch;
    return value.data != NULL && reader_view(&reader, FRAME_BYTES, &frame) &&
           take_text(&reader, &out->type) && take_text(&reader, &out->card) &&
           reader_zigzag(&reader, &branch) && branch == 1 &&
           reader_zigzag(&reader, &out->timestamp_ms) && reader_left(&reader) == 0;
}
