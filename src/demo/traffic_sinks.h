// SPDX-License-Identifier: Apache-2.0
// Where a generator's messages can go.
#ifndef DEMO_TRAFFIC_SINKS_H
#define DEMO_TRAFFIC_SINKS_H

#include "broker/kafka_writer.h"
#include "demo/traffic.h"
#include "wire/container.h"

// Into the writer's topic: keys, values and timestamps of the messages. Flush the writer in the
// end. The writer must outlive the sink.
struct traffic_sink traffic_to_topic(struct kafka_writer *writer);

// Into a container file of schemas/purchase.avsc: the values without their frames. Malformed
// messages have no place in one (ensured). Finish the writer in the end.
struct traffic_sink traffic_to_file(struct container_writer *writer);

#endif
