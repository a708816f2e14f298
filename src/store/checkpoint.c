// SPDX-License-Identifier: Apache-2.0
#include "store/checkpoint.h"

bool checkpoint_encode(const struct checkpoint *checkpoint, struct buffer *out)
{
    size_t size = out->size;
    bool cut_off = checkpoint_is_cut_off(checkpoint);
    bool done =
        buffer_append_byte(out, cut_off ? CHECKPOINT_FORMAT_CUT_OFF : CHECKPOINT_FORMAT_VERSION) &&
        buffer_append_zigzag(out, checkpoint->changelog_offset) &&
        (!cut_off || buffer_append_zigzag(out, checkpoint->reach)) &&
        meta_encode(&checkpoint->meta, out);
    if (!done)
        out->size = size;
    return done;
}

enum status checkpoint_decode(struct view bytes, struct checkpoint *out, struct error *err)
{
    struct reader reader = reader_of(bytes);
    uint8_t version = 0;
    if (!reader_byte(&reader, &version) || version < CHECKPOINT_FORMAT_VERSION ||
        version > CHECKPOINT_FORMAT_CUT_OFF)
        return error_set(err, STATUS_RECORD,
                         "the checkpoint record has version %u, this program reads versions %d "
                         "and %d",
                         version, CHECKPOINT_FORMAT_VERSION, CHECKPOINT_FORMAT_CUT_OFF);
    bool cut_off = version == CHECKPOINT_FORMAT_CUT_OFF;
    out->reach = 0;
    if (!reader_zigzag(&reader, &out->changelog_offset) || out->changelog_offset < 0 ||
        (cut_off && !reader_zigzag(&reader, &out->reach)) || cut_off != checkpoint_is_cut_off(out))
        return error_set(err, STATUS_RECORD, "the checkpoint record is damaged");
    struct view meta = {reader.at, reader_left(&reader)};
    if (meta_decode(meta, &out->meta, err) != STATUS_OK)
        return error_prefix(err, STATUS_RECORD, "the checkpoint record");
    return STATUS_OK;
}
