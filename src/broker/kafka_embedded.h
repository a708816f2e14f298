// SPDX-License-Identifier: Apache-2.0
// A Kafka broker in this process for demonstrations: librdkafka's mock cluster, reached over real
// sockets on a free port of 127.0.0.1, by this process and by others (kcat, for one).
//
// What it is not: it keeps 5 MiB a partition and silently drops what is older; transactions are
// accepted and have no effect, nor have the offsets in them; topics are made by
// kafka_embedded_topic, not over the wire; settings of topics cannot be asked for; the first member
// of a group waits 3 s. So: one process, at least once, and a writer that does not run ahead of its
// readers by more than KAFKA_EMBEDDED_PARTITION_BYTES.
#ifndef BROKER_KAFKA_EMBEDDED_H
#define BROKER_KAFKA_EMBEDDED_H

#include <stdint.h>

#include "base/status.h"

enum { KAFKA_EMBEDDED_PARTITION_BYTES = 5 * 1024 * 1024 };

struct kafka_embedded;

// Starts one broker. STATUS_FATAL: no socket to listen on, or no memory.
enum status kafka_embedded_open(struct kafka_embedded **out, struct error *err) MUST_USE;
// Closes its port and forgets everything. Clients should be closed before. NULL: nothing happens.
void kafka_embedded_close(struct kafka_embedded *embedded);

// "127.0.0.1:port". Valid until it is closed.
const char *kafka_embedded_bootstrap(const struct kafka_embedded *embedded);

// Makes a topic. STATUS_FATAL: the name is not possible, or taken.
enum status kafka_embedded_topic(struct kafka_embedded *embedded, const char *name,
                                 int32_t partition_count, struct error *err) MUST_USE;

#endif
