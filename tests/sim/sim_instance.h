// SPDX-License-Identifier: Apache-2.0
// The instances of the service: processes with a name, a disk and workers, started, stopped and
// killed as an operator, a machine or a supervisor does it.
#ifndef SIM_SIM_INSTANCE_H
#define SIM_SIM_INSTANCE_H

#include "sim/sim.h"

void sim_instance_start(struct sim *sim, struct sim_instance *instance);
// Each worker finishes at its next step.
void sim_instance_stop(struct sim *sim, struct sim_instance *instance);
// kill -9. `self`, if not NULL, is in a call whose effect is still to come; its broker crashes in
// it. Workers in the middle of a step are taken apart when they come out of it.
void sim_instance_crash(struct sim *sim, struct sim_instance *instance,
                        const struct sim_worker *self);
// One step of a worker that is ready, and what follows from its end.
void sim_instance_step(struct sim *sim, struct sim_instance *instance, struct sim_worker *worker);

bool sim_instance_can_step(const struct sim *sim, const struct sim_instance *instance,
                           const struct sim_worker *worker);
void sim_instance_pause(struct sim *sim, struct sim_instance *instance, int64_t until_ms);
void sim_instance_mute(struct sim *sim, struct sim_instance *instance, int64_t until_ms);
void sim_instance_cut(struct sim *sim, struct sim_instance *instance, int64_t until_ms);
void sim_instance_fill_disk(struct sim *sim, struct sim_instance *instance, int64_t until_ms);
// Ends what has lasted long enough, and starts what is to be started.
void sim_instance_serve(struct sim *sim, struct sim_instance *instance);
// The next moment at which sim_instance_serve or a step has something to do.
int64_t sim_instance_next_ms(const struct sim *sim, const struct sim_instance *instance);

// The worker that owns the partition and takes purchases, as it believes; NULL: none.
struct sim_worker *sim_instance_owner(struct sim *sim, int32_t partition);

struct sim_instance *sim_instance_of(struct sim *sim, const struct sim_worker *worker);

void sim_instance_release(struct sim *sim, struct sim_instance *instance);

#endif
