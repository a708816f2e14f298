// SPDX-License-Identifier: Apache-2.0
// A small schema registry in memory, for the demo and the tests: the calls that Confluent's and
// Redpanda's clients make, answered as a real one does (libmicrohttpd). Everything in it is
// bounded: the body of a request, connections, subjects, versions, schemas and their bytes.
// Not there: Protobuf, references between schemas, contexts, authentication.
#ifndef DEMO_DEV_REGISTRY_H
#define DEMO_DEV_REGISTRY_H

#include <stdint.h>

#include "base/status.h"

struct dev_registry;

// Listens on 127.0.0.1; port 0: a free one. It forgets everything when closed. It answers on a
// thread of its own, which takes over the signal mask of the caller.
enum status dev_registry_open(uint16_t port, struct dev_registry **out, struct error *err) MUST_USE;
uint16_t dev_registry_port(const struct dev_registry *registry);
// Schema fetches by id answered so far (any status).
uint64_t dev_registry_fetches(const struct dev_registry *registry);
void dev_registry_close(struct dev_registry *registry);

#endif
