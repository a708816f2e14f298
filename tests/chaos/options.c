// SPDX-License-Identifier: Apache-2.0
#include "chaos/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static int64_t number(const char *name, int64_t fallback, int64_t most)
{
    const char *text = getenv(name);
    char *end;
    if (text == NULL || text[0] == '\0')
        return fallback;
    errno = 0;
    int64_t value = strtoll(text, &end, 10);
    if (*end != '\0' || errno != 0 || value < 1 || value > most) {
        fprintf(stderr, "%s=%s: it must be a number from 1 to %lld\n", name, text, (long long)most);
        exit(2);
    }
    return value;
}

struct options options_read(void)
{
    const char *only = getenv("CHAOS_ONLY");
    int64_t seconds = 60 * number("CHAOS_MINUTES", 5, 24 * 60);
    return (struct options){
        .length_ms = 1000 * number("CHAOS_SECONDS", seconds, 24 * 3600),
        .seed = (uint64_t)number("CHAOS_SEED", time(NULL), INT64_MAX),
        .only = only != NULL && only[0] != '\0' ? only : NULL,
        .instances = (int)number("CHAOS_INSTANCES", INSTANCES_MAX, INSTANCES_MAX),
        .rate = number("CHAOS_RATE", 500, 20000),
    };
}
