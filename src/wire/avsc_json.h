// SPDX-License-Identifier: Apache-2.0
// The attributes of a schema's JSON objects. Numbers are expected to be parsed as reals, so that
// none is too large for the parser.
#ifndef WIRE_AVSC_JSON_H
#define WIRE_AVSC_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "wire/avsc.h"

// An attribute that is text without NULs, borrowed from the object; NULL otherwise.
const char *avsc_text(const json_t *object, const char *name);

// An attribute that is a whole number within least .. most; false otherwise.
bool avsc_number(const json_t *object, const char *name, double least, double most, int64_t *out);

// Sets the type's logical type and scale, where the specification lets them stand on its kind.
void avsc_logical(const json_t *json, struct avsc_type *type);

#endif
