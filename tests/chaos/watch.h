// SPDX-License-Identifier: Apache-2.0
// Watches how far the consumer group has come, in a thread of its own: the longest time in which it
// committed nothing although purchases were waiting.
#ifndef CHAOS_WATCH_H
#define CHAOS_WATCH_H

#include <stddef.h>
#include <stdint.h>

#include "lib/scene.h"

struct watch;

struct watch *watch_open(const struct scene *scene);
void watch_close(struct watch *watch);

// How many purchases have been sent.
void watch_sent(struct watch *watch, size_t sent);

int64_t watch_silence_ms(struct watch *watch);
// Committed purchases, as of a moment ago.
int64_t watch_committed(struct watch *watch);

#endif
