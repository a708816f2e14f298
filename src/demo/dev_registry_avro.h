// SPDX-License-Identifier: Apache-2.0
// Avro schemas as the development registry needs them: the canonical text, a validity check, and
// a form with every name in full, on which compatibility is decided. Small on purpose: defaults
// and logical types are not checked.
#ifndef DEMO_DEV_REGISTRY_AVRO_H
#define DEMO_DEV_REGISTRY_AVRO_H

#include <jansson.h>
#include <stdbool.h>

enum { DEV_AVRO_DEPTH_MAX = 64, DEV_AVRO_WHY_MAX = 256 };

// A resolved schema. `root` and the types inside are one of
//   "int"                       a primitive type
//   "com.example.Purchase"      a named type, defined in `names`
//   [TYPE, ...]                 a union
//   {"type":"array","items":TYPE}, {"type":"map","values":TYPE}
// `names` maps a full name to its definition: {"type":"record","fields":[{"name","type",
// "aliases", "default" if there is one}],"aliases"}, {"type":"enum","symbols","default"} or
// {"type":"fixed","size"}.
struct dev_avro {
    json_t *root;
    json_t *names;
};

// Parses `text`. NULL: not JSON; `why` (DEV_AVRO_WHY_MAX bytes) then says where.
json_t *dev_avro_json(const char *text, char *why);

// The text that a registry serves: keys sorted, no whitespace. The caller frees it.
char *dev_avro_canonical(const json_t *schema);

// False: not an Avro schema, and `why` (DEV_AVRO_WHY_MAX bytes) says what is wrong. On success the
// caller releases *out.
bool dev_avro_resolve(const json_t *schema, struct dev_avro *out, char *why);
void dev_avro_release(struct dev_avro *avro);

// True for the eight primitive types' names.
bool dev_avro_primitive(const char *name);

#endif
