// SPDX-License-Identifier: Apache-2.0
// An Avro object container file, read datum by datum (Avro specification 1.11, "Object Container
// Files"): codecs null, deflate (RFC 1951, without zlib's header) and snappy (with the CRC-32 of
// what was compressed behind it). A block is held in memory, of at most CONTAINER_BLOCK_MAX bytes.
#ifndef WIRE_CONTAINER_READER_H
#define WIRE_CONTAINER_READER_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"

enum { CONTAINER_BLOCK_MAX = 256 * 1024 * 1024 };

struct container_reader;

// Reads the header; "-" is stdin. STATUS_FATAL names the path and what is wrong: it cannot be
// opened, is no container file, has another codec, or a schema that cannot be read.
enum status container_reader_open(const char *path, struct container_reader **out,
                                  struct error *err) MUST_USE;
void container_reader_close(struct container_reader *reader); // NULL: nothing happens

// The writer's schema as JSON text; valid until it is closed.
struct view container_reader_schema(const struct container_reader *reader);

// The next datum, valid until the next call; *found is false when there are no more. STATUS_FATAL:
// the file is damaged or cut off, the sentence says where.
enum status container_reader_next(struct container_reader *reader, struct view *datum, bool *found,
                                  struct error *err) MUST_USE;

// How much of the file has been read, and its size; 0: not known (a pipe).
uint64_t container_reader_bytes(const struct container_reader *reader);
uint64_t container_reader_bytes_total(const struct container_reader *reader);

#endif
