// SPDX-License-Identifier: Apache-2.0
// The verdict on what a run wrote: every alert and dead letter of the model is in the topics, byte
// for byte, exactly once (at least once in that mode), in order, and nothing else is.
#ifndef SIM_SIM_VERDICT_H
#define SIM_SIM_VERDICT_H

#include "sim/sim.h"

void sim_verdict(struct sim *sim);

#endif
