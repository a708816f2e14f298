// SPDX-License-Identifier: Apache-2.0
// How the workers are, for whoever supervises the process: /healthz and the service manager. What
// is served to others is readiness (exposition.h); health is whether a restart would help.
// Everything here is thread-safe.
#ifndef STREAM_HEALTH_H
#define STREAM_HEALTH_H

#include "base/bytes.h"
#include "stream/exposition.h"

enum {
    // A turn of a worker takes a tenth of a second. With a cluster that does not answer it waits
    // for time-outs of up to 30 s, one after the other, so only this long is too long.
    HEALTH_STUCK_MS = 120000,
    HEALTH_SENTENCE_MAX = 160,
};

// True when every worker has ended a turn within the last HEALTH_STUCK_MS; otherwise appends the
// reason as a line. `now_ms` is of clock_now_ms.
bool health_is_alive(const struct exposition *exposition, int64_t now_ms, struct buffer *reason);

// True when every worker has its partitions, restored, and knows how far behind it is. Unlike
// readiness it does not ask for the registry, which the known schemas do without.
bool health_is_consuming(const struct exposition *exposition);

// How it stands, in one line of at most HEALTH_SENTENCE_MAX bytes with its end:
// "restoring 3 of 8 partitions: 43 % of their changelogs", "8 partitions, lag 12, ...".
void health_sentence(const struct exposition *exposition, char *out);

#endif
