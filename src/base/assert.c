// SPDX-License-Identifier: Apache-2.0
#include "base/assert.h"

#include <stdio.h>
#include <stdlib.h>

_Noreturn void ensure_failed(const char *condition, const char *file, int line,
                             const char *function)
{
    fprintf(stderr, "cardwatch: internal error: %s does not hold in %s (%s:%d)\n", condition,
            function, file, line);
    abort();
}
