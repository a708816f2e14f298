// SPDX-License-Identifier: Apache-2.0
// The body of a request to the development registry, checked as a registry checks it: what is
// wrong comes back as 422 with a list of findings instead of a sentence.
#ifndef DEMO_DEV_REGISTRY_BODY_H
#define DEMO_DEV_REGISTRY_BODY_H

#include "demo/dev_registry_answer.h"
#include "demo/dev_registry_avro.h"
#include "demo/dev_registry_routes.h"

struct dev_body {
    json_t *json;
    const char *type;         // "AVRO", "JSON", "PROTOBUF"
    const char *schema;       // text
    const json_t *references; // NULL: none
};

// Reads {"schema": TEXT, "schemaType": TYPE, "references": [...]}. False: `refusal` is the
// answer. Members point into `json`, which the caller releases.
bool dev_body_schema(const struct dev_request *request, struct dev_body *out,
                     struct dev_answer *refusal);
void dev_body_release(struct dev_body *body);

// Reads {KEY: TEXT}; the caller frees the text. NULL: `refusal` is the answer.
char *dev_body_setting(const struct dev_request *request, const char *key,
                       struct dev_answer *refusal);

#endif
