// SPDX-License-Identifier: Apache-2.0
// The operators' HTTP endpoint (libmicrohttpd, one thread of its own): metrics and health. It reads
// through the callbacks it is given and can change nothing.
#ifndef OPS_ENDPOINT_H
#define OPS_ENDPOINT_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"

// What the pages show. Called from the server's thread; they must be thread-safe and quick.
struct endpoint_source {
    // Appends the metrics page; false when it does not fit.
    bool (*metrics)(void *context, struct buffer *out);
    // True when the service is ready; otherwise appends the reason as JSON.
    bool (*ready)(void *context, struct buffer *reason);
    void *context;
};

struct endpoint;

// Listens on "ADDRESS:PORT" (an IPv4 address, or an IPv6 one in brackets; port 0: a free one) and
// serves GET /metrics, /healthz and /readyz. STATUS_FATAL says what is wrong with the address, or
// who has it.
enum status endpoint_open(const char *listen, const struct endpoint_source *source,
                          struct endpoint **out, struct error *err) MUST_USE;
uint16_t endpoint_port(const struct endpoint *endpoint);
void endpoint_close(struct endpoint *endpoint);

#endif
