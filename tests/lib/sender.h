// SPDX-License-Identifier: Apache-2.0
// Sends a schedule's purchases on time, in a thread of its own, and notes when the broker has
// acknowledged each. What is late stays late: times count from the intended moment.
#ifndef LIB_SENDER_H
#define LIB_SENDER_H

#include "lib/schedule.h"

struct sender;

// Begins at once. The schedule is borrowed.
struct sender *sender_open(const char *bootstrap, const char *topic,
                           const struct schedule *schedule);
// Waits until all has been sent and acknowledged; the program ends when something was refused.
void sender_await(struct sender *sender);
void sender_close(struct sender *sender);

// On the clock of sender_now_us: the moment at which the sending began.
int64_t sender_began_us(const struct sender *sender);
// How many purchases have been handed to the producer so far.
size_t sender_sent(const struct sender *sender);
// After sender_await: from the intended moment to the broker's acknowledgement, by shot.
uint32_t *sender_ack_us(struct sender *sender);

// A clock that only goes forward.
int64_t sender_now_us(void);

#endif
