// SPDX-License-Identifier: Apache-2.0
// JSON written member by member, commas put in. Once something does not fit the buffer's maximum
// nothing more is written, and `failed` stays set.
#ifndef WIRE_JSON_OUT_H
#define WIRE_JSON_OUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

struct json_out {
    struct buffer *buffer;
    bool failed;
    bool more; // something stands in front: a comma comes first
};

static inline struct json_out json_out_to(struct buffer *buffer)
{
    return (struct json_out){.buffer = buffer};
}

// Within an object `name` is the member's name; NULL within an array and at the top.
void json_out_object(struct json_out *out, const char *name);
void json_out_object_end(struct json_out *out);
void json_out_array(struct json_out *out, const char *name);
void json_out_array_end(struct json_out *out);
void json_out_integer(struct json_out *out, const char *name, int64_t value);
// `known` false: null.
void json_out_integer_if(struct json_out *out, const char *name, bool known, int64_t value);
void json_out_count(struct json_out *out, const char *name, uint64_t value);
void json_out_real(struct json_out *out, const char *name, double value); // not finite: null
void json_out_truth(struct json_out *out, const char *name, bool value);
void json_out_null(struct json_out *out, const char *name);
void json_out_text(struct json_out *out, const char *name, const char *value);

#endif
