// SPDX-License-Identifier: Apache-2.0
// An answer of the development registry, and the media types it speaks.
#ifndef DEMO_DEV_REGISTRY_ANSWER_H
#define DEMO_DEV_REGISTRY_ANSWER_H

#include <jansson.h>
#include <stdbool.h>

#include "base/status.h"

struct dev_answer {
    int status;
    char *text;               // the body, owned by whoever holds the answer
    const char *content_type; // static; NULL: the type that was negotiated
};

// Takes the reference to `body`.
struct dev_answer dev_answer_json(int status, json_t *body);
// {"error_code":CODE,"message":"..."}
struct dev_answer dev_answer_error(int status, int code, const char *format, ...) PRINTF_LIKE(3, 4);
// A body as it stands, with its own content type.
struct dev_answer dev_answer_text(int status, const char *content_type, const char *text);
void dev_answer_release(struct dev_answer *answer);

// The media type that an Accept header (NULL: none) prefers of those the registry has; of equals
// the first. NULL: it accepts none of them.
const char *dev_answer_negotiate(const char *accept);
// The type of answers whose Accept header asks for nothing that the registry has.
const char *dev_answer_default_type(void);
// True for a request's Content-Type that the registry reads; parameters are ignored.
bool dev_answer_reads(const char *content_type);

#endif
