// SPDX-License-Identifier: Apache-2.0
// Looks at the state from outside, and at the bounds. States are compared card by card, in their
// canonical form: pruned at the stream time, encoded; a card without content is none.
#ifndef SIM_SIM_AUDIT_H
#define SIM_SIM_AUDIT_H

#include "sim/sim.h"

// After a step: what the worker holds is within its settings' bounds.
void sim_audit_bounds(struct sim *sim, const struct sim_instance *instance,
                      const struct sim_worker *worker);
// What an instance's disk holds is a prefix of what was committed to the changelog.
void sim_audit_disk(struct sim *sim, const struct sim_instance *instance);
// Of each partition that is between two transactions and up to date with the group: live state and
// changelog say the same.
void sim_audit_live(struct sim *sim);
// When all is settled: each partition has an owner, whose state is the changelog's and the model's.
void sim_audit_settled(struct sim *sim);
// The input offset that the changelog's last committed meta record names; -1: there is none.
int64_t sim_audit_position(const struct sim *sim, int32_t partition);
// Cards on the disk that are of no use any more.
size_t sim_audit_expired(const struct sim *sim, const struct sim_instance *instance,
                         int32_t partition, struct optional_ms stream_time);

#endif
