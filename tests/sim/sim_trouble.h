// SPDX-License-Identifier: Apache-2.0
// The troubles: what goes wrong in calls, and what happens to the world between turns.
#ifndef SIM_SIM_TROUBLE_H
#define SIM_SIM_TROUBLE_H

#include "sim/sim.h"

// Puts itself between the workers and the cluster.
void sim_trouble_open(struct sim *sim);
// Draws the events of a turn.
void sim_trouble_turn(struct sim *sim);
// No more troubles: what lasts ends.
void sim_trouble_end(struct sim *sim);

#endif
