// SPDX-License-Identifier: Apache-2.0
// `cardwatch replay` run to its end with the configuration of a scene's service.
#ifndef LIB_REPLAYED_H
#define LIB_REPLAYED_H

#include "lib/scene.h"

struct replayed {
    int code;   // exit code; -1: it took too long
    char *said; // stdout and stderr
};

// `words` ends with NULL.
struct replayed replayed_run(struct scene *scene, const char *const *words);
void replayed_release(struct replayed *replayed);

// Starts it and does not wait; what it says goes to <dir>/replay.txt.
void replayed_start(struct scene *scene, const char *const *words, struct process *process);

#endif
