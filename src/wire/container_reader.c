// SPDX-License-Identifier: Apache-2.0
#include "wire/container_reader.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <zlib.h>

#include "base/limits.h"
#include "base/memory.h"
#include "wire/avsc.h"
#include "wire/container.h"
#include "wire/skip.h"
#include "wire/snappy.h"

enum {
    META_ENTRIES_MAX = 1024,
    NAME_BYTES_MAX = 1024,
    VARINT_BYTES_MAX = 10,
    CRC_BYTES = 4,
    RAW_DEFLATE = -15, // zlib's name for a window of 32 KiB without a header
};

enum codec { CODEC_NULL, CODEC_DEFLATE, CODEC_SNAPPY };

struct container_reader {
    char *path;
    FILE *file;
    uint64_t size;
    uint64_t position;
    uint8_t sync[CONTAINER_SYNC_BYTES];
    enum codec codec;
    struct buffer schema;
    struct avsc *avsc;
    struct buffer stored; // a block as it is in the file
    struct buffer unpacked;
    int64_t left; // data of the block that have not been handed out
    const uint8_t *at;
    const uint8_t *end;
};

// ---------------------------------------------------------------------------------------------
// Bytes of the file

static enum status damaged(const struct container_reader *reader, const char *what,
                           struct error *err)
{
    if (ferror(reader->file))
        return error_set(err, STATUS_FATAL, "%s cannot be read: %s", reader->path, strerror(errno));
    return error_set(err, STATUS_FATAL, "%s is damaged or cut off before byte %" PRIu64 ": %s",
                     reader->path, reader->position, what);
}

static bool bytes_read(struct container_reader *reader, void *out, size_t size)
{
    size_t got = fread(out, 1, size, reader->file);
    reader->position += got;
    return got == size;
}

// *ended tells that the file ends where the number would begin.
static bool long_read(struct container_reader *reader, int64_t *out, bool *ended)
{
    uint64_t bits = 0;
    for (unsigned i = 0; i < VARINT_BYTES_MAX; i++) {
        int byte = getc_unlocked(reader->file);
        *ended = i == 0 && byte == EOF;
        if (byte == EOF)
            return false;
        reader->position++;
        bits |= (uint64_t)(byte & 0x7f) << (7 * i);
        if ((byte & 0x80) == 0) {
            *out = (int64_t)(bits >> 1) ^ -(int64_t)(bits & 1);
            return true;
        }
    }
    return false;
}

static bool sized_read(struct container_reader *reader, struct buffer *out)
{
    int64_t size;
    bool ended;
    buffer_clear(out);
    if (!long_read(reader, &size, &ended) || size < 0 || !buffer_reserve(out, (size_t)size))
        return false;
    out->size = (size_t)size;
    return size == 0 || bytes_read(reader, out->data, (size_t)size);
}

// ---------------------------------------------------------------------------------------------
// The header

static enum status codec_find(struct container_reader *reader, struct view name, struct error *err)
{
    static const char *const names[] = {
        [CODEC_NULL] = "null", [CODEC_DEFLATE] = "deflate", [CODEC_SNAPPY] = "snappy"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (!view_equal(name, view_text(names[i])))
            continue;
        reader->codec = (enum codec)i;
        return STATUS_OK;
    }
    return error_set(err, STATUS_FATAL,
                     "%s has the codec '%.*s'; null, deflate and snappy can be read", reader->path,
                     name.size < 64 ? (int)name.size : 64, (const char *)name.data);
}

static enum status entry_take(struct container_reader *reader, struct view name,
                              const struct buffer *value, struct error *err)
{
    if (view_equal(name, view_text("avro.codec")))
        return codec_find(reader, buffer_view(value), err);
    if (!view_equal(name, view_text("avro.schema")))
        return STATUS_OK;
    buffer_clear(&reader->schema);
    if (!buffer_append(&reader->schema, value->data, value->size))
        return damaged(reader, "its schema is too large", err);
    return STATUS_OK;
}

static enum status entries_read(struct container_reader *reader, int64_t count, struct error *err)
{
    struct buffer name;
    struct buffer value;
    enum status status = STATUS_OK;
    buffer_init(&name, NAME_BYTES_MAX);
    buffer_init(&value, SCHEMA_BYTES_MAX);
    for (int64_t i = 0; i < count && status == STATUS_OK; i++)
        status = sized_read(reader, &name) && sized_read(reader, &value)
                     ? entry_take(reader, buffer_view(&name), &value, err)
                     : damaged(reader, "the header's metadata", err);
    buffer_release(&name);
    buffer_release(&value);
    return status;
}

static enum status metadata_read(struct container_reader *reader, struct error *err)
{
    int64_t count;
    int64_t bytes;
    bool ended;
    enum status status = STATUS_OK;
    do {
        bool read = long_read(reader, &count, &ended);
        if (!read || count > META_ENTRIES_MAX || count < -META_ENTRIES_MAX)
            return damaged(reader, "the header's metadata", err);
        if (count < 0) { // its size in bytes follows then
            read = long_read(reader, &bytes, &ended);
            count = -count;
        }
        if (!read)
            return damaged(reader, "the header's metadata", err);
        status = entries_read(reader, count, err);
    } while (status == STATUS_OK && count > 0);
    return status;
}

static enum status header_read(struct container_reader *reader, struct error *err)
{
    char magic[4] = "";
    if (!bytes_read(reader, magic, sizeof(magic)) || memcmp(magic, "Obj\x01", sizeof(magic)) != 0)
        return error_set(err, STATUS_FATAL, "%s is not an Avro container file", reader->path);
    enum status status = metadata_read(reader, err);
    if (status != STATUS_OK)
        return status;
    if (!bytes_read(reader, reader->sync, sizeof(reader->sync)))
        return damaged(reader, "the header's sync marker", err);
    if (avsc_parse(buffer_view(&reader->schema), &reader->avsc, err) != STATUS_OK)
        return error_prefix(err, STATUS_FATAL, "the schema of %s", reader->path);
    return STATUS_OK;
}

enum status container_reader_open(const char *path, struct container_reader **out,
                                  struct error *err)
{
    bool standard = strcmp(path, "-") == 0;
    struct container_reader *reader = memory_zeroed(1, sizeof(*reader));
    struct stat info;
    reader->path = memory_text(standard ? "stdin" : path);
    buffer_init(&reader->schema, SCHEMA_BYTES_MAX);
    buffer_init(&reader->stored, CONTAINER_BLOCK_MAX);
    buffer_init(&reader->unpacked, CONTAINER_BLOCK_MAX);
    reader->file = standard ? stdin : fopen(path, "rb");
    enum status status =
        reader->file != NULL
            ? header_read(reader, err)
            : error_set(err, STATUS_FATAL, "%s cannot be opened: %s", path, strerror(errno));
    if (status != STATUS_OK) {
        container_reader_close(reader);
        return status;
    }
    if (fstat(fileno(reader->file), &info) == 0 && S_ISREG(info.st_mode))
        reader->size = (uint64_t)info.st_size;
    *out = reader;
    return STATUS_OK;
}

void container_reader_close(struct container_reader *reader)
{
    if (reader == NULL)
        return;
    if (reader->file != NULL && reader->file != stdin)
        (void)fclose(reader->file);
    avsc_free(reader->avsc);
    buffer_release(&reader->schema);
    buffer_release(&reader->stored);
    buffer_release(&reader->unpacked);
    free(reader->path);
    free(reader);
}

struct view container_reader_schema(const struct container_reader *reader)
{
    return buffer_view(&reader->schema);
}

uint64_t container_reader_bytes(const struct container_reader *reader)
{
    return reader->position;
}

uint64_t container_reader_bytes_total(const struct container_reader *reader)
{
    return reader->size;
}

// ---------------------------------------------------------------------------------------------
// Blocks

// Inflates into the room that there is, which is doubled until it suffices or the maximum is
// reached.
static bool inflate_all(z_stream *stream, struct buffer *out)
{
    int result = Z_OK;
    while (result == Z_OK) {
        size_t room = out->capacity - out->size;
        if (room == 0 && !buffer_reserve(out, out->size < 4096 ? 4096 : out->size))
            return false;
        room = out->capacity - out->size;
        stream->next_out = out->data + out->size;
        stream->avail_out = (uInt)room;
        result = inflate(stream, Z_NO_FLUSH);
        out->size += room - stream->avail_out;
    }
    return result == Z_STREAM_END && stream->avail_in == 0;
}

static bool deflate_unpack(struct container_reader *reader)
{
    z_stream stream = {.next_in = reader->stored.data, .avail_in = (uInt)reader->stored.size};
    if (inflateInit2(&stream, RAW_DEFLATE) != Z_OK)
        return false;
    bool whole = inflate_all(&stream, &reader->unpacked);
    inflateEnd(&stream);
    return whole;
}

static bool snappy_unpack(struct container_reader *reader)
{
    struct view bytes = buffer_view(&reader->stored);
    if (bytes.size < CRC_BYTES)
        return false;
    bytes.size -= CRC_BYTES;
    if (!snappy_append(bytes, &reader->unpacked))
        return false;
    struct reader tail = reader_of((struct view){bytes.data + bytes.size, CRC_BYTES});
    uint32_t expected;
    return reader_be32(&tail, &expected) &&
           crc32(0, reader->unpacked.data, (uInt)reader->unpacked.size) == expected;
}

// The block's data lie in [at, end) then.
static bool unpack(struct container_reader *reader)
{
    struct buffer *data = reader->codec == CODEC_NULL ? &reader->stored : &reader->unpacked;
    buffer_clear(&reader->unpacked);
    if (reader->codec == CODEC_DEFLATE && !deflate_unpack(reader))
        return false;
    if (reader->codec == CODEC_SNAPPY && !snappy_unpack(reader))
        return false;
    reader->at = data->data;
    reader->end = data->size == 0 ? reader->at : data->data + data->size; // nothing lies at NULL
    return true;
}

static enum status block_read(struct container_reader *reader, bool *found, struct error *err)
{
    uint8_t sync[CONTAINER_SYNC_BYTES];
    bool ended;
    *found = false;
    if (!long_read(reader, &reader->left, &ended))
        return ended && !ferror(reader->file) ? STATUS_OK : damaged(reader, "a block's count", err);
    if (reader->left < 0 || !sized_read(reader, &reader->stored))
        return damaged(reader, "a block's data", err);
    if (!bytes_read(reader, sync, sizeof(sync)) || memcmp(sync, reader->sync, sizeof(sync)) != 0)
        return damaged(reader, "a block's sync marker", err);
    if (!unpack(reader))
        return damaged(reader, "a block that cannot be decompressed", err);
    if (reader->left > reader->end - reader->at) // a purchase takes up a byte, and more
        return damaged(reader, "a block has fewer data than it says", err);
    *found = true;
    return STATUS_OK;
}

enum status container_reader_next(struct container_reader *reader, struct view *datum, bool *found,
                                  struct error *err)
{
    *found = true;
    while (reader->left == 0) {
        if (reader->at != reader->end)
            return damaged(reader, "a block has more data than it says", err);
        enum status status = block_read(reader, found, err);
        if (status != STATUS_OK || !*found)
            return status;
    }
    const uint8_t *next = skip_datum(reader->avsc, reader->avsc->root, reader->at, reader->end);
    if (next == NULL)
        return damaged(reader, "a datum that is not of the schema", err);
    *datum = (struct view){reader->at, (size_t)(next - reader->at)};
    reader->at = next;
    reader->left--;
    return STATUS_OK;
}
