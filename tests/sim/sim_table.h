// SPDX-License-Identifier: Apache-2.0
// The table of travel flags in a run: rows that come while the service works, a cleaner that keeps
// to delete.retention.ms, a topic that is made anew; and what must hold: a partition's purchases
// are taken only with a table that knows all that was there when the group gave it, and in the end
// each owner knows exactly what the topic says.
#ifndef SIM_SIM_TABLE_H
#define SIM_SIM_TABLE_H

#include "sim/sim.h"

extern const char sim_table_topic[];

void sim_table_open(struct sim *sim);
// Now and then something happens to the topic.
void sim_table_turn(struct sim *sim);
// The worker has accepted an assignment; it has made a step.
void sim_table_assigned(struct sim *sim, struct sim_worker *worker);
void sim_table_stepped(struct sim *sim, const struct sim_worker *worker);
// Whether the card's travel alerts may be missing, and whether none may be there: what is raised
// depends on when rows were read, but not for a card whose flag was always the same.
bool sim_table_may_miss(const struct sim *sim, uint32_t card);
bool sim_table_must_miss(const struct sim *sim, uint32_t card);
// True when the owner has read all of the partition's rows.
bool sim_table_is_settled(struct sim *sim, const struct sim_worker *worker, int32_t partition);
void sim_table_verdict(struct sim *sim);

#endif
