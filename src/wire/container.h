// SPDX-License-Identifier: Apache-2.0
// An Avro object container file, written (Avro specification 1.11, "Object Container Files"), codec
// null. The same data and sync marker give the same bytes:
//   "Obj\x01", the metadata as a map {avro.codec: null, avro.schema: TEXT}, sync marker (16 bytes),
//   then blocks: count of data (long), their size in bytes (long), the data, the sync marker.
// Written straight into the file: after a crash it ends inside of a block, which readers refuse.
#ifndef WIRE_CONTAINER_H
#define WIRE_CONTAINER_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"

struct container_writer;

enum { CONTAINER_SYNC_BYTES = 16, CONTAINER_BLOCK_BYTES = 65536 };

// Makes or empties the file; "-" is stdout. STATUS_FATAL names the path and the reason.
enum status container_writer_open(const char *path, struct view schema,
                                  const uint8_t sync[CONTAINER_SYNC_BYTES],
                                  struct container_writer **out, struct error *err) MUST_USE;
// Appends a datum in Avro's encoding, of at most CONTAINER_BLOCK_BYTES (ensured).
enum status container_writer_append(struct container_writer *writer, struct view datum,
                                    struct error *err) MUST_USE;
// Writes what is left. The writer must be closed all the same.
enum status container_writer_finish(struct container_writer *writer, struct error *err) MUST_USE;
void container_writer_close(struct container_writer *writer);

#endif
