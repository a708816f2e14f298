// SPDX-License-Identifier: Apache-2.0
// The two clocks. Neither is read under engine/ or by the stream runtime: there time is an
// argument, or the broker port's.
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

// Milliseconds of a clock that only goes forward, from some start.
int64_t clock_now_ms(void);

// Milliseconds since the Unix epoch, as the machine has them.
int64_t clock_wall_ms(void);

#endif
