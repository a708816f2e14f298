// SPDX-License-Identifier: Apache-2.0
// A registry's answer, read with tolerance: keys in any order, unknown keys, error messages that
// are texts or lists, bodies that are not objects (a proxy's page, a bare "Not Found").
#ifndef REGISTRY_ANSWER_H
#define REGISTRY_ANSWER_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "registry/http.h"

enum answer_kind {
    ANSWER_OK,      // 2xx and JSON
    ANSWER_UNKNOWN, // a registry's own 404: it does not have this schema, subject or version
    ANSWER_REFUSED, // a registry's own refusal: the same request gives the same answer
    ANSWER_STRANGE, // not a registry's: wrong address or path, a proxy, no right to ask
    ANSWER_FAILED,  // no answer, 5xx, 408, 429: may go better later or elsewhere
};

enum { ANSWER_MESSAGE_BYTES = 400 };

struct answer {
    enum answer_kind kind;
    long http_status;                   // 0: no answer
    int64_t error_code;                 // 0: none given
    json_t *body;                       // NULL: not JSON; owned
    char message[ANSWER_MESSAGE_BYTES]; // the registry's, a bit of the body, or why there is none
};

// Reads what http_perform has brought; copies what it needs. The caller releases *out.
void answer_init(struct answer *out, const struct http_answer *http);
void answer_release(struct answer *answer);

// What an answer to a fetch by id or version says of the schema. Pointers into the answer.
struct answer_schema {
    const char *text;
    size_t text_bytes;
    const char *type; // "AVRO" when the answer does not say
    size_t reference_count;
};

// False: there is no text under "schema".
bool answer_schema(const struct answer *answer, struct answer_schema *out);

// False: there is no "id" in 0 .. 2^32 - 1.
bool answer_id(const struct answer *answer, uint32_t *id);

#endif
