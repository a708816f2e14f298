// SPDX-License-Identifier: Apache-2.0
// What the tests of the broker port on librdkafka's mock cluster stand on: the cluster with its
// topics, the rig, and mostly one broker.
#ifndef LIB_MOCK_STAGE_H
#define LIB_MOCK_STAGE_H

#include "lib/kafka_rig.h"
#include "lib/mock_cluster.h"

struct mock_stage {
    struct mock_cluster mock;
    struct kafka_rig rig;
    struct broker *broker; // the test's, if it has one; closed in the end
    struct error err;
};

// Topics of so many partitions each, up to NULL.
struct mock_stage *mock_stage_open(int broker_count, int partitions, const char *const *topics);
// A cmocka teardown; *state is the stage.
int mock_stage_end(void **state);

#endif
