// SPDX-License-Identifier: Apache-2.0
// One question to the registry, put to its addresses in turn until one gives a registry's answer;
// the address that did is asked first the next time. Belongs to one thread at a time, but for
// client_cancel.
#ifndef REGISTRY_CLIENT_H
#define REGISTRY_CLIENT_H

#include <stdatomic.h>

#include "registry/answer.h"
#include "registry/registry.h"

struct client {
    const struct url_list *urls;    // borrowed
    atomic_uint_fast64_t *outcomes; // REGISTRY_OUTCOMES counters, borrowed
    struct http *http;
    size_t current;
};

struct client_question {
    const char *path;   // escaped
    struct view body;   // data NULL: GET, else POST
    int64_t timeout_ms; // for each address
};

enum status client_open(struct client *client, const struct url_list *urls,
                        const struct http_settings *settings, atomic_uint_fast64_t *outcomes,
                        struct error *err) MUST_USE;
void client_close(struct client *client);

// The answer of the first address that gives a registry's answer: OK, UNKNOWN or REFUSED. None
// does: FAILED if any failed, else STRANGE. *err has a sentence whenever the answer is not OK: of
// each address what it was asked, what it answered, and what to check. The caller releases *out.
void client_ask(struct client *client, const struct client_question *question, struct answer *out,
                struct error *err);

// From any thread: the question that is being asked fails at once, and all later ones.
void client_cancel(struct client *client);

#endif
