// SPDX-License-Identifier: Apache-2.0
// Byte layout of the meta record ("zigzag" is a signed LEB128 varint, Avro's long):
//   u8 format version (1)
//   u8 bit 0: stream time follows; bit 1: at least once; others 0
//   u64 big-endian incarnation
//   zigzag input offset
//   [zigzag stream time]
//   16 bytes fingerprint
//   varint size, and as many bytes of transactional.id
// Nothing may follow.
#include "store/record.h"

enum { META_HAS_STREAM_TIME = 1, META_AT_LEAST_ONCE = 2 };

bool meta_encode(const struct meta *meta, struct buffer *out)
{
    size_t size = out->size;
    size_t id_size = strnlen(meta->transactional_id, TRANSACTIONAL_ID_BYTES_MAX);
    uint8_t flags = (uint8_t)((meta->stream_time.known ? META_HAS_STREAM_TIME : 0) |
                              (meta->at_least_once ? META_AT_LEAST_ONCE : 0));
    bool done = buffer_append_byte(out, META_FORMAT_VERSION) && buffer_append_byte(out, flags) &&
                buffer_append_be64(out, meta->incarnation) &&
                buffer_append_zigzag(out, meta->input_offset) &&
                (!meta->stream_time.known || buffer_append_zigzag(out, meta->stream_time.ms)) &&
                buffer_append(out, meta->fingerprint, FINGERPRINT_BYTES) &&
                buffer_append_varint(out, id_size) &&
                buffer_append(out, meta->transactional_id, id_size);
    if (!done)
        out->size = size;
    return done;
}

static bool read_stream_time(struct reader *reader, uint8_t flags, struct optional_ms *out)
{
    *out = (struct optional_ms){.known = (flags & META_HAS_STREAM_TIME) != 0};
    return !out->known || reader_zigzag(reader, &out->ms);
}

static bool read_fingerprint(struct reader *reader, uint8_t out[FINGERPRINT_BYTES])
{
    struct view bytes;
    if (!reader_view(reader, FINGERPRINT_BYTES, &bytes))
        return false;
    memcpy(out, bytes.data, FINGERPRINT_BYTES);
    return true;
}

static bool read_transactional_id(struct reader *reader, char *out)
{
    uint64_t size;
    struct view text;
    if (!reader_varint(reader, &size) || size > TRANSACTIONAL_ID_BYTES_MAX ||
        !reader_view(reader, size, &text))
        return false;
    if (memchr(text.data, '\0', text.size) != NULL)
        return false;
    memcpy(out, text.data, text.size);
    out[text.size] = '\0';
    return true;
}

static bool read_meta(struct reader *reader, struct meta *out)
{
    uint8_t flags;
    if (!reader_byte(reader, &flags) || (flags & ~(META_HAS_STREAM_TIME | META_AT_LEAST_ONCE)))
        return false;
    out->at_least_once = (flags & META_AT_LEAST_ONCE) != 0;
    return reader_be64(reader, &out->incarnation) && reader_zigzag(reader, &out->input_offset) &&
           read_stream_time(reader, flags, &out->stream_time) &&
           read_fingerprint(reader, out->fingerprint) &&
           read_transactional_id(reader, out->transactional_id) && reader_left(reader) == 0;
}

enum status meta_decode(struct view bytes, struct meta *out, struct error *err)
{
    struct reader reader = reader_of(bytes);
    uint8_t version;
    *out = (struct meta){.incarnation = 0};
    if (!reader_byte(&reader, &version))
        return error_set(err, STATUS_FATAL, "the meta record is empty");
    if (version != META_FORMAT_VERSION)
        return error_set(err, STATUS_FATAL,
                         "the meta record has format version %u, this program reads version %d",
                         version, META_FORMAT_VERSION);
    if (!read_meta(&reader, out))
        return error_set(err, STATUS_FATAL, "the meta record of %zu bytes is damaged", bytes.size);
    return STATUS_OK;
}

static const uint8_t meta_key[] = {'m', 'e', 't', 'a'};

struct view changelog_meta_key(void)
{
    return (struct view){meta_key, sizeof(meta_key)};
}

void changelog_key_encode(uint64_t incarnation, const struct token *token,
                          uint8_t out[CHANGELOG_KEY_BYTES])
{
    uint64_t big_endian = __builtin_bswap64(incarnation);
    memcpy(out, &big_endian, sizeof(big_endian));
    memcpy(out + sizeof(big_endian), token->bytes, TOKEN_BYTES);
}

enum changelog_key_kind changelog_key_decode(struct view key, uint64_t *incarnation,
                                             struct token *token)
{
    if (view_equal(key, changelog_meta_key()))
        return CHANGELOG_KEY_META;
    if (key.size != CHANGELOG_KEY_BYTES)
        return CHANGELOG_KEY_UNKNOWN;
    memcpy(incarnation, key.data, sizeof(*incarnation));
    *incarnation = __builtin_bswap64(*incarnation);
    memcpy(token->bytes, key.data + sizeof(*incarnation), TOKEN_BYTES);
    return CHANGELOG_KEY_CARD;
}
