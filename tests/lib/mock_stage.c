// SPDX-License-Identifier: Apache-2.0
#include "lib/mock_stage.h"

#include <stdlib.h>

#include "base/memory.h"

struct mock_stage *mock_stage_open(int broker_count, int partitions, const char *const *topics)
{
    struct mock_stage *stage = memory_zeroed(1, sizeof(*stage));
    mock_cluster_open(&stage->mock, broker_count);
    for (; *topics != NULL; topics++)
        mock_cluster_topic(&stage->mock, *topics, partitions);
    kafka_rig_open(&stage->rig, stage->mock.servers);
    return stage;
}

int mock_stage_end(void **state)
{
    struct mock_stage *stage = *state;
    if (stage->broker != NULL)
        stage->broker->ops->close(stage->broker);
    kafka_rig_close(&stage->rig);
    mock_cluster_close(&stage->mock);
    free(stage);
    return 0;
}
