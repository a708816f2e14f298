// SPDX-License-Identifier: Apache-2.0
#include "wire/container.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/limits.h"
#include "base/memory.h"

struct container_writer {
    FILE *file;
    char *path;
    uint8_t sync[CONTAINER_SYNC_BYTES];
    struct buffer block;
    int64_t count; // data in the block
};

static enum status failed(const struct container_writer *writer, struct error *err)
{
    return error_set(err, STATUS_FATAL, "%s cannot be written: %s", writer->path, strerror(errno));
}

static enum status bytes_write(struct container_writer *writer, struct view bytes,
                               struct error *err)
{
    if (fwrite(bytes.data, 1, bytes.size, writer->file) != bytes.size)
        return failed(writer, err);
    return STATUS_OK;
}

static enum status header_write(struct container_writer *writer, struct view schema,
                                struct error *err)
{
    struct buffer header;
    buffer_init(&header, SCHEMA_BYTES_MAX + 1024);
    ensure(buffer_append(&header, "Obj\x01", 4) && buffer_append_zigzag(&header, 2));
    ensure(buffer_append_sized(&header, view_text("avro.codec")) &&
           buffer_append_sized(&header, view_text("null")) &&
           buffer_append_sized(&header, view_text("avro.schema")) &&
           buffer_append_sized(&header, schema));
    ensure(buffer_append_zigzag(&header, 0) &&
           buffer_append(&header, writer->sync, CONTAINER_SYNC_BYTES));
    enum status status = bytes_write(writer, buffer_view(&header), err);
    buffer_release(&header);
    return status;
}

enum status container_writer_open(const char *path, struct view schema,
                                  const uint8_t sync[CONTAINER_SYNC_BYTES],
                                  struct container_writer **out, struct error *err)
{
    ensure(schema.size <= SCHEMA_BYTES_MAX);
    bool standard = strcmp(path, "-") == 0;
    struct container_writer *writer = memory_zeroed(1, sizeof(*writer));
    writer->path = memory_text(standard ? "stdout" : path);
    buffer_init(&writer->block, CONTAINER_BLOCK_BYTES);
    memcpy(writer->sync, sync, CONTAINER_SYNC_BYTES);
    writer->file = standard ? stdout : fopen(path, "wb");
    enum status status =
        writer->file != NULL ? header_write(writer, schema, err) : failed(writer, err);
    if (status != STATUS_OK) {
        container_writer_close(writer);
        return status;
    }
    *out = writer;
    return STATUS_OK;
}

static enum status block_write(struct container_writer *writer, struct error *err)
{
    if (writer->count == 0)
        return STATUS_OK;
    struct buffer head;
    buffer_init(&head, 32);
    ensure(buffer_append_zigzag(&head, writer->count) &&
           buffer_append_zigzag(&head, (int64_t)writer->block.size));
    enum status status = bytes_write(writer, buffer_view(&head), err);
    buffer_release(&head);
    if (status == STATUS_OK)
        status = bytes_write(writer, buffer_view(&writer->block), err);
    if (status == STATUS_OK)
        status = bytes_write(writer, (struct view){writer->sync, CONTAINER_SYNC_BYTES}, err);
    buffer_clear(&writer->block);
    writer->count = 0;
    return status;
}

enum status container_writer_append(struct container_writer *writer, struct view datum,
                                    struct error *err)
{
    ensure(datum.size <= CONTAINER_BLOCK_BYTES);
    enum status status = STATUS_OK;
    if (datum.size > CONTAINER_BLOCK_BYTES - writer->block.size)
        status = block_write(writer, err);
    if (status != STATUS_OK)
        return status;
    ensure(buffer_append(&writer->block, datum.data, datum.size));
    writer->count++;
    return STATUS_OK;
}

enum status container_writer_finish(struct container_writer *writer, struct error *err)
{
    enum status status = block_write(writer, err);
    if (status == STATUS_OK && fflush(writer->file) != 0)
        return failed(writer, err);
    return status;
}

void container_writer_close(struct container_writer *writer)
{
    if (writer == NULL)
        return;
    if (writer->file != NULL && writer->file != stdout)
        (void)fclose(writer->file); // finish has flushed it
    buffer_release(&writer->block);
    free(writer->path);
    free(writer);
}
