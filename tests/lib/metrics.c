// SPDX-License-Identifier: Apache-2.0
#include "lib/metrics.h"

#include <stdlib.h>
#include <string.h>

#include "lib/raw_http.h"

double metrics_value(uint16_t port, const char *name)
{
    struct raw_http_answer answer;
    double sum = 0;
    char *rest = NULL;
    size_t size = strlen(name);
    raw_http_exchange(port, "GET", "/metrics", "", NULL, &answer);
    for (char *line = strtok_r(answer.body, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        const char *value = strrchr(line, ' ');
        if (strncmp(line, name, size) == 0 && strchr(" {", line[size]) != NULL && value != NULL)
            sum += strtod(value, NULL);
    }
    raw_http_release(&answer);
    return sum;
}
