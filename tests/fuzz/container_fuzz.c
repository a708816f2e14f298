// SPDX-License-Identifier: Apache-2.0
// Container files as anybody may hand them in, and what their codecs make of damaged blocks.
//   u8 kind   0: the rest is the file
//             1: the rest is snappy's raw format
//             2 to 4: the blocks of a file whose header is right, codec null, deflate, snappy
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/assert.h"
#include "fuzz/fuzz.h"
#include "lib/workspace.h"
#include "wire/container_reader.h"
#include "wire/snappy.h"

enum { SNAPPY_BYTES_MAX = 64 * 1024, HEADER_BYTES_MAX = 256 };

static const char *const codecs[] = {"null", "deflate", "snappy"};
static const char schema[] = "\"long\"";

static void put_text(struct buffer *out, const char *text)
{
    ensure(buffer_append_zigzag(out, (int64_t)strlen(text)));
    ensure(buffer_append(out, text, strlen(text)));
}

// The sync marker is sixteen zeroes.
static void put_header(struct buffer *out, const char *codec)
{
    static const uint8_t sync[16];
    ensure(buffer_append(out, "Obj\x01", 4) && buffer_append_zigzag(out, 2));
    put_text(out, "avro.codec");
    put_text(out, codec);
    put_text(out, "avro.schema");
    put_text(out, schema);
    ensure(buffer_append_zigzag(out, 0) && buffer_append(out, sync, sizeof(sync)));
}

static void check_said(const struct error *err)
{
    ensure(strlen(err->text) > 20 && strlen(err->text) < sizeof(err->text));
}

// Every datum lies in readable memory, and there is an end to them.
static void read_all(struct container_reader *reader, uint64_t size)
{
    struct error err = {""};
    struct view datum;
    bool found = true;
    uint64_t sum = 0;
    while (found) {
        if (container_reader_next(reader, &datum, &found, &err) != STATUS_OK) {
            check_said(&err);
            break;
        }
        for (size_t i = 0; found && i < datum.size; i++)
            sum += datum.data[i];
        ensure(container_reader_bytes(reader) <= size);
    }
    __asm__ volatile("" : : "r"(sum));
}

static void check_file(struct view head, struct view rest)
{
    struct container_reader *reader = NULL;
    struct error err = {""};
    int fd = memfd_create("container", MFD_CLOEXEC);
    ensure(fd >= 0);
    ensure(write(fd, head.data, head.size) == (ssize_t)head.size);
    ensure(write(fd, rest.data, rest.size) == (ssize_t)rest.size);
    char *path = workspace_text("/proc/self/fd/%d", fd);
    if (container_reader_open(path, &reader, &err) == STATUS_OK) {
        ensure(container_reader_schema(reader).size > 0);
        read_all(reader, head.size + rest.size);
    } else {
        check_said(&err);
    }
    container_reader_close(reader);
    free(path);
    close(fd);
}

static void check_snappy(struct view bytes)
{
    struct buffer out;
    buffer_init(&out, SNAPPY_BYTES_MAX);
    ensure(buffer_append_byte(&out, '#'));
    bool whole = snappy_append(bytes, &out);
    ensure(out.size <= out.max && out.data[0] == '#');
    ensure(!whole || bytes.size > 0);
    buffer_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader input = fuzz_input(data, size);
    unsigned kind = fuzz_byte(&input) % 5;
    struct view rest = fuzz_rest(&input);
    struct buffer head;
    if (kind == 1) {
        check_snappy(rest);
        return 0;
    }
    buffer_init(&head, HEADER_BYTES_MAX);
    if (kind >= 2)
        put_header(&head, codecs[kind - 2]);
    check_file(buffer_view(&head), rest);
    buffer_release(&head);
    return 0;
}
