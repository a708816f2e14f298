// SPDX-License-Identifier: Apache-2.0
// What the input must come to: alerts by the brute-force oracle, dead letters by their definition,
// and the state of every card by the engine run over the committed input from its beginning,
// without a store, a changelog or a failure.
#ifndef SIM_SIM_MODEL_H
#define SIM_SIM_MODEL_H

#include "lib/oracle.h"
#include "sim/sim_input.h"

struct sim_alert {
    int64_t offset; // of the purchase that raises it
    int64_t timestamp_ms;
    int64_t detected_at_ms;
    uint64_t count;
    int64_t level; // of sum and distinct rules
    uint32_t rule;
    uint32_t card;
    size_t first_id; // in the fate's ids: those of the purchases that it rests on
    size_t id_count;
    uint32_t seen; // for the verdict
    uint32_t seen_json;
};

struct sim_letter {
    int64_t offset;
    enum dead_letter_class class_;
    uint32_t seen;
};

// One input partition, in offset order.
struct sim_fate {
    struct oracle *oracle;
    int64_t position; // the input below it has been taken
    struct optional_ms stream_time;
    struct sim_alert *alerts;
    size_t alert_count;
    size_t alert_capacity;
    int64_t *ids;
    size_t id_count;
    size_t id_capacity;
    struct sim_letter *letters;
    size_t letter_count;
    size_t letter_capacity;
    int64_t *accepted; // offsets of the purchases, the others are letters and tombstones
    size_t accepted_count;
    size_t accepted_capacity;
    uint64_t *counts;      // by card: accepted purchases that are no duplicates
    uint64_t *seen_counts; // for the verdict: by card, the last one written
};

struct sim_model {
    const struct sim_input *input;
    const struct engine *engine;
    struct sim_fate fates[SIM_PARTITIONS_MAX];
    struct card *cards[SIM_PARTITIONS_MAX];
    struct step step;
    struct oracle_settings oracle_settings;
    bool has_ids; // the service reads the purchases' ids
};

void sim_model_open(struct sim_model *model, const struct sim_input *input,
                    const struct engine *engine);
void sim_model_close(struct sim_model *model);
// Takes what has been committed of the input since the last time, all partitions to their ends.
void sim_model_advance(struct sim_model *model);

#endif
