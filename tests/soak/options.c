// SPDX-License-Identifier: Apache-2.0
#include "soak/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static double number(const char *name, double fallback, double least, double most)
{
    const char *text = getenv(name);
    if (text == NULL || text[0] == '\0')
        return fallback;
    char *end;
    double value = strtod(text, &end);
    if (*end == '\0' && value >= least && value <= most)
        return value;
    fprintf(stderr, "%s=%s: it must be a number from %g to %g\n", name, text, least, most);
    exit(2);
}

static const char *text_or(const char *name, const char *fallback)
{
    const char *text = getenv(name);
    return text == NULL || text[0] == '\0' ? fallback : text;
}

static void check_scenarios(const char *scenarios)
{
    static const char *const names[] = {"churn", "hot", "crowd", "restarts", NULL};
    for (const char *at = scenarios; *at != '\0';) {
        size_t size = strcspn(at, " ,");
        size_t i = 0;
        while (names[i] != NULL && (strlen(names[i]) != size || memcmp(at, names[i], size) != 0))
            i++;
        if (names[i] == NULL && size > 0) {
            fprintf(stderr, "SOAK_SCENARIOS=%s: they are churn, hot, crowd, restarts\n", scenarios);
            exit(2);
        }
        at += size + strspn(at + size, " ,");
    }
}

struct soak_options soak_options_read(void)
{
    const struct soak_options options = {
        .scenarios = text_or("SOAK_SCENARIOS", "churn hot crowd restarts"),
        .minutes = number("SOAK_MINUTES", 10, 0.1, 10000),
        .seed = (uint64_t)number("SOAK_SEED", 1, 0, 1e15),
        .rate = (int64_t)number("SOAK_RATE", 200, 1, 1e6),
        .hot = (size_t)number("SOAK_HOT", 1000000, 1000, 1e9),
        .cards = (size_t)number("SOAK_CARDS", 10000000, 100000, 9e8),
        .percent = number("SOAK_PERCENT", 5, 0, 100),
        .sets = text_or("SOAK_SET", ""),
    };
    check_scenarios(options.scenarios);
    return options;
}

bool soak_options_want(const struct soak_options *options, const char *scenario)
{
    const char *at = strstr(options->scenarios, scenario);
    return at != NULL;
}
