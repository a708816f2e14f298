// SPDX-License-Identifier: Apache-2.0
// The operators' HTTP endpoint (libmicrohttpd, one thread of its own): metrics, health, dashboard.
// It reads through the callbacks it is given and can change nothing. Bounded: 32 connections, of
// them 8 followed live, 32 KiB of headers, 1 KiB of body, 10 s without a byte.
#ifndef OPS_ENDPOINT_H
#define OPS_ENDPOINT_H

#include <stdint.h>

#include "base/status.h"
#include "ops/source.h"

struct endpoint;

struct endpoint_place {
    const char *listen;     // "ADDRESS:PORT": IPv4, or IPv6 in brackets; port 0: a free one
    const char *token_file; // a request must carry its token (bearer.h); "": none is asked for
};

// Listens and serves. STATUS_FATAL says what is wrong with the address or the token file, or who
// has the port.
enum status endpoint_open(const struct endpoint_place *place, const struct endpoint_source *source,
                          struct endpoint **out, struct error *err) MUST_USE;
uint16_t endpoint_port(const struct endpoint *endpoint);
void endpoint_close(struct endpoint *endpoint);

// True when other machines can reach the address.
bool endpoint_is_public(const char *listen);

#endif
