// SPDX-License-Identifier: Apache-2.0
#include "broker/kafka_log.h"

#include <string.h>

enum { SEVERITY_DEBUG = 7 };

enum log_level kafka_log_level(int severity)
{
    if (severity >= SEVERITY_DEBUG)
        return LOG_DEBUG;
    return severity <= 4 ? LOG_WARN : LOG_INFO;
}

// Each handle is given all of kafka.*, so librdkafka remarks on every property that is meant for
// another kind of handle. And what a producer has queued when it is thrown away is thrown away.
static bool says_nothing(const char *facility, const char *text)
{
    if (strcmp(facility, "TERMINATE") == 0)
        return true;
    return strcmp(facility, "CONFWARN") == 0 && strstr(text, "will be ignored by") != NULL;
}

void kafka_log_line(const char *client, int severity, const char *facility, const char *text)
{
    enum log_level level = kafka_log_level(severity);
    if (says_nothing(facility, text))
        return;
    LOG_AT(level, "kafka", "librdkafka says", LOG_TEXT("client", client),
           LOG_KIND("kind", facility), LOG_TEXT("text", text));
}

// Connections that fail have lines of their own: "FAIL".
static bool has_line(const char *name)
{
    static const char *const names[] = {"_TRANSPORT", "_RESOLVE", "_SSL", "_AUTHENTICATION",
                                        "_ALL_BROKERS_DOWN"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

void kafka_log_trouble(const char *client, const char *name, const char *text)
{
    if (!has_line(name))
        log_warn("kafka", "librdkafka reports", LOG_TEXT("client", client), LOG_KIND("kind", name),
                 LOG_TEXT("text", text));
}
