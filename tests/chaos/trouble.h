// SPDX-License-Identifier: Apache-2.0
// Makes the faults of a plan.
#ifndef CHAOS_TROUBLE_H
#define CHAOS_TROUBLE_H

#include "chaos/arena.h"

// Begins and ends what is due.
void trouble_step(struct arena *arena, struct plan *plan);
// Ends everything that is still going on.
void trouble_end(struct arena *arena, struct plan *plan);

#endif
