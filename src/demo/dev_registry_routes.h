// SPDX-License-Identifier: Apache-2.0
// The development registry's calls: a request and the store in, an answer out; no sockets.
#ifndef DEMO_DEV_REGISTRY_ROUTES_H
#define DEMO_DEV_REGISTRY_ROUTES_H

#include <stdbool.h>

#include "base/bytes.h"
#include "demo/dev_registry_answer.h"
#include "demo/dev_registry_store.h"

struct dev_request {
    const char *method;
    const char *path;         // as sent: percent-escapes untouched, no query
    const char *accept;       // NULL: none
    const char *content_type; // NULL: none
    struct view body;
    bool deleted; // ?deleted=true and so on
    bool permanent;
    bool fetch_max_id;
    bool default_to_global;
};

// The caller releases the answer. Its content type is always set.
struct dev_answer dev_routes_answer(struct dev_store *store, const struct dev_request *request);

// True for GET /schemas/ids/N.
bool dev_routes_is_fetch(const char *method, const char *path);

#endif
