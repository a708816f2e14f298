// SPDX-License-Identifier: Apache-2.0
// A single JSON value as an Avro value that holds no others: the leaves of json_avro.
#ifndef WIRE_JSON_SCALAR_H
#define WIRE_JSON_SCALAR_H

#include "wire/avsc.h"
#include "wire/tree.h"

// Appends the value in Avro's encoding. NULL, or a static sentence: why it cannot be one of the
// type (a null, boolean, number, bytes, string, fixed or enum), or that the buffer is full; nothing
// is appended then.
const char *json_scalar_append(const struct avsc *avsc, const struct avsc_type *type,
                               const struct tree_node *node, struct buffer *out);

// True when the value is one of the type. `plainly`: and the JSON looks like it: 5 is an int but
// not a double, 5.0 the other way round; a text is a string, but no bytes and no time.
bool json_scalar_fits(const struct avsc *avsc, const struct avsc_type *type,
                      const struct tree_node *node, bool plainly);

#endif
