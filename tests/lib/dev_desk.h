// SPDX-License-Identifier: Apache-2.0
// The development registry's calls without sockets, for its unit tests.
#ifndef LIB_DEV_DESK_H
#define LIB_DEV_DESK_H

#include "demo/dev_registry_store.h"

// Asks with JSON's content type and fails the test unless the answer has this status and body.
// `target` may end in "?NAME=true". body NULL: none. expected NULL: any body.
void dev_desk_expect(struct dev_store *store, const char *method, const char *target,
                     const char *body, int status, const char *expected);

// Registers the Avro schema `schema` (JSON); the answer's status, and {"id":ID} for 200.
void dev_desk_register(struct dev_store *store, const char *subject, const char *schema, int status,
                       unsigned id);

// The answer's body to a schema in POST `target`; the caller frees it.
char *dev_desk_post_schema(struct dev_store *store, const char *target, const char *schema,
                           int *status);

#endif
