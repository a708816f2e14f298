// SPDX-License-Identifier: Apache-2.0
// What the service says of itself over HTTP.
#ifndef LIB_METRICS_H
#define LIB_METRICS_H

#include <stdint.h>

// The sum of a metric over its labels; 0 when it is not there.
double metrics_value(uint16_t port, const char *name);

#endif
