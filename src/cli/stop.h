// SPDX-License-Identifier: Apache-2.0
// Ctrl-C and SIGTERM as a wish to stop.
#ifndef CLI_STOP_H
#define CLI_STOP_H

#include <stdatomic.h>

// From now on SIGINT and SIGTERM set the flag; a second one ends the process at once, with 1.
const atomic_bool *stop_on_signals(void);

#endif
