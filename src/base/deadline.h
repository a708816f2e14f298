// SPDX-License-Identifier: Apache-2.0
// Condition variables with deadlines on the clock that only goes forward (base/clock.h): a machine
// whose date is set must neither cut a wait short nor make it last.
#ifndef BASE_DEADLINE_H
#define BASE_DEADLINE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

// In place of pthread_cond_init; pthread_cond_destroy ends it.
void deadline_condition_init(pthread_cond_t *condition);

// Waits, as pthread_cond_wait does, until it is woken or clock_now_ms() has reached `until_ms`;
// the caller holds `lock`. False: the time is over.
bool deadline_wait(pthread_cond_t *condition, pthread_mutex_t *lock, int64_t until_ms);

#endif
